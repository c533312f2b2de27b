/** Exit codes of both commands (SPEC 8 and 9): scripts rely on them. */

export const daemonExit = {
  ok: 0,
  failure: 1,
  usage: 2,
  /** The configuration is missing, unreadable or invalid. */
  config: 6,
} as const;
export type DaemonExitCode = (typeof daemonExit)[keyof typeof daemonExit];

export const clientExit = {
  ok: 0,
  /** The operation failed for some target. */
  failure: 1,
  usage: 2,
  /** `status`: a problem somewhere. */
  problem: 3,
  unknownName: 4,
  /** No daemon reachable. */
  unreachable: 5,
  /** The configuration is invalid. */
  config: 6,
} as const;
export type ClientExitCode = (typeof clientExit)[keyof typeof clientExit];
