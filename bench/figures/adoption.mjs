import { figure, median, onGround, sleepers } from '../harness.mjs';

export const about = 'the daemon is killed with -9: from its next start until it answers with all services adopted';

export async function run({ isQuick }) {
  const rows = [];
  for (const count of [200, 1000]) rows.push(await onGround((ground) => adoption(ground, count, isQuick ? 1 : 5)));
  return rows;
}

async function adoption(ground, count, rounds) {
  const daemon = ground.daemon(sleepers(count));
  daemon.start();
  const before = pidsOf(await daemon.untilRunning());
  const times = [];
  for (let round = 0; round < rounds; round += 1) {
    await daemon.kill();
    const begin = performance.now();
    daemon.start();
    const status = await daemon.until('status', (now) => now.daemon.adopted === count, 2);
    times.push(performance.now() - begin);
    if (pidsOf(status) !== before) throw new Error('adoption: these are not the processes of before');
  }
  const limit = count === 1000 ? { value: 1000 } : undefined;
  return figure(`adoption of ${count}`, { ours: median(times), unit: 'ms', limit });
}

const pidsOf = ({ processes }) => processes.map(({ pid }) => pid).join();
