/**
 * The daemon's side of the launch protocol: the files in `runs` that it shares with the launchers. See launch.sh for theirs.
 *
 * A launch that is given up, and one that starts, are told apart by one rename of the intent: whoever renames it first wins.
 */

import type { Stem } from '../core/identity.ts';
import type { Exit, LaunchId, ProcessIdentity, WallTime } from '../core/model.ts';
import type { Owner } from './log-file-owner.ts';
import { asidePath } from './set-aside.ts';
import { signalName } from './signals.ts';
import type { System } from './system.ts';

/** Which process runs for an instance, and the launcher that waits for it. */
export interface RunRecord {
  readonly launchId: LaunchId;
  readonly process: ProcessIdentity;
  readonly launcher: ProcessIdentity;
}

/** What the exit file of a launch tells. */
export type ExitFile =
  /** Not filled yet. */
  | { readonly kind: 'pending' }
  | { readonly kind: 'missing' }
  /** The service has ended. */
  | { readonly kind: 'ended'; readonly exit: Exit; readonly at: WallTime }
  /** The service never ran: `text` is `lock`, `replaced`, `alive` or `void` for refused ones, step and cause for failed ones. */
  | { readonly kind: 'not-started'; readonly why: 'refused' | 'failed'; readonly text: string; readonly at: WallTime }
  /** The launcher broke off. If there is a run record of this launch its service may live, and its end will not be known. */
  | { readonly kind: 'aborted'; readonly at: WallTime };

export interface Launch {
  /** An instance's, or a job's. */
  readonly key: Stem;
  readonly launchId: LaunchId;
}

/** Filled in place by a launcher that may have neither a block nor a process left. */
const BLANKS = ' '.repeat(64);

/** Suffixes in `launch/`, in the order in which `forget` removes them. */
const SUFFIXES = ['intent', 'plan', 'terminal', 'why', 'out', 'record', 'void', 'claimed'] as const;
type Suffix = (typeof SUFFIXES)[number];

/** How much is kept of what a hook or check has printed, in bytes. */
const OUTPUT_LIMIT = 4096;
/** Longest text of a pid file, in bytes: a number and some blanks. */
const PID_LIMIT = 64;

export interface PrepareOptions {
  /** The plan captures its output: see `LaunchPlan.stdout`. */
  readonly capture?: boolean;
  /** It gets a terminal: what the launcher does before, see `terminalText`. */
  readonly terminal?: string | undefined;
}

export class LaunchFiles {
  readonly #system: System;
  readonly #runs: string;
  readonly #pids: string | undefined;

  /**
   * @param runsDirectory - absolute path of `runs` in the state directory
   * @param pidPrefix - what the names of folders for pid files begin with, where services may run as users who may not enter the
   * state directory
   */
  constructor(system: System, runsDirectory: string, pidPrefix?: string) {
    this.#system = system;
    this.#runs = runsDirectory;
    this.#pids = pidPrefix;
  }

  makeDirectories(): void {
    this.#system.makeDirectory(this.#runs);
    for (const name of ['lock', 'record', 'exit', 'launch', 'pid']) this.#system.makeDirectory(`${this.#runs}/${name}`);
  }

  /**
   * Makes all that a launcher needs. The intent comes last: it is the permission to launch.
   *
   * @returns where what stood in the record's place was moved, if that was no run record
   */
  prepare(
    stem: Stem,
    launchId: LaunchId,
    plan: string,
    { capture = false, terminal }: PrepareOptions = {},
  ): string | undefined {
    const movedTo = this.#setAsideNoRecord(stem);
    this.#system.writeFile(this.#launchFile(stem, launchId, 'plan'), plan);
    if (terminal !== undefined) this.#system.writeFile(this.#launchFile(stem, launchId, 'terminal'), terminal);
    // Made here, because nobody else is to read it, whatever the umask is there.
    if (capture) this.#system.writeFile(this.#launchFile(stem, launchId, 'out'), '');
    this.#system.writeFile(this.#exitFile(stem, launchId), BLANKS);
    this.#system.writeFile(this.#launchFile(stem, launchId, 'why'), BLANKS);
    this.#system.writeFile(this.#launchFile(stem, launchId, 'intent'), '');
    return movedTo;
  }

  /** A folder at the record's place would be in the launcher's way; a damaged record is kept for people. Out of `record/`, whose names are stems. */
  #setAsideNoRecord(stem: Stem): string | undefined {
    const path = this.#recordFile(stem);
    const file = this.#system.readFile(path);
    // What cannot be seen is left to the launcher, which looks itself.
    if (file === undefined || parseRecord(file.text) !== undefined) return undefined;
    const movedTo = asidePath(`${this.#runs}/record-${stem}`, this.#system.now().wall);
    return this.#system.rename(path, movedTo) ? movedTo : undefined;
  }

