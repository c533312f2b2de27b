import { figure, launchers, memory, onGround, pause, sleepers } from '../harness.mjs';

export const about = "memory of the daemon, and of its services' launchers (PSS), beside an idle Node process";

const IDLE = ['-e', 'setInterval(() => {}, 1e9)'];

export async function run() {
  const measured = new Map();
  for (const count of [10, 200, 1000]) measured.set(count, await onGround((ground) => measure(ground, count)));
  const rows = [...measured].map(([count, { daemon, idle }]) => {
    const limit = count === 200 ? { ratio: 1.5 } : undefined;
    return figure(`memory, ${count}`, {
      ours: daemon / 1024,
      unit: 'MiB',
      beside: 'idle Node',
      floor: idle / 1024,
      limit,
    });
  });
  const further = (measured.get(1000).daemon - measured.get(200).daemon) / 800;
  rows.push(figure('memory per further service', { ours: further, unit: 'KiB', limit: { value: 15 } }));
  const each = measured.get(1000).launchers / 1000;
  rows.push(figure('memory per launcher', { ours: each, unit: 'KiB', limit: { value: 120 } }));
  return rows;
}

async function measure(ground, count) {
  const daemon = ground.daemon(sleepers(count));
  daemon.start();
  const idle = ground.spawn(process.execPath, IDLE);
  await daemon.untilRunning();
  await pause(12_000);
  const all = launchers(ground.uid)
    .map((pid) => memory(pid))
    .filter((each) => each > 0);
  const [ours, theirs] = [daemon.pid, idle.pid].map((pid) => memory(pid, { alone: true }));
  return { daemon: ours, idle: theirs, launchers: all.reduce((sum, each) => sum + each, 0) };
}
