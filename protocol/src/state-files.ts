/**
 * What procman puts into a state folder, each name once. Whoever writes a file there takes its name from here: so the command that
 * removes old folders knows it for procman's own, and keeps what a person has laid beside it.
 */

/** Names in the folder. */
export const stateFiles = {
  /** flock of the living daemon; beside it, with `.lock`, the sign for other tools. */
  lock: 'procmand.lock',
  /** Who serves this folder. */
  owner: 'daemon.json',
  /** Where a daemon that is no root's has no other place for it. */
  socket: 'procmand.sock',
  /** The daemon's own, with `--daemonize`; earlier ones have a number behind. */
  log: 'procmand.log',
  /** The configuration applied last. */
  lastConfig: 'config.last.toml',
  instances: 'instances',
  runs: 'runs',
  /** Services' output. */
  logs: 'logs',
  /** The `auto` logs that were ever asked for. */
  autoLogs: 'auto-logs',
  /** The history, and the numbers given out. */
  events: 'events.db',
  sequence: 'events.seq',
  /** What people were told. */
  notify: 'notify.json',
  /** How far the services' output was copied to stdout. */
  stream: 'stream.json',
} as const;

export type StateFile = keyof typeof stateFiles;

/** @param folder - the state folder */
export const stateFile = (folder: string, file: StateFile): string => `${folder}/${stateFiles[file]}`;

/** What SQLite has beside a database (https://sqlite.org/tempfiles.html). */
export const DATABASE_PARTS = ['', '-wal', '-shm', '-journal'] as const;

/** What `restore` found in its way. @param stamp - of `replacedStamp` */
export const replacedFolder = (stamp: string): string => `replaced-${stamp}`;
export const replacedStamp = (now: Date): string => now.toISOString().replace(/[:.]/g, '-');

/** A draft, the one before, and what could not be read and was set aside, with its time. */
const BESIDE = /^(.+?)(?:(?:\.\d+)?\.new|\.prev|\.broken-\d{4}-\d\d-\d\dT\d{6}\.\d{3}Z)$/;
const REPLACED = /^replaced-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z$/;
/** Of a socket with a long name, until it has that. */
const SOCKET_DRAFT = /^\.procman\.\d+$/;

const OWN: ReadonlySet<string> = new Set([
  ...Object.values(stateFiles),
  `${stateFiles.lock}.lock`,
  ...DATABASE_PARTS.map((part) => `${stateFiles.events}${part}`),
]);

/** Whether procman puts something of this name into a state folder. */
export function isStateFile(name: string): boolean {
  if (OWN.has(name) || REPLACED.test(name) || SOCKET_DRAFT.test(name)) return true;
  const [, numbered] = /^(.+)\.\d+$/.exec(name) ?? [];
  if (numbered === stateFiles.log || numbered === stateFiles.socket) return true;
  const database = DATABASE_PARTS.find((part) => part !== '' && name.endsWith(part)) ?? '';
  const [, original] = BESIDE.exec(name.slice(0, name.length - database.length)) ?? [];
  return original !== undefined && OWN.has(original) && (database === '' || original === stateFiles.events);
}
