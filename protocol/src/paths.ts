/** Where a daemon's socket, state and owner file are (SPEC 2.1 and 6): found by the client without asking anybody. */
import { stateFile } from './state-files.ts';

/** Who asks: effective user id and environment. */
export interface PathContext {
  readonly euid: number;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** `sun_path` holds 108 bytes with the closing NUL (unix(7)); Node cuts a longer path without a word. */
export const maxSocketPathBytes = 107;

/** Folder of sockets and owner files. Root: 0755; else 0700, and its owner has to be checked. */
export function runtimeDirectory(context: PathContext): string {
  if (context.euid === 0) return '/run/procman';
  const base = absolute(context.env['XDG_RUNTIME_DIR']);
  return base === undefined ? temporaryDirectory(context) : `${base}/procman`;
}

/** State folder of a configuration that names none. */
export function defaultStateDirectory(uid: string, context: PathContext): string {
  if (context.euid === 0) return `/var/lib/procman/${uid}`;
  const home = absolute(context.env['HOME']) ?? '/';
  const base = absolute(context.env['XDG_STATE_HOME']) ?? joined(home, '.local/state');
  return `${base}/procman/${uid}`;
}

/** Socket of a configuration that names none. */
export function defaultSocketPath(uid: string, stateDirectory: string, context: PathContext): string {
  const hasRuntime = context.euid === 0 || absolute(context.env['XDG_RUNTIME_DIR']) !== undefined;
  const wished = hasRuntime ? `${runtimeDirectory(context)}/${uid}.sock` : stateFile(stateDirectory, 'socket');
  return isSocketPathTooLong(wished) ? `${temporaryDirectory(context)}/${uid}.sock` : wished;
}

/** Whether the kernel has no room for this path. */
export function isSocketPathTooLong(path: string): boolean {
  return new TextEncoder().encode(path).length > maxSocketPathBytes;
}

/** The file that says which daemon serves a uid; kept after a crash. */
export function ownerFilePath(uid: string, context: PathContext): string {
  return `${runtimeDirectory(context)}/${uid}.json`;
}

/** Content of the owner file. */
export interface OwnerFile {
  readonly version: 1;
  readonly uid: string;
  /** With `startTicks`, `bootId` and `pidNamespace`: the daemon's identity. */
  readonly pid: number;
  /** Field 22 of /proc/PID/stat: clock ticks since boot. */
  readonly startTicks: number;
  readonly bootId: string;
  /** `pid:[4026531836]`. */
  readonly pidNamespace: string;
  /** Absolute path of the control socket. */
  readonly socket: string;
  /** Absolute path of the state folder. */
  readonly stateDir: string;
  /** Absolute path of the configuration file. */
  readonly config: string;
  /** ISO 8601. */
  readonly startedAt: string;
  /** Version of procman. */
  readonly procman: string;
  /** Absolute path of the daemon's own log; absent where that is in no file. */
  readonly log?: string;
}

const ownerTexts = ['uid', 'bootId', 'pidNamespace', 'socket', 'stateDir', 'config', 'startedAt', 'procman'] as const;
const ownerNumbers = ['pid', 'startTicks'] as const;

/** Reads an owner file's text; `undefined` where it is none (cut off, another version, not ours). Checked by hand: no zod in the client. */
export function parseOwnerFile(text: string): OwnerFile | undefined {
  const value = parsedObject(text);
  if (value?.['version'] !== 1) return undefined;
  if (!ownerTexts.every((key) => isText(value[key]))) return undefined;
  if (!ownerNumbers.every((key) => isCount(value[key])) || value['pid'] === 0) return undefined;
  const picked = Object.fromEntries([...ownerTexts, ...ownerNumbers].map((key) => [key, value[key]]));
  const log = isText(value['log']) ? { log: value['log'] } : {};
  return { version: 1, ...picked, ...log } as unknown as OwnerFile;
}

function parsedObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** The XDG base directory specification: a relative path is invalid and is to be ignored. */
function absolute(path: string | undefined): string | undefined {
  if (path?.startsWith('/') !== true) return undefined;
  return path.replace(/\/+$/, '') || '/';
}

function joined(folder: string, name: string): string {
  return folder === '/' ? `/${name}` : `${folder}/${name}`;
}

/** Folder of last resort; anybody may have made it before us, so its owner has to be checked. */
export function temporaryDirectory(context: PathContext): string {
  return `/tmp/procman-${context.euid}`;
}
