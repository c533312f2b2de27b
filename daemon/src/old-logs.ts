/**
 * `auto` logs of instances that the configuration no longer has. Their folder may be a shared one, such as /var/log, so only what is
 * on our own list is removed: every `auto` log that a configuration in force has asked for.
 */
import { stateFile } from '@procman/protocol/state-files';
import { constants } from 'node:fs';
import * as fs from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { autoLogPaths, logStem } from './core/log-paths.ts';
import { lockName, settledName, sideFilesOf, baseName, sideName } from './core/rotation.ts';
import type { Survey } from './core/survey.ts';
import { replaceFile } from './effects/atomic-file.ts';
import { SystemError, type System } from './effects/system.ts';
import type { LogLevel } from './supervision/supervisor.ts';

export interface OldLogsOptions {
  readonly system: System;
  readonly stateDirectory: string;
  readonly log: (level: LogLevel, text: string) => void;
}

/** How long it must not have been written to. */
const KEPT = 7 * 24 * 3_600_000;
/** What procman calls them. */
const NAME = /^(.+)\.(?:out|err)\.log$/;

export class OldLogs {
  readonly #o: OldLogsOptions;

  constructor(options: OldLogsOptions) {
    this.#o = options;
  }

  get #listPath(): string {
    return stateFile(this.#o.stateDirectory, 'autoLogs');
  }

  /** Puts the `auto` logs of the configuration on the list, before any of them is made. */
  note({ targets, world }: Survey): void {
    const wanted = targets.flatMap((target) =>
      target.effective === undefined ? [] : autoLogPaths(target.effective.shown, target, world.logDirectory),
    );
    const listed = this.#read();
    if (wanted.every((path) => listed.has(path))) return;
    this.#write(new Set([...listed, ...wanted]));
  }

  /** Removes what nobody has written to for a week. Never rejects. */
  async cleanUp(survey: () => Survey): Promise<void> {
    try {
      const removed: string[] = [];
      const atFirst = survey();
      const candidates = [...this.#read()].filter((path) => isGone(path, atFirst));
      for (const path of candidates) {
        // Asked anew for each of the few: the configuration may have changed meanwhile.
        const current = survey();
        if (isGone(path, current) && (await removeOld(path, current.now.wall))) removed.push(path);
      }
      if (removed.length === 0) return;
      const left = this.#read();
      for (const path of removed) left.delete(path);
      this.#write(left);
      this.#o.log(
        'info',
        `removed logs of processes that are gone: ${removed.map((path) => basename(path)).join(', ')}`,
      );
    } catch (error) {
      this.#o.log('warning', `old logs: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #read(): Set<string> {
    const text = this.#o.system.readFile(this.#listPath)?.text ?? '';
    return new Set(text.split('\n').filter((path) => path.startsWith('/') && NAME.test(basename(path))));
  }

  #write(paths: ReadonlySet<string>): void {
    try {
      replaceFile(this.#o.system, this.#listPath, [...paths].map((path) => `${path}\n`).join(''));
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      this.#o.log('warning', error.message);
    }
  }
}

function stemOf(path: string): string {
  return NAME.exec(basename(path))?.[1] ?? '';
}

/** Not of an instance that is configured or lives, and written by no run under an earlier name of it either. */
function isGone(path: string, { targets, world }: Survey): boolean {
  const stem = stemOf(path);
  if (targets.some((target) => logStem(target) === stem)) return false;
  return ![...world.instances.values()].some(
    ({ activity }) => activity.kind !== 'idle' && Object.values(activity.run.logs).includes(path),
  );
}

/** @returns whether nothing of it is left */
async function removeOld(path: string, now: number): Promise<boolean> {
  const flags = constants.O_RDONLY | constants.O_DIRECTORY;
  const folder = await fs.open(dirname(path), flags).catch(() => undefined);
  if (folder === undefined) return true;
  try {
    const within = (name: string): string => `/proc/self/fd/${folder.fd}/${name}`;
    const names = await fs.readdir(within('.'));
    const own = filesOf(basename(path), names);
    const stats = await Promise.all(own.map((name) => fs.lstat(within(name))));
    const isOld = stats.every((each) => each.isFile() && now - each.mtimeMs > KEPT);
    if (!isOld) return false;
    for (const name of own) await fs.unlink(within(name));
    return true;
  } finally {
    await folder.close();
  }
}

/** The log, its backups, and what rotation has made beside it. */
function filesOf(live: string, names: readonly string[]): string[] {
  const { phases, bases, backups } = sideFilesOf(live, names);
  const made = [
    live,
    lockName(live),
    settledName(live),
    ...[...backups].map((number) => `${live}.${number}`),
    ...phases.map((phase) => sideName(live, phase)),
    ...bases.map((base) => baseName(live, base)),
  ];
  const present = new Set(names);
  return made.filter((name) => present.has(name));
}
