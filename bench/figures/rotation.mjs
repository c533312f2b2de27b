import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { figure, median, onGround } from '../harness.mjs';

export const about =
  "a service's output while its log is rotated, beside the same program with >> file; the daemon's event loop";

const PRELOAD = new URL('../loop-delay.mjs', import.meta.url).href;

export async function run({ isQuick }) {
  const mebibytes = isQuick ? 256 : 1024;
  return onGround(async (ground) => {
    const pipe = ground.announcements('pipe');
    const log = join(ground.home, 'service.log');
    const direct = join(ground.home, 'direct.log');
    // Lines of 128 bytes.
    const program = `BEGIN { for (i = 0; i < ${mebibytes * 8192}; i++) printf "%010d ${'x'.repeat(116)}\\n", i }`;
    const line = `echo begin >${pipe.path}; awk '${program}'; echo end >${pipe.path}; sleep 0.3`;
    const delay = join(ground.home, 'delay');
    const daemon = ground.daemon([
      {
        id: 'writer', command: line, autorestart: 'never', autostart: false, 'stdout-log': log, 'stderr-log': 'none',
        'log-max-bytes': '32MB', 'log-backups': 2,
      },
    ]); // prettier-ignore
    process.env.NODE_OPTIONS = `--import=${PRELOAD}`;
    process.env.LOOP_DELAY = delay;
    daemon.start();
    delete process.env.NODE_OPTIONS;
    delete process.env.LOOP_DELAY;
    await daemon.until('ping', () => true);
    const ours = [];
    const floor = [];
    for (let round = 0; round < (isQuick ? 3 : 5); round += 1) {
      const started = daemon.call('start', { names: ['writer'], force: true });
      const begin = await pipe.next();
      await started;
      // Only while it writes: a launch and an end write state files, which wait for the disk.
      writeFileSync(`${delay}.begin`, '');
      ours.push((await pipe.next()).at - begin.at);
      rmSync(`${delay}.begin`);
      await daemon.until('status', ({ processes: [writer] }) => writer.state === 'EXITED');
      const shell = ground.spawn('/bin/sh', ['-c', `{ ${line}; } >>${direct}`]);
      floor.push(await writing(pipe));
      await shell.ended;
      rmSync(direct);
    }
    if (!readdirSync(ground.home).includes('service.log.2')) throw new Error('nothing was rotated');
    const result = { ours: median(ours), unit: 'ms', beside: '>> file', floor: median(floor), limit: { ratio: 1.1 } };
    const longest = { ours: Number(readFileSync(delay, 'utf8')), unit: 'ms', limit: { value: 20 } };
    return [figure(`output while rotating, ${mebibytes} MiB`, result), figure('event loop while rotating', longest)];
  });
}

async function writing(pipe) {
  const begin = await pipe.next();
  const end = await pipe.next();
  return end.at - begin.at;
}
