/** What `doctor` examines: a machine, and where they are known a configuration, its state and its daemon. */
import type { OwnerFile } from '@procman/protocol/paths';
import type { DaemonView, Row } from '@procman/protocol/views';
import type { ConfigFacts } from './config-facts.ts';
import type { Machine } from './machine.ts';

/** What a daemon that answers has told. */
export interface Answers {
  readonly daemon: DaemonView;
  readonly rows: readonly Row[];
  /** Why the history cannot be read; undefined: it can. */
  readonly eventsTrouble?: string | undefined;
}

export interface Subject {
  readonly machine: Machine;
  readonly config?: ConfigFacts | undefined;
  /** Who served this uid last, and whether its process lives. */
  readonly owner?: { readonly file: OwnerFile; readonly isLive: boolean } | undefined;
  readonly answers?: Answers | undefined;
  /** Why the daemon was not asked, or did not answer. */
  readonly silence?: string | undefined;
  /** Other daemons of this user that serve the same configuration file under another uid. */
  readonly twins: readonly OwnerFile[];
}

export interface Finding {
  readonly status: 'ok' | 'warning' | 'problem' | 'skipped';
  readonly message: string;
  readonly mend?: string;
}

export interface Check {
  readonly id: string;
  readonly look: (subject: Subject) => Finding;
}

export const ok = (message: string): Finding => ({ status: 'ok', message });
export const skipped = (message: string): Finding => ({ status: 'skipped', message });
export const warning = (message: string, mend: string): Finding => ({ status: 'warning', message, mend });
export const problem = (message: string, mend: string): Finding => ({ status: 'problem', message, mend });

/** The pid of the daemon, where it lives in the /proc that we see. */
export function daemonPid({ owner, answers }: Subject): number | undefined {
  return answers?.daemon.pid ?? (owner?.isLive === true ? owner.file.pid : undefined);
}

/** The daemon's user: of its process, else of its state, else the one who asks. */
export function daemonUser(subject: Subject): number {
  const { machine } = subject;
  const pid = daemonPid(subject);
  const state = stateDirOf(subject);
  const process = pid === undefined ? undefined : machine.stat(`/proc/${pid}`);
  return process?.uid ?? (state === undefined ? undefined : machine.stat(state)?.uid) ?? machine.euid;
}

/** What a living daemon uses wins over what the file says: it may have been started with flags. */
export function stateDirOf({ owner, config }: Subject): string | undefined {
  return owner?.isLive === true ? owner.file.stateDir : (config?.facts?.stateDir ?? owner?.file.stateDir);
}

export function socketOf({ owner, config }: Subject): string | undefined {
  return owner?.isLive === true ? owner.file.socket : (config?.facts?.socket ?? owner?.file.socket);
}

export function configPathOf({ owner, config }: Subject): string | undefined {
  return config?.path ?? owner?.file.config;
}

/** A few names, and how many more there are. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ');
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}

export function hasParent(path: string, folder: string): boolean {
  return path.startsWith(`${folder}/`);
}
