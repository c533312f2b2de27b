import { announcing, figure, median, onGround } from '../harness.mjs';

export const about = '200 services, from the start of the daemon until each has begun';

const COUNT = 200;

export async function run({ isQuick }) {
  const ours = [];
  const floor = [];
  for (let round = 0; round < (isQuick ? 1 : 5); round += 1) {
    ours.push(await onGround(startAll));
    floor.push(await onGround(spawnAll));
  }
  const result = { ours: median(ours), unit: 'ms', beside: 'node floor', floor: median(floor), limit: { ratio: 3 } };
  return [figure(`start of ${COUNT}`, result)];
}

async function startAll(ground) {
  const pipe = ground.announcements('pipe');
  const daemon = ground.daemon([{ id: 'service', command: announcing(pipe.path), numprocs: COUNT }]);
  const begin = performance.now();
  daemon.start();
  return (await daemon.unlessEnded(pipe.take(COUNT))).at - begin;
}

async function spawnAll(ground) {
  const pipe = ground.announcements('pipe');
  const begin = performance.now();
  ground.floor(COUNT, announcing(pipe.path));
  return (await pipe.take(COUNT)).at - begin;
}
