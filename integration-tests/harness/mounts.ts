/** Small file systems of a test: full or read-only disks. Root ignores permissions, so nothing less will do. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';

function run(command: string, ...args: string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status === 0) return;
  const why = error?.message ?? stderr.trim();
  throw new Error(`this test needs root and the right to mount: "${command} ${args.join(' ')}" failed: ${why}`);
}

/** @param size - as mount takes it: `1m` */
export function mountTmpfs(directory: string, size: string): void {
  mkdirSync(directory, { recursive: true });
  run('mount', '-t', 'tmpfs', '-o', `size=${size},mode=0700`, 'tmpfs', directory);
}

/** Nobody can write there any more, root neither; what has been opened for writing would stand in the way. */
export function mountReadOnly(directory: string): void {
  for (let tries = 1; ; tries += 1) {
    run('mount', '--bind', directory, directory);
    try {
      run('mount', '-o', 'remount,bind,ro', directory);
      return;
    } catch (error) {
      // Refused as long as anything is open for writing that was opened between the two steps, which may be for good (a lock, a database):
      // that stays on the mount that is given up, and the next one begins without it.
      unmount(directory);
      if (tries === READ_ONLY_TRIES) throw error;
    }
  }
}

/** The gap between the two steps is a few milliseconds. */
const READ_ONLY_TRIES = 50;

/** One file in place of another, as with a file on a disk of its own; both exist. */
export function mountFile(source: string, target: string): void {
  run('mount', '--bind', source, target);
}

export function unmount(directory: string): void {
  run('umount', '--lazy', directory);
}

/** Whatever a test left mounted. */
export function unmountBelow(directory: string): void {
  const points = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '');
  for (const point of points.filter((path) => path.startsWith(`${directory}/`)).reverse()) unmount(point);
}
