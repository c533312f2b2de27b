/**
 * Carries out the rotation of one log file (`core/rotation.ts`). After every step it looks at the disk again, so that going on after
 * a crash is what it always does. The writer is neither stopped nor told.
 */
import { statfs } from 'node:fs/promises';
import {
  nextWork, shiftOf, sideName, type LogState, type Phase, type SideFiles, type Work,
} from '../core/rotation.ts'; // prettier-ignore
import type { Rotation } from '../core/model.ts';
import { cut, CannotRotate, type Cut } from './rotation-cut.ts';
import { copyBytes, isZero, readSome } from './rotation-copy.ts';
import { codeOf, LogFiles } from './rotation-files.ts';

/** Who reads the live file meanwhile, in this process. */
export interface RotationAudience {
  /** Whether anybody has not read up to there yet. */
  isBehind(path: string, to: number): boolean;
  /** [from,to) of the live file is about to vanish; it is in `copy` from `at` on. Without a copy it is lost for them. */
  cut(path: string, piece: { from: number; to: number; copy?: { path: string; at: number } }): void;
  /** Nobody reads the live file until `release`. */
  hold(path: string): void;
  /** @param shorter by so many bytes at its beginning */
  release(path: string, shorter: number): void;
  /** Another file is in its place, without the first `base` bytes. */
  replaced(path: string, base: number): void;
}

export interface RotationTools {
  readonly audience: RotationAudience;
  /** For tests, which let it end here as a crash would. */
  readonly at?: (point: string) => void | Promise<void>;
}

export interface RotationOutcome {
  readonly size: number;
  readonly base: number;
}

type CutWork = Extract<Work, { kind: 'cut' }>;
type CopyWork = Extract<Work, { kind: 'copy' }>;

const BLOCK = 4096;
/** So often in a row it may turn out that there is nothing to do under a name: somebody plays with the files. */
const PATIENCE = 5;

/**
 * Goes on with what was begun, and makes one backup where the file is longer than the limit.
 *
 * @returns what the live file is like then; undefined where there is none
 * @throws CannotRotate where there is no use in trying again soon; Error of the file system
 */
export async function rotate(
  path: string,
  rotation: Rotation,
  tools: RotationTools,
): Promise<RotationOutcome | undefined> {
  const files = await LogFiles.open(path);
  if (files === undefined) return undefined;
  try {
    return await new RotationRun(path, files, rotation, tools).run();
  } finally {
    await files.close();
  }
}

/** What is seen of the file; what the names say wrongly, or for a file that was emptied since, is removed. */
export async function lookAt(files: LogFiles): Promise<LogState & { readonly side: SideFiles }> {
  const side = await files.list();
  const { size } = await files.live.stat();
  let phase: Phase | undefined;
  for (const candidate of side.phases) if (phase === undefined && (await files.isOurs(candidate))) phase = candidate;
  const base = await baseOf(files, side.bases, size, phase);
  const { bsize } = await statfs(files.path('.'));
  const align = Math.max(BLOCK, bsize);
  if (phase === undefined) return { size, base, align, gathered: 0, side };
  return { size, base, align, phase, gathered: await gatheredIn(files, phase), side };
}

/** A base holds as long as the file begins with a hole. */
async function baseOf(files: LogFiles, bases: readonly number[], size: number, phase?: Phase): Promise<number> {
  const [base, ...older] = bases;
  if (base === undefined) return 0;
  const holds = phase?.kind !== 'collapsed' && base <= size && isZero(await readSome(files.live, 0, BLOCK));
  await files.removeBases(holds ? older : bases);
  return holds ? base : 0;
}

async function gatheredIn(files: LogFiles, phase: Phase): Promise<number> {
  if (phase.kind === 'part') return phase.gathered;
  const backup = await files.openBackup(phase);
  try {
    return (await backup.stat()).size;
  } finally {
    await backup.close();
  }
}

class RotationRun {
  readonly #path: string;
  readonly #files: LogFiles;
  readonly #rotation: Rotation;
  readonly #tools: RotationTools;
  #vain = 0;
  /** What is cut off is to be had from the backup in the making. */
  #isCopied: boolean;

