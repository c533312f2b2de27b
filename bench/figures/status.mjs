import { figure, median, onGround, procmanctl, sleepers, timeOf } from '../harness.mjs';

export const about = 'procmanctl status, beside node -e 0';

const ROUNDS = 30;

export async function run() {
  const rows = [];
  for (const count of [10, 200]) rows.push(await onGround((ground) => statusTime(ground, count)));
  return rows;
}

async function statusTime(ground, count) {
  const daemon = ground.daemon(sleepers(count));
  daemon.start();
  await daemon.untilRunning();
  const ours = [];
  const floor = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    ours.push(timeOf(process.execPath, [procmanctl, '-s', daemon.socket, 'status']));
    floor.push(timeOf(process.execPath, ['-e', '0']));
  }
  const result = { ours: median(ours), unit: 'ms', beside: 'node -e 0', floor: median(floor), limit: { ratio: 1.3 } };
  return figure(`status, ${count}`, result);
}
