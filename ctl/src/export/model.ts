/** What is exported, and into what. */
import type { ProcessVersion, WallTime } from '@procman/daemon/core/model';
import type { Effective } from '@procman/daemon/core/schedule';

export type Scope = 'system' | 'user';

export interface ExportOptions {
  /** Versions that are in effect then. */
  readonly at: WallTime;
  /** For the system's manager, or for that of a user. */
  readonly scope: Scope;
  /** Put before the names of all units. */
  readonly prefix: string;
  /** Absolute: where the files will lie; undefined: where units of this scope usually do. */
  readonly folder?: string;
  /** Who the daemon's own user is, where that is not root: system units have to name him. */
  readonly owner?: string;
  /** A program's path, looked up in a PATH; undefined where it is not there. */
  readonly findProgram: (name: string, path: string) => string | undefined;
  /** The PATH that services inherit where their environment has none. */
  readonly searchPath: string;
}

export interface ExportedFile {
  /** Without a folder. */
  readonly name: string;
  readonly text: string;
  /** Permissions: secrets are for the owner alone. */
  readonly mode: 0o600 | 0o644;
}

export interface Exported {
  readonly files: readonly ExportedFile[];
  /** What no file could be made for, and what else has to be known; for people. */
  readonly notes: readonly string[];
}

/** An instance on its way to its units. */
export interface Subject {
  readonly version: ProcessVersion;
  readonly effective: Effective;
  readonly num: number;
  /** `worker_00`. */
  readonly instance: string;
  /** Of its service, without `.service`. */
  readonly unit: string;
  readonly options: ExportOptions;
}

/** Lines of a unit file's sections. */
export interface Lines {
  readonly unit?: readonly string[];
  readonly service?: readonly string[];
}

/** Stands for the place of the pid file until all escaping is done: its `%t` is a specifier, and has to stay one. */
export const PID_FILE = '\uFDD2';

export const pidFolder = (unit: string): string => `procman-${unit}`;

export function pidFile(unit: string): string {
  return `%t/${pidFolder(unit)}/main.pid`;
}

/** How systemd follows the process: what cannot be followed is only started and stopped. */
export function isFollowed({ command }: ProcessVersion): boolean {
  return command.type !== 'podman-cid' && command.type !== 'external';
}
