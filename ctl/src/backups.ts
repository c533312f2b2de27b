/** Entry of the bundle `backups.cjs`: what saves and restores the whole of a daemon. Loaded when first used. */
import { CannotTell } from '@procman/daemon/unsupervised';
import { hostname } from 'node:os';
import { lstatSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { clientExit } from '@procman/protocol/exit-codes';
import { type Archive, type Content, pack, UnusableArchive } from './backup/archive.ts';
import { collect, type Place } from './backup/collect.ts';
import { nextStart } from './backup/next-start.ts';
import { writeWhole } from './whole-file.ts';
import { readArchive, restore, type Restored, RestoreRefused, type RestoreOptions } from './backup/restore.ts';
import { Failure } from './failure.ts';
import { findRemains, listOf } from './find-remains.ts';
import type { Surroundings, Wish } from './find-daemon.ts';
import { VERSION } from './version.ts';

const failure = (message: string, code: string, cause?: unknown): Failure =>
  new Failure(message, { exitCode: clientExit.failure, code, cause });

/** Whose files are meant: by the same rules as for asking a daemon, whether it runs or not. */
function placeOf(wish: Wish, around: Surroundings): Place & { readonly uid: string } {
  const { places, looked } = remains(wish, around);
  const [place, ...others] = places;
  if (place === undefined)
    throw new Failure(`no daemon has left anything here (looked for ${looked.join(', ')}): name one with -c FILE`, {
      exitCode: clientExit.unreachable,
      code: 'no-daemon',
    });
  if (others.length > 0)
    throw new Failure(`there are several daemons; choose one:\n${listOf(places)}`, {
      exitCode: clientExit.usage,
      code: 'several-daemons',
    });
  const { uid, stateDir, config } = place;
  if (config === undefined)
    throw failure(`which configuration uid "${uid}" had is not known: name it with -c FILE`, 'no-config');
  return { uid, stateDir, config };
}

function remains(wish: Wish, around: Surroundings): ReturnType<typeof findRemains> {
  try {
    return findRemains(wish, around);
  } catch (error) {
    if (error instanceof CannotTell) throw failure(error.message, 'unreadable', error);
    throw error;
  }
}

interface BackedUp {
  readonly uid: string;
  readonly file: string;
  readonly bytes: number;
  readonly files: readonly Pick<Content, 'kind' | 'place'>[];
  readonly notes: readonly string[];
}

/** @param file - absolute */
function save(file: string, wish: Wish, around: Surroundings, now: Date, force: boolean): BackedUp {
  if (!force && lstatSync(file, { throwIfNoEntry: false }) !== undefined)
    throw failure(`${file} is there already: choose another name, or replace it with --force`, 'exists');
  const folder = dirname(file);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw failure(`${file} cannot be written: there is no folder ${folder}; make it first`, 'no-folder');
  const place = placeOf(wish, around);
  try {
    const { contents, notes } = collect(place);
    const { uid, config, stateDir } = place;
    const about = {
      procman: VERSION,
      uid,
      euid: around.euid,
      at: now.toISOString(),
      host: hostname(),
      config,
      stateDir,
    };
    const bytes = pack(about, contents);
    writeWhole(file, bytes, 0o600);
    return {
      uid,
      file,
      bytes: bytes.length,
      files: contents.map(({ kind, place: at }) => ({ kind, place: at })),
      notes,
    };
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw failure(
      `cannot save ${place.uid} to ${file}: ${error instanceof Error ? error.message : String(error)}`,
      'backup',
      error,
    );
  }
}

/** @throws Failure */
function bring<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof UnusableArchive) throw failure(`${file} cannot be used: ${error.message}`, 'unusable', error);
    if (error instanceof RestoreRefused) throw failure(error.message, 'refused', error);
    throw failure(`restore: ${error instanceof Error ? error.message : String(error)}`, 'restore', error);
  }
}

const read = (file: string): Archive => bring(file, () => readArchive(file));

const bringBack = (file: string, archive: Archive, options: RestoreOptions): Restored =>
  bring(file, () => restore(archive, options));

export const backups = { save, read, restore: bringBack, nextStart };
export type Backups = typeof backups;
