/**
 * Life under `bin/procmand` as PID 1 of a container: that is a shell which starts the daemon again when it dies, so it has to be
 * told which end is meant, and from when on signals are listened to.
 */
import type { DaemonTable } from './config/load.ts';

/** Added to an exit code that is meant: Node's own for a crash are below. The wrapper takes it off again. */
const MEANT = 40;

const { PROCMAND_PID1 } = process.env;

/** The wrapper is PID 1, and this process its child. */
export const isInContainer = PROCMAND_PID1 !== undefined && process.ppid === 1;

/** It was started again after an accident. */
export const isStartedAgain = isInContainer && PROCMAND_PID1 === 'again';

/** What this process has to exit with. */
export function finalCode(code: number): number {
  return isInContainer ? MEANT + code : code;
}

/** From now on signals are listened to: the wrapper passes on those that it has kept. */
export function tellReady(): void {
  if (isInContainer) process.kill(process.ppid, 'SIGURG');
}

/** Defaults of a daemon that is all there is in its container: with it everything ends, and its output is what people look at. */
export function withContainerDefaults(daemon: DaemonTable, inContainer = isInContainer): DaemonTable {
  if (!inContainer) return daemon;
  return {
    ...daemon,
    onExit: daemon.onExitGiven ? daemon.onExit : 'stop',
    stream: daemon.streamGiven ? daemon.stream : true,
  };
}
