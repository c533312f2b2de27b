/** Puts a backup in place. Nothing is started or stopped; what was there is set aside, never lost. */
import { replacedFolder, replacedStamp, stateFile } from '@procman/protocol/state-files';
import { closeSync, existsSync, mkdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { lastHolder, takeKernelLock } from '@procman/daemon/effects/daemon-lock';
import { claimStateFolder, refuseForeignLinks } from '@procman/daemon/state-folder';
import { listDaemons, type Surroundings } from '../find-daemon.ts';
import { type Archive, unpack, UnusableArchive } from './archive.ts';
import type { Manifest } from './manifest.ts';
import { syncFolder, writeWhole } from '../whole-file.ts';
import { differing, missingOrDiffering, notAFolder, type Places, stateInTheWay, STATE_ITEMS, type Target, targetsOf } from './targets.ts'; // prettier-ignore

/** Why nothing was restored, for people. */
export class RestoreRefused extends Error {
  override readonly name = 'RestoreRefused';
}

export interface RestoreOptions extends Places {
  /** Replace what is there. */
  readonly force: boolean;
  /** Also write the files that lie outside of the configuration's folder. */
  readonly outside: boolean;
  readonly surroundings: Surroundings;
  /** For the names of what is set aside. */
  readonly now: Date;
}

export interface Restored {
  readonly written: readonly string[];
  readonly setAside: readonly { readonly path: string; readonly to: string }[];
}

/** Larger ones are no backup. */
const MOST_BYTES = 2 ** 30;

/** @throws UnusableArchive */
export function readArchive(path: string): Archive {
  let bytes: Buffer;
  try {
    if (!statSync(path).isFile()) throw new UnusableArchive('it is no plain file');
    if (statSync(path).size > MOST_BYTES) throw new UnusableArchive('it is larger than 1 GiB');
    bytes = readFileSync(path);
  } catch (error) {
    if (error instanceof UnusableArchive) throw error;
    throw new UnusableArchive(error instanceof Error ? error.message : String(error));
  }
  return unpack(bytes);
}

/** @throws RestoreRefused, UnusableArchive: nothing has been changed then */
export function restore(archive: Archive, options: RestoreOptions): Restored {
  const { manifest } = archive;
  const targets = targetsOf(archive, options);
  refuseDaemon(manifest, options);
  const lock = lockStateFolder(options);
  try {
    refuseWhatIsThere(targets, options);
    const stamp = replacedStamp(options.now);
    const setAside = [...stateAside(options.stateDir, stamp), ...configAside(targets, stamp)];
    const needed = new Set(missingOrDiffering(targets));
    const todo = targets.filter((target) => target.kind !== 'config' || needed.has(target));
    for (const { path, data, mode, kind } of todo) {
      mkdirSync(dirname(path), { recursive: true, mode: kind === 'config' ? 0o755 : 0o700 });
      writeWhole(path, data, mode);
    }
    return { written: todo.map(({ path }) => path), setAside };
  } finally {
    closeSync(lock);
  }
}

/* ------------------------------------------------------------------ refusals */

const HOW_TO_END = 'end it without stopping its services, "procmanctl shutdown --leave-running", then restore';

function refuseDaemon({ uid }: Manifest, { surroundings, stateDir }: RestoreOptions): void {
  const found = listDaemons(surroundings).find(
    ({ owner, isLive }) => isLive && (owner.uid === uid || owner.stateDir === stateDir),
  );
  if (found) throw runs(found.owner.pid, `for uid "${found.owner.uid}"`);
}

function runs(pid: number | undefined, where: string): RestoreRefused {
  return new RestoreRefused(`a daemon${pid === undefined ? '' : ` (pid ${pid})`} runs ${where}: ${HOW_TO_END}`);
}

/** Held until all is done, so that no daemon starts in between. */
function lockStateFolder({ stateDir, surroundings: { euid } }: RestoreOptions): number {
  const foreign = refuseForeignLinks(stateDir, euid);
  if (foreign !== undefined) throw new RestoreRefused(foreign);
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const { refusal } = claimStateFolder(stateDir, euid);
  if (refusal !== undefined) throw new RestoreRefused(`${stateDir}: ${refusal}`);
  const path = stateFile(stateDir, 'lock');
  const pid = lastHolder(path);
  const lock = takeKernelLock(path, () => undefined);
  if (lock === undefined) throw runs(pid, `on ${stateDir}`);
  return lock;
}

function refuseWhatIsThere(targets: readonly Target[], { configDir, stateDir, force, outside }: RestoreOptions): void {
  const crooked = targets.flatMap(({ path, isOutside, kind }) => {
    const folder = isOutside ? undefined : notAFolder(path, kind === 'config' ? configDir : stateDir);
    return folder === undefined || (kind !== 'config' && force) ? [] : [folder];
  });
  if (crooked.length > 0) throw new RestoreRefused(`${[...new Set(crooked)].join(', ')}: no folder: move it away`);
  const far = missingOrDiffering(targets).filter(({ isOutside }) => isOutside);
  if (far.length > 0 && !outside) {
    const list = far.map(({ path }) => `  ${path}`).join('\n');
    throw new RestoreRefused(
      `files outside of the configuration's folder belong to it:\n${list}\nput them there yourself, or let them be written with --outside`,
    );
  }
  if (force) return;
  const there = [...differing(targets).map(({ path }) => path), ...stateInTheWay(stateDir)];
  if (there.length === 0) return;
  const list = there.map((path) => `  ${path}`).join('\n');
  throw new RestoreRefused(
    `there already:\n${list}\nnothing was changed; with --force these are set aside and replaced`,
  );
}

/* ------------------------------------------------------------------ setting aside */

function stateAside(stateDir: string, stamp: string): Restored['setAside'] {
  const there = stateInTheWay(stateDir);
  if (there.length === 0) return [];
  const folder = join(stateDir, replacedFolder(stamp));
  mkdirSync(folder, { mode: 0o700 });
  const moved = STATE_ITEMS.flatMap((name) => {
    const [path, to] = [join(stateDir, name), join(folder, name)];
    if (!there.includes(path)) return [];
    renameSync(path, to);
    return [{ path, to }];
  });
  syncFolder(folder);
  return moved;
}

function configAside(targets: readonly Target[], stamp: string): Restored['setAside'] {
  return differing(targets).map(({ path }) => {
    const to = `${path}.replaced-${stamp}`;
    if (existsSync(to)) throw new RestoreRefused(`${to} is there already`);
    renameSync(path, to);
    return { path, to };
  });
}
