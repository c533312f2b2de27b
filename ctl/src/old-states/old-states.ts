/**
 * State folders that nobody needs any more: no daemon for 7 days, and nothing of it lives. All of that is proven, and while a folder
 * is removed its locks are held, so that no daemon begins in between.
 */
import { isStateFile, stateFile, stateFiles } from '@procman/protocol/state-files';
import * as fs from 'node:fs';
import { defaultStateDirectory, runtimeDirectory } from '@procman/protocol/paths';
import { dirname, join } from 'node:path';
import { listDaemons, type Surroundings } from '../find-daemon.ts';
import { formatTime } from '../text/time.ts';
import { printable } from '../text/width.ts';
import { isHeld, openLock } from './kernel-lock.ts';
import { namesIn, whatLives } from './live.ts';

export const OLD_MS = 7 * 86_400_000;

export interface StateFolder {
  readonly uid: string;
  readonly stateDir: string;
  /** Milliseconds since the epoch: the last sign of a daemon. */
  readonly lastRun: number;
  /** Why it stays; undefined: it may go. */
  readonly why?: string | undefined;
}

export interface Removal {
  readonly uid: string;
  readonly stateDir: string;
  /** What was there and is not procman's. */
  readonly left: readonly string[];
  /** What went wrong; undefined: nothing. */
  readonly failure?: string | undefined;
}

/** Which uid alone is meant, and where its configuration has its state. */
export interface Only {
  readonly uid: string;
  readonly stateDir?: string | undefined;
}

/** All state folders that can be found: at the usual place, and those that owner files or the configuration asked for name. */
export function findOldStates(around: Surroundings, now: number, only?: Only): StateFolder[] {
  const usual = dirname(defaultStateDirectory('x', around));
  const found = new Map<string, string>(only?.stateDir === undefined ? [] : [[only.stateDir, only.uid]]);
  for (const { owner } of listDaemons(around)) found.set(owner.stateDir, owner.uid);
  for (const uid of namesIn(usual)) if (!found.has(join(usual, uid))) found.set(join(usual, uid), uid);
  return [...found]
    .filter(([stateDir, uid]) => isState(stateDir) && (only === undefined || uid === only.uid))
    .map(([stateDir, uid]) => unlessLocked(judge({ stateDir, uid, around, now })))
    .sort((a, b) => (a.stateDir < b.stateDir ? -1 : 1));
}

interface Suspect {
  readonly stateDir: string;
  readonly uid: string;
  readonly around: Surroundings;
  readonly now: number;
}

function judge({ stateDir, uid, around, now }: Suspect): StateFolder {
  const lastRun = lastSign(stateDir);
  const days = Math.floor(OLD_MS / 86_400_000);
  const base = { uid, stateDir, lastRun };
  const owner = fs.lstatSync(stateDir).uid;
  if (around.euid !== 0 && owner !== around.euid) return { ...base, why: 'it belongs to another user' };
  const alive = whatLives(stateDir, uid, around);
  if (alive !== undefined) return { ...base, why: alive };
  // A clock that was set back would make everything look new: that errs on the safe side.
  return now - lastRun < OLD_MS ? { ...base, why: `its daemon ran within the last ${days} days` } : base;
}

/** A daemon of another pid namespace is seen by its lock alone. */
function unlessLocked(state: StateFolder): StateFolder {
  const isLocked = state.why === undefined && isHeld(stateFile(state.stateDir, 'lock'));
  return isLocked ? { ...state, why: 'a daemon holds its lock' } : state;
}

function isState(folder: string): boolean {
  try {
    return (
      fs.lstatSync(folder).isDirectory() &&
      namesIn(folder).some((name) => name === stateFiles.lock || name === stateFiles.instances)
    );
  } catch {
    return false;
  }
}

/** The daemon renews the sign beside its lock every few seconds, and the folder changes when it takes it away. */
function lastSign(stateDir: string): number {
  const parts = [
    '',
    'procmand.lock',
    'procmand.lock.lock',
    'daemon.json',
    'config.last.toml',
    'instances',
    'runs/record',
    'runs/exit',
    'runs/launch',
  ];
  const entries = ['instances', 'runs/exit'].flatMap((part) =>
    namesIn(join(stateDir, part)).map((name) => join(part, name)),
  );
  return Math.max(0, ...[...parts, ...entries].map((part) => modified(join(stateDir, part))));
}

function modified(path: string): number {
  return fs.lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Under its locks, and only if what was found still holds then. */
export function removeState({ uid, stateDir }: StateFolder, around: Surroundings, now: number): Removal {
  const runtime = around.euid === 0 ? around.rootRuntime : runtimeDirectory(around);
  const lock = openLock(stateFile(stateDir, 'lock'));
  const uidLock = openLock(join(runtime, `${uid}.lock`));
  try {
    if (lock === 'held' || uidLock === 'held')
      return { uid, stateDir, left: [], failure: 'a daemon has begun meanwhile' };
    const why = judge({ stateDir, uid, around, now }).why;
    // The open locks are ours: `whatLives` asks of launches and processes.
    if (why !== undefined) return { uid, stateDir, left: [], failure: why };
    return { uid, stateDir, left: removeFiles(stateDir, runtime, uid) };
  } catch (error) {
    return { uid, stateDir, left: [], failure: error instanceof Error ? error.message : String(error) };
  } finally {
    if (typeof lock === 'number') fs.closeSync(lock);
    if (typeof uidLock === 'number') fs.closeSync(uidLock);
  }
}

/** Links are removed, never followed. The locks go last: as long as anything is left they say that somebody is at it. */
function removeFiles(stateDir: string, runtime: string, uid: string): string[] {
  const names = namesIn(stateDir);
  const ours = names.filter((name) => isStateFile(name));
  const isLock = (name: string): boolean => name === stateFiles.lock;
  for (const name of [...ours.filter((each) => !isLock(each)), ...ours.filter(isLock)]) {
    fs.rmSync(join(stateDir, name), { recursive: true, force: true });
  }
  const pids = namesIn(runtime).filter((name) => name.startsWith(`${uid}.pid.`));
  for (const name of [`${uid}.sock`, `${uid}.json`, ...pids, `${uid}.lock`]) {
    fs.rmSync(join(runtime, name), { recursive: true, force: true });
  }
  const left = names.filter((name) => !isStateFile(name));
  if (left.length === 0) fs.rmdirSync(stateDir);
  return left;
}

/** One line for each. */
export function renderOldStates(states: readonly StateFolder[], now: Date): string {
  return states
    .map(
      ({ uid, stateDir, lastRun }) =>
        `${uid}  ${printable(stateDir)}  last run ${formatTime(new Date(lastRun).toISOString(), now)}\n`,
    )
    .join('');
}