  constructor(path: string, files: LogFiles, rotation: Rotation, tools: RotationTools) {
    this.#path = path;
    this.#files = files;
    this.#rotation = rotation;
    this.#tools = tools;
    this.#isCopied = rotation.backups > 0;
  }

  async run(): Promise<RotationOutcome> {
    for (;;) {
      const state = await lookAt(this.#files);
      const work = nextWork(state, this.#rotation);
      await this.#tools.at?.(`before ${work.kind}`);
      if (work.kind === 'none' || !(await this.#do(work, state))) {
        const { size, base } = await lookAt(this.#files);
        return { size, base };
      }
    }
  }

  /** @returns whether there is more to do */
  async #do(work: Work, { phase, side }: LogState & { readonly side: SideFiles }): Promise<boolean> {
    const { name } = this.#files;
    switch (work.kind) {
      case 'none':
        return false;
      case 'copy':
        return this.#copy(work, phase, side);
      case 'cut':
        return phase !== undefined && phase.kind !== 'part' && this.#cut(work, phase);
      case 'gather':
        if (phase === undefined) return false;
        await this.#files.rename(
          sideName(name, phase),
          sideName(name, { kind: 'part', from: work.from, gathered: work.gathered }),
        );
        return true;
      case 'finish':
        if (phase !== undefined) await this.#finish(phase, side);
        return false;
      case 'drop':
        if (phase !== undefined) await this.#files.remove(sideName(name, phase));
        return false;
    }
  }

  /* ---------------------------------------------------------------- copy */

  /** What an earlier daemon has copied without committing it may not be on disk: it is copied anew. */
  async #copy(work: CopyWork, phase: Phase | undefined, side: SideFiles): Promise<boolean> {
    const { name } = this.#files;
    const part: Phase = { kind: 'part', from: work.from, gathered: work.gathered };
    const file =
      phase === undefined ? await this.#files.make(sideName(name, part)) : await this.#files.openBackup(part);
    try {
      await file.truncate(work.gathered);
      const to = await this.#fill(file, work, side);
      if (to === undefined) return false;
      await this.#tools.at?.('copied');
      await file.sync();
      await this.#files.rename(sideName(name, part), sideName(name, { kind: 'done', from: work.from, to }));
      await this.#files.folder.sync();
      return true;
    } finally {
      await file.close();
    }
  }

  /** @returns up to where the live file is copied; undefined: not now */
  async #fill(file: LogFiles['live'], work: CopyWork, side: SideFiles): Promise<number | undefined> {
    this.#isCopied = this.#rotation.backups > 0 || this.#tools.audience.isBehind(this.#path, work.to);
    // Nobody wants it: the first block is enough to know the file by, and a hole stands for the rest.
    const to = this.#isCopied ? work.to : work.from + BLOCK;
    try {
      const copied = await copyBytes(this.#files.live, file, { from: work.from, to, at: work.gathered });
      if (work.from + copied < to) return undefined;
      if (!this.#isCopied) await file.truncate(work.gathered + work.to - work.from);
      return work.to;
    } catch (error) {
      if (codeOf(error) !== 'ENOSPC') throw error;
      return this.#fillLess(file, work, side, error);
    }
  }

  /** The disk is full: the oldest backup goes; where there is none, what could be copied is cut off, which makes room. */
  async #fillLess(file: LogFiles['live'], work: CopyWork, side: SideFiles, full: unknown): Promise<number | undefined> {
    const oldest = Math.max(0, ...side.backups);
    if (oldest > 0) {
      await this.#files.remove(`${this.#files.name}.${oldest}`);
      return this.#fill(file, work, await this.#files.list());
    }
    const whole = Math.floor(((await file.stat()).size - work.gathered) / BLOCK) * BLOCK;
    const { bsize } = await statfs(this.#files.path('.'));
    const length = Math.floor(whole / Math.max(BLOCK, bsize)) * Math.max(BLOCK, bsize);
    if (length === 0) throw full;
    await file.truncate(work.gathered + length);
    return work.from + length;
  }

  /* ---------------------------------------------------------------- cut */

  async #cut(work: CutWork, phase: Exclude<Phase, { kind: 'part' }>): Promise<boolean> {
    const { audience } = this.#tools;
    if (phase.kind === 'done' && !(await this.#prepareCut(work, phase))) return true;
    audience.hold(this.#path);
    let shorter = 0;
    try {
      const outcome = await this.#cutUnderLock(work);
      if (outcome === 'collapsed') shorter = work.to;
      if (outcome === 'kept') await this.#files.noteBase(work.to);
      if (outcome === 'gone') this.#vain += 1;
    } catch (error) {
      if (error instanceof CannotRotate) await this.#files.remove(sideName(this.#files.name, phase));
      throw error;
    } finally {
      audience.release(this.#path, shorter);
    }
    await this.#tools.at?.('cut');
    if (this.#vain >= PATIENCE) throw new Error('its hidden files were moved meanwhile');
    return true;
  }

  /**
   * Tells those who read it where to find what is to vanish.
   *
   * @returns false where the file has been emptied or replaced since it was copied: then there is nothing to cut
   */
  async #prepareCut(work: CutWork, phase: Phase): Promise<boolean> {
    const { name } = this.#files;
    const backup = await this.#files.openBackup(phase);
    try {
      const at = (await backup.stat()).size - (work.to - work.from);
      if (at < 0 || !(await this.#isAsCopied(work, backup, at))) {
        await this.#files.rename(
          sideName(name, phase),
          sideName(name, { kind: 'collapsed', from: work.from, to: work.to }),
        );
        return false;
      }
      const copy = { path: this.#files.path(sideName(name, phase)), at };
      this.#tools.audience.cut(this.#path, { from: work.from, to: work.to, ...(this.#isCopied ? { copy } : {}) });
      return true;
    } finally {
      await backup.close();
    }
  }

  /** Its first block is what was copied, or punched out already. */
  async #isAsCopied({ from, to }: CutWork, backup: LogFiles['live'], at: number): Promise<boolean> {
    if ((await this.#files.live.stat()).size < to) return false;
    const now = await readSome(this.#files.live, from, BLOCK);
    return isZero(now) || now.equals(await readSome(backup, at, BLOCK));
  }

  async #cutUnderLock({ from, to, collapse }: CutWork): ReturnType<typeof cut> {
    const { name, live, folder } = this.#files;
    const named = (kind: 'done' | 'punched' | 'collapsed'): string => sideName(name, { kind, from, to });
    const lock = await this.#files.openLock();
    try {
      const given: Cut = {
        live: name, done: named('done'), punched: named('punched'), collapsed: named('collapsed'),
        from, to, collapse: collapse && this.#rotation.collapse,
      }; // prettier-ignore
      return await cut(given, { live: live.fd, lock: lock.fd, folder: folder.fd });
    } finally {
      await lock.close();
    }
  }

  /* ---------------------------------------------------------------- finish */

  async #finish(phase: Phase, side: SideFiles): Promise<void> {
    const { name } = this.#files;
    const { backups } = this.#rotation;
    const { removed, renamed } = shiftOf(side.backups, backups);
    for (const number of removed) await this.#files.remove(`${name}.${number}`);
    for (const [from, to] of renamed) await this.#files.rename(`${name}.${from}`, `${name}.${to}`);
    await this.#tools.at?.('shifted');
    if (backups === 0) return this.#files.remove(sideName(name, phase));
    if (phase.kind === 'part') await this.#cutTail(phase);
    await this.#files.rename(sideName(name, phase), `${name}.1`);
  }

  /** What was not committed is still in the live file. */
  async #cutTail(part: Extract<Phase, { kind: 'part' }>): Promise<void> {
    const backup = await this.#files.openBackup(part);
    try {
      await backup.truncate(part.gathered);
    } finally {
      await backup.close();
    }
  }
}
