import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { figure, median, onGround } from '../harness.mjs';

export const about = "a service's output into its log, beside the same program with >> file";

export async function run({ isQuick }) {
  const mebibytes = isQuick ? 64 : 512;
  return onGround(async (ground) => {
    const pipe = ground.announcements('pipe');
    const log = join(ground.home, 'service.log');
    const direct = join(ground.home, 'direct.log');
    const line = `echo begin >${pipe.path}; dd if=/dev/zero bs=4k count=${mebibytes * 256} 2>/dev/null; echo end >${pipe.path}`;
    const daemon = ground.daemon([
      { id: 'writer', command: line, 'one-shot': true, autostart: false, 'stdout-log': log, 'stderr-log': 'none' },
    ]);
    daemon.start();
    await daemon.until('ping', () => true);
    const ours = [];
    const floor = [];
    for (let round = 0; round < (isQuick ? 3 : 7); round += 1) {
      const started = daemon.call('start', { names: ['writer'], force: true });
      ours.push(await writing(pipe));
      await started;
      rmSync(log);
      const shell = ground.spawn('/bin/sh', ['-c', `{ ${line}; } >>${direct}`]);
      floor.push(await writing(pipe));
      await shell.ended;
      rmSync(direct);
    }
    const result = { ours: median(ours), unit: 'ms', beside: '>> file', floor: median(floor), limit: { ratio: 1.1 } };
    return [figure(`output, ${mebibytes} MiB`, result)];
  });
}

async function writing(pipe) {
  const begin = await pipe.next();
  const end = await pipe.next();
  return end.at - begin.at;
}
