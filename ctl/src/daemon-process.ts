/** The process behind the socket: who it is, and when it has gone. */
import { setTimeout as pause } from 'node:timers/promises';
import { isProcmand, listDaemons, startTicksOf, type Surroundings } from './find-daemon.ts';

export interface DaemonProcess {
  readonly pid: number;
  /** With the pid its identity: clock ticks since boot. */
  readonly startTicks: number;
}

/** @param told - as the daemon calls itself. @returns undefined where its process cannot be seen from here, as that of a container */
export function processOf(
  told: { readonly pid: number; readonly uid: string },
  around: Surroundings,
): DaemonProcess | undefined {
  const found = listDaemons(around).find(({ owner, isLive }) => {
    return isLive && owner.uid === told.uid && owner.pid === told.pid;
  });
  if (found) return { pid: told.pid, startTicks: found.owner.startTicks };
  const startTicks = startTicksOf(told.pid, around.proc);
  return startTicks !== undefined && isProcmand(told.pid, around.proc) ? { pid: told.pid, startTicks } : undefined;
}

/** Nobody but its parent is told of the end of a process: it is looked for. */
const LOOK_AGAIN_MS = 10;

/** @returns whether it has gone within so many milliseconds */
export async function untilGone({ pid, startTicks }: DaemonProcess, proc: string, limitMs: number): Promise<boolean> {
  const until = performance.now() + limitMs;
  while (startTicksOf(pid, proc) === startTicks) {
    if (performance.now() > until) return false;
    await pause(LOOK_AGAIN_MS);
  }
  return true;
}
