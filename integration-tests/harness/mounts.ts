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
  run('mount', '--bind', directory, directory);
  // Refused while anything that was opened since the first step is open for writing: a moment later it is not.
  for (let tries = 1; ; tries += 1) {
    try {
      run('mount', '-o', 'remount,bind,ro', directory);
      return;
    } catch (error) {
      if (tries < READ_ONLY_TRIES) continue;
      unmount(directory);
      throw error;
    }
  }
}

/** Each takes a millisecond or more. */
const READ_ONLY_TRIES = 200;

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
