/** Which daemon a command talks to (SPEC 9), found from options, environment and owner files; nobody is asked. */
import { accessSync, constants, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import {
  defaultSocketPath,
  defaultStateDirectory,
  type OwnerFile,
  parseOwnerFile,
  type PathContext,
  runtimeDirectory,
} from '@procman/protocol/paths';
import { statFields } from '@procman/daemon/effects/stat-fields';
import { clientExit } from '@procman/protocol/exit-codes';
import { Failure } from './failure.ts';

/** What was given on the command line. */
export interface Wish {
  readonly socket?: string | undefined;
  readonly uid?: string | undefined;
  /** The uid of this configuration file; read by the caller. */
  readonly configUid?: { readonly file: string; readonly uid: string } | undefined;
}

export interface Surroundings extends PathContext {
  /** `/proc`. */
  readonly proc: string;
  /** Root's runtime folder. */
  readonly rootRuntime: string;
}

/** Where the daemon listens, and how to call it in messages. */
export interface Target {
  readonly socket: string;
  /** `uid "abc"`, `socket /run/...`. */
  readonly label: string;
}

export interface FoundDaemon {
  readonly owner: OwnerFile;
  /** Its process lives: pid, start time and boot are those of the file. */
  readonly isLive: boolean;
}

/** Throws Failure: exit 5 where there is none, 2 where there are several to choose from. */
export function findDaemon(wish: Wish, around: Surroundings): Target {
  if (wish.socket !== undefined) return { socket: wish.socket, label: `socket ${wish.socket}` };
  if (wish.configUid)
    return findUid(wish.configUid.uid, `uid "${wish.configUid.uid}" (${wish.configUid.file})`, around);
  if (wish.uid !== undefined) return findUid(wish.uid, `uid "${wish.uid}"`, around);
  const fromEnvironment = around.env.PROCMAN_SOCKET;
  if (fromEnvironment) return { socket: fromEnvironment, label: `socket ${fromEnvironment} (PROCMAN_SOCKET)` };
  return findOnly(around);
}

function findUid(uid: string, label: string, around: Surroundings): Target {
  const live = listDaemons(around).find(({ owner, isLive }) => isLive && owner.uid === uid);
  if (live) return { socket: live.owner.socket, label };
  // A daemon of another pid namespace cannot be seen in /proc, but its socket can.
  const usual = defaultSocketPath(uid, defaultStateDirectory(uid, around), around);
  if (existsSync(usual)) return { socket: usual, label };
  throw noDaemon(label, around);
}

function findOnly(around: Surroundings): Target {
  const live = runtimeFolders(around)
    .map((folder) => readFolder(folder, around).filter(({ isLive }) => isLive))
    .map((found, at) => (at === 0 ? found : found.filter(({ owner }) => isOpen(owner.socket))))
    .find((found) => found.length > 0);
  const [only, ...others] = live ?? [];
  if (!only) throw noDaemon('this user', around);
  if (others.length > 0) throw severalDaemons([only, ...others]);
  return { socket: only.owner.socket, label: `uid "${only.owner.uid}"` };
}

/** All daemons that left an owner file: this user's, then root's. */
export function listDaemons(around: Surroundings): FoundDaemon[] {
  return runtimeFolders(around).flatMap((folder) => readFolder(folder, around));
}

/** Where owner files lie: this user's folder, then root's. */
export function runtimeFolders(around: Surroundings): string[] {
  const own = around.euid === 0 ? around.rootRuntime : runtimeDirectory(around);
  return own === around.rootRuntime ? [own] : [own, around.rootRuntime];
}

function readFolder(folder: string, around: Surroundings): FoundDaemon[] {
  return ownerFiles(folder, around).flatMap((file) => {
    const owner = parseOwnerFile(textOf(file) ?? '');
    return owner ? [{ owner, isLive: isLive(owner, around.proc) }] : [];
  });
}

/** Only from a folder that root or we own: below /tmp anybody could have made it, to lead us to his socket. */
function ownerFiles(folder: string, around: Surroundings): string[] {
  try {
    const { uid } = statSync(folder);
    if (uid !== 0 && uid !== around.euid) return [];
    const names = readdirSync(folder).filter((name) => name.endsWith('.json') && !name.startsWith('.'));
    return names.sort().map((name) => `${folder}/${name}`);
  } catch {
    return [];
  }
}

function isLive(owner: OwnerFile, proc: string): boolean {
  if (textOf(`${proc}/sys/kernel/random/boot_id`)?.trim() !== owner.bootId) return false;
  return startTicksOf(owner.pid, proc) === owner.startTicks;
}

/** Clock ticks since boot; undefined where there is no such process, or only what its parent has not taken note of yet. */
export function startTicksOf(pid: number, proc: string): number | undefined {
  const stat = textOf(`${proc}/${pid}/stat`);
  if (stat === undefined) return undefined;
  const fields = statFields(stat);
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : Number(fields[19]);
}

/** By its command line: another pid namespace may have given its pid to somebody else here. */
export function isProcmand(pid: number, proc: string): boolean {
  const words = (textOf(`${proc}/${pid}/cmdline`) ?? '').split('\0');
  return words.some((word) => /(^|\/)procmand(\.cjs)?$/.test(word));
}

/**
 * Whether a daemon serves as PID 1 of a container (daemon/src/container.ts): its end is that of everything in there, also of whoever
 * would wait for it in there. `false` where that cannot be seen.
 */
export function endsContainer(pid: number, proc: string): boolean {
  const isChildOfInit = /^PPid:\s*1$/m.test(textOf(`${proc}/${pid}/status`) ?? '');
  const environment = textOf(`${proc}/${pid}/environ`) ?? '';
  return isChildOfInit && environment.split('\0').some((line) => line.startsWith('PROCMAND_PID1='));
}

const isOpen = (socket: string): boolean => refusal(socket) === undefined;

/** Its daemon may live and answer, but not to this user. */
export const isClosedToUs = (socket: string): boolean => refusal(socket) === 'EACCES';

function refusal(socket: string): string | undefined {
  try {
    accessSync(socket, constants.R_OK | constants.W_OK);
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code ?? 'unknown';
  }
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function noDaemon(label: string, around: Surroundings): Failure {
  const looked = runtimeFolders(around).join(' and ');
  return new Failure(
    `no daemon is running for ${label} (looked in ${looked}); start one with "procmand run FILE", or name its socket with -s`,
    { exitCode: clientExit.unreachable, code: 'no-daemon' },
  );
}

function severalDaemons(found: readonly FoundDaemon[]): Failure {
  const daemons = found.map(({ owner: { uid, config, socket } }) => ({ uid, config, socket }));
  const lines = daemons.map(({ uid, config, socket }) => `  -u ${uid}   config ${config}   socket ${socket}`);
  return new Failure(`several daemons are running; choose one:\n${lines.join('\n')}`, {
    exitCode: clientExit.usage,
    code: 'several-daemons',
    data: { daemons },
  });
}

/** The uid at the top of a configuration file, without a TOML parser; undefined where it is not written plainly. */
export function plainUid(toml: string): string | undefined {
  const top = toml.split(/^\s*\[/m, 1)[0] ?? '';
  const match = /^[ \t]*uid[ \t]*=[ \t]*(?:"([A-Za-z0-9._-]+)"|'([A-Za-z0-9._-]+)')[ \t]*(?:#.*)?\r?$/m.exec(top);
  return match?.[1] ?? match?.[2];
}