  /**
   * Takes back the permission to launch. The rename decides; the rest only tells what a rename before it has decided.
   *
   * @returns `claimed` where a launcher was faster, `absent` where there is no trace of either
   */
  voidIntent(stem: Stem, launchId: LaunchId): 'voided' | 'claimed' | 'absent' {
    const gone = this.#launchFile(stem, launchId, 'void');
    if (this.#system.rename(this.#launchFile(stem, launchId, 'intent'), gone)) return 'voided';
    if (this.#system.exists(this.#launchFile(stem, launchId, 'claimed'))) return 'claimed';
    return this.#system.exists(gone) ? 'voided' : 'absent';
  }

  /** The text of a launch's plan, until it is forgotten: `groundOf` tells what its hooks share with it. */
  readPlan(stem: Stem, launchId: LaunchId): string | undefined {
    return this.#system.readFile(this.#launchFile(stem, launchId, 'plan'))?.text;
  }

  /** The last of what a launch has printed, where its plan captures that; empty where there is nothing. */
  readOutput(stem: Stem, launchId: LaunchId, limit = OUTPUT_LIMIT): string {
    return this.#system.readTail(this.#launchFile(stem, launchId, 'out'), limit) ?? '';
  }

  /** Where a command of type `pid-file` has to write the real pid. Absolute; another one for each launch, so there is never an old one. */
  pidFile(stem: Stem, launchId: LaunchId): string {
    return this.#pids === undefined ? this.#ownPidFile(stem, launchId) : `${this.#pids}${stem}.${launchId}/pid`;
  }

  /** In the state directory: also where the daemon before this one had it. */
  #ownPidFile(stem: Stem, launchId: LaunchId): string {
    return `${this.#runs}/pid/${stem}.${launchId}`;
  }

  /** Makes the folder of a pid file, where its user can write it. */
  preparePidFile(stem: Stem, launchId: LaunchId, owner: Owner): void {
    if (this.#pids !== undefined) this.#system.makeDirectoryFor(`${this.#pids}${stem}.${launchId}`, owner);
  }

  /** undefined where the pid file is absent, or is (not yet) just a number above 0. */
  readPid(stem: Stem, launchId: LaunchId): number | undefined {
    // One byte more than allowed, or the end of a longer number would be taken for a pid.
    const read = (path: string): string | undefined => this.#system.readTail(path, PID_LIMIT + 1);
    const text = read(this.pidFile(stem, launchId)) ?? read(this.#ownPidFile(stem, launchId));
    return text === undefined || text.length > PID_LIMIT ? undefined : parsePid(text);
  }

  /** undefined where there is none, or none that can be read. */
  readRecord(stem: Stem): RunRecord | undefined {
    const file = this.#system.readFile(this.#recordFile(stem));
    return file && parseRecord(file.text);
  }

  readExit(stem: Stem, launchId: LaunchId): ExitFile {
    const file = this.#system.readFile(this.#exitFile(stem, launchId));
    return file === undefined ? { kind: 'missing' } : parseExit(file.text, file.modifiedAt);
  }

  /** When its exit file was written last: prepared, or filled in. undefined where it is gone. */
  markedAt(stem: Stem, launchId: LaunchId): WallTime | undefined {
    return this.#system.readFile(this.#exitFile(stem, launchId))?.modifiedAt;
  }

  /** Whether a launcher of this instance holds its lock, or the launcher's child before its record. */
  probeLock(stem: Stem): 'free' | 'held' {
    return this.#system.probeLock(`${this.#runs}/lock/${stem}`);
  }

  /** For a run that is adopted although its record was lost. */
  writeRecord(stem: Stem, record: RunRecord): void {
    const draft = this.#launchFile(stem, record.launchId, 'record');
    this.#system.writeFile(draft, formatRecord(record));
    this.#system.rename(draft, this.#recordFile(stem));
  }

  /** Removes the run record if it is that launch's: a newer one stays. */
  removeRecord(stem: Stem, launchId: LaunchId): void {
    if (this.readRecord(stem)?.launchId === launchId) this.#system.remove(this.#recordFile(stem));
  }

  /**
   * Removes what a settled launch left. The permission goes first, so that no late launcher runs a launch half removed. The
   * exit file goes last: as long as anything is left, a daemon killed in here finds the launch again, and how it ended.
   * (The run record is not touched: remove it before.)
   */
  forget(stem: Stem, launchId: LaunchId): void {
    for (const suffix of SUFFIXES) this.#system.remove(this.#launchFile(stem, launchId, suffix));
    this.#removePidFile(stem, launchId);
    this.#system.remove(this.#exitFile(stem, launchId));
  }

  #removePidFile(stem: Stem, launchId: LaunchId): void {
    this.#system.remove(this.#ownPidFile(stem, launchId));
    if (this.#pids === undefined) return;
    const folder = `${this.#pids}${stem}.${launchId}`;
    if (!this.#system.exists(folder)) return;
    this.#system.remove(this.pidFile(stem, launchId));
    this.#system.removeDirectory(folder);
  }

  /** All launches that left files, for recovery. */
  launches(): Launch[] {
    const found = new Map<string, Launch>();
    const add = (name: string): void => {
      const dot = name.lastIndexOf('.');
      if (dot > 0) found.set(name, { key: name.slice(0, dot), launchId: name.slice(dot + 1) });
    };
    for (const name of this.#system.list(`${this.#runs}/exit`)) add(name);
    for (const name of this.#system.list(`${this.#runs}/launch`)) {
      const suffix = SUFFIXES.find((each) => name.endsWith(`.${each}`));
      if (suffix !== undefined) add(name.slice(0, -suffix.length - 1));
    }
    return [...found.values()];
  }

  /** The instances and jobs that have a run record. */
  records(): Stem[] {
    return this.#system.list(`${this.#runs}/record`);
  }

  #launchFile(stem: Stem, launchId: LaunchId, suffix: Suffix): string {
    return `${this.#runs}/launch/${stem}.${launchId}.${suffix}`;
  }

  #exitFile(stem: Stem, launchId: LaunchId): string {
    return `${this.#runs}/exit/${stem}.${launchId}`;
  }

  #recordFile(stem: Stem): string {
    return `${this.#runs}/record/${stem}`;
  }
}

/**
 * Reads the text of an exit file. Valid only with its last word `end`; anything else is not filled yet.
 *
 * @param at - the file's modification time: when the service ended
 */
export function parseExit(text: string, at: WallTime): ExitFile {
  const [, kind, rest = ''] = /^(\w+) ?(.*?) +end\s*$/s.exec(text) ?? [];
  const isNumber = /^\d{1,3}$/.test(rest);
  switch (kind) {
    case 'exit':
      return isNumber ? { kind: 'ended', exit: { kind: 'code', code: Number(rest) }, at } : { kind: 'pending' };
    case 'signal':
      return isNumber
        ? { kind: 'ended', exit: { kind: 'signal', signal: signalName(Number(rest)) }, at }
        : { kind: 'pending' };
    case 'refused':
    case 'failed':
      return { kind: 'not-started', why: kind, text: rest, at };
    case 'aborted':
      return { kind: 'aborted', at };
    default:
      return { kind: 'pending' };
  }
}

/** Reads a decimal number with blanks around it. The highest pid of Linux is 4194304, so no more than ten digits count. */
export function parsePid(text: string): number | undefined {
  const digits = /^\s*0*([1-9]\d{0,9})\s*$/.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** How many words a run record has: PID START LAUNCH BOOT NAMESPACE LAUNCHER_PID LAUNCHER_START. */
const RECORD_WORDS = 7;

/**
 * Reads a run record: its words, the same words again, `end`; later versions may add fields before `end`. Of two that are not
 * equal nobody knows which is right: there, undefined. Launchers of the versions before wrote them once, and may live yet.
 */
export function parseRecord(text: string): RunRecord | undefined {
  const words = text.split(' ');
  if (words.pop() !== 'end\n' || words.length < RECORD_WORDS) return undefined;
  const record = words.slice(0, RECORD_WORDS);
  const again = words.slice(RECORD_WORDS, 2 * RECORD_WORDS);
  if (words.length > RECORD_WORDS && record.join(' ') !== again.join(' ')) return undefined;
  const [pid, start, launchId, bootId, pidNamespace, launcherPid, launcherStart] = record;
  if (launchId === undefined || bootId === undefined || pidNamespace === undefined) return undefined;
  const numbers = [pid, start, launcherPid, launcherStart].map((word) =>
    /^\d+$/.test(word ?? '') ? Number(word) : NaN,
  );
  const [processPid = NaN, processStart = NaN, waiterPid = NaN, waiterStart = NaN] = numbers;
  if (numbers.some(Number.isNaN) || !/^[A-Za-z0-9]+$/.test(launchId)) return undefined;
  const where = { bootId: unlessNone(bootId), pidNamespace: unlessNone(pidNamespace) };
  return {
    launchId,
    process: { pid: processPid, startTicks: processStart, ...where },
    launcher: { pid: waiterPid, startTicks: waiterStart, ...where },
  };
}

/** What is told of `prepare` where it moved something out of the way. */
export function noRecordText(stem: Stem, movedTo: string): string {
  return `${stem}: what stood in the place of its run record was none, and is set aside as ${movedTo}`;
}

/** The text of a run record, as launchers write it. */
export function formatRecord({ launchId, process, launcher }: RunRecord): string {
  const where = [process.bootId || '-', process.pidNamespace || '-'];
  const words = [process.pid, process.startTicks, launchId, ...where, launcher.pid, launcher.startTicks].join(' ');
  return `${words} ${words} end\n`;
}

/** A machine without boot id or namespaces has `-` on record. */
function unlessNone(word: string): string {
  return word === '-' ? '' : word;
}
