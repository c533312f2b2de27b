/** Catches launchers in the act, at a chosen step, without any hook in the product: /proc is looked at without a pause. */
import { LIMIT_MS } from './wait.ts';
import { allPids, markOf, processState, signal } from './processes.ts';
import type { World } from './world.ts';

/** Blocks the whole test until a launcher appears that was not known, and for so many microseconds more. */
export function catchLauncher(world: World, known: ReadonlySet<number>, delayMicroseconds = 0): number {
  const deadline = performance.now() + LIMIT_MS;
  while (performance.now() < deadline) {
    const pid = allPids().find(
      (candidate) => !known.has(candidate) && markOf(candidate, world.uid)?.kind === 'launcher',
    );
    if (pid === undefined) continue;
    const until = performance.now() + delayMicroseconds / 1000;
    while (performance.now() < until);
    return pid;
  }
  throw new Error('no launcher appeared');
}

/** The launcher and whatever of it has not become a service yet. */
export function launcherPids(world: World): number[] {
  return world.marked().flatMap(({ pid, kind }) => (kind === 'launcher' ? [pid] : []));
}

/** Stops processes where they are; they know nothing of it until `thaw`. */
export async function freeze(world: World, pids: readonly number[]): Promise<void> {
  for (const pid of pids) signal(pid, 'SIGSTOP');
  const isStill = (pid: number): boolean => ['T', 'Z', undefined].includes(processState(pid));
  await world.waitFor('the processes to freeze', () => pids.every(isStill));
}

export function thaw(pids: readonly number[]): void {
  for (const pid of pids) signal(pid, 'SIGCONT');
}
