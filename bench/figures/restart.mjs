import { announcing, figure, median, onGround } from '../harness.mjs';

export const about = 'kill -9 of a service until its next start';

export async function run({ isQuick }) {
  return onGround(async (ground) => {
    const rounds = isQuick ? 20 : 60;
    const pipe = ground.announcements('ours');
    const floorPipe = ground.announcements('theirs');
    const daemon = ground.daemon([{ id: 'service', command: announcing(pipe.path) }]);
    daemon.start();
    ground.floor(1, announcing(floorPipe.path));
    const ours = [];
    const floor = [];
    let service = (await daemon.unlessEnded(pipe.next())).line;
    let other = (await floorPipe.next()).line;
    for (let round = 0; round < rounds; round += 1) {
      // It has to be known as RUNNING: a service that dies in its first moments is a failed start, and waits.
      const pid = Number(service);
      await daemon.until('status', ({ processes: [row] }) => row.state === 'RUNNING' && row.pid === pid);
      [service, ours[round]] = await killAndWait(service, pipe);
      [other, floor[round]] = await killAndWait(other, floorPipe);
    }
    const result = { ours: median(ours), unit: 'ms', beside: 'node floor', floor: median(floor), limit: { ratio: 3 } };
    return [figure('restart after kill -9', result)];
  });
}

async function killAndWait(pid, pipe) {
  const begin = performance.now();
  process.kill(Number(pid), 'SIGKILL');
  const { line, at } = await pipe.next();
  return [line, at - begin];
}
