/** Catches launchers in the act, at a chosen step, without any hook in the product: /proc is looked at without a pause. */
import { LIMIT_MS } from './wait.ts';
import { allPids, markOf, processState, signal, type Marked } from './processes.ts';
import type { World } from './world.ts';

/** Blocks the whole test until a launcher of this service appears that was not known, and for so many microseconds more. */
export function catchLauncher(world: World, id: string, known: ReadonlySet<number>, delayMicroseconds: number): number {
  const isIts = (pid: number): boolean => !known.has(pid) && isLauncherOf(id, markOf(pid, world.uid));
  const deadline = performance.now() + LIMIT_MS;
  while (performance.now() < deadline) {
    const pid = allPids().find(isIts);
    if (pid === undefined) continue;
    const until = performance.now() + delayMicroseconds / 1000;
    while (performance.now() < until);
    return pid;
  }
  throw new Error(`no launcher of ${id} appeared`);
}

/** The launcher of a service, and whatever of it has not become the service yet. */
export function launcherPids(world: World, id: string): number[] {
  return world.marked().flatMap((process) => (isLauncherOf(id, process) ? [process.pid] : []));
}

function isLauncherOf(id: string, process: Marked | undefined): boolean {
  return process?.kind === 'launcher' && process.mark.split('/')[1] === `${id}~0`;
}

/** Stops processes where they are; they know nothing of it until `thaw`. (D: waits for a child that was frozen before its exec.) */
export async function freeze(world: World, pids: readonly number[]): Promise<void> {
  for (const pid of pids) signal(pid, 'SIGSTOP');
  const isStill = (pid: number): boolean => ['T', 'D', 'Z', undefined].includes(processState(pid));
  await world.waitFor('the processes to freeze', () => pids.every(isStill));
}

export function thaw(pids: readonly number[]): void {
  for (const pid of pids) signal(pid, 'SIGCONT');
}
