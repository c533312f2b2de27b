/**
 * Rotates the services' log files: knows which are being written, looks at their sizes, and has one of them rotated at a time. What
 * an earlier daemon left in the middle is brought to an end first. Settings come from the newest definition, so they apply at once.
 */
import { lstatSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { logPaths } from './core/log-paths.ts';
import type { Rotation, World } from './core/model.ts';
import { isDue, liveNameOf, nextLook } from './core/rotation.ts';
import type { Survey } from './core/survey.ts';
import { CannotRotate } from './effects/rotation-cut.ts';
import { settle } from './effects/rotation-settle.ts';
import { rotate } from './effects/rotation.ts';
import { networkFileSystem } from './network-file-system.ts';
import { LogAudience } from './rpc/log-audience.ts';
import type { LogLevel } from './supervision/supervisor.ts';

export interface LogRotationOptions {
  readonly survey: () => Survey;
  readonly world: () => World;
  readonly log: (level: LogLevel, text: string) => void;
}

interface Seen {
  /** At the last look. */
  readonly size: number;
  readonly at: number;
  readonly nextAt: number;
}

/** After a failure that may pass, and after one that will not. */
const AGAIN = 60_000;
const MUCH_LATER = 3_600_000;
/** What is due within this time is looked at together. */
const TOGETHER = 500;
/** Whoever writes faster than it can be copied must not keep the others waiting. */
const SOONEST = 20;
const DAEMONS_SWEEP = 10_000;
/** The longest that an answer to a client waits for it. */
const PATIENCE = 5_000;

/** For what the configuration no longer has: it is being stopped, and nothing new is begun. */
const NEVER: Rotation = { maxBytes: 0, backups: 1000, collapse: true };

export class LogRotation {
  readonly audience = new LogAudience();
  readonly #o: LogRotationOptions;
  readonly #seen = new Map<string, Seen>();
  /** Live files that begin with a hole, and where their text begins. */
  readonly #bases = new Map<string, number>();
  /** What is being done, by path: one at a time. */
  readonly #work = new Map<string, Promise<void>>();
  #queue: Promise<void> = Promise.resolve();
  /** Not settled at the last try: somebody writes it, or the disk is full. Tried again at the next look. */
  readonly #unsettled = new Set<string>();
  readonly #folders = new Set<string>();
  /** The last trouble told of a file. */
  readonly #told = new Map<string, string>();
  /** `World.nextLaunch` as it was. */
  #launches = 0;
  /** When to look at what was launched. */
  #newAt: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(options: LogRotationOptions) {
    this.#o = options;
  }

  /** Nothing new is begun; what is under way may be cut off at any point. */
  stop(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  /** Looks at the files that are due. Cheap: one system call per file that grows, every ten seconds. The first time it also goes on with what an earlier daemon has begun. */
  look(): void {
    if (this.#isOver) return;
    const now = performance.now();
    this.#newAt = undefined;
    const used = this.#used();
    this.#visitFolders(used);
    for (const [path, rotation] of used) {
      const seen = this.#seen.get(path);
      if (seen === undefined || seen.nextAt <= now + TOGETHER) this.#lookAt(path, rotation, seen, now);
    }
    for (const path of this.#seen.keys()) if (!used.has(path)) this.#seen.delete(path);
    this.#unsettled.clear();
    this.noteTurn();
    this.#schedule(now);
  }

  /** Something may have ended: what it leaves behind is settled. */
  noteTurn(): void {
    if (this.#isOver) return;
    this.#noteLaunches();
    if (this.#bases.size === 0) return;
    const used = this.#used();
    for (const path of this.#bases.keys()) {
      if (used.has(path)) this.#unsettled.delete(path);
      else if (!this.#work.has(path) && !this.#unsettled.has(path)) this.#settle(path);
    }
  }

  /** What was launched is looked at soon, and not only at the next sweep. */
  #noteLaunches(): void {
    const { nextLaunch } = this.#o.world();
    if (nextLaunch === this.#launches) return;
    this.#launches = nextLaunch;
    this.#newAt ??= performance.now() + nextLook(undefined, 0, 0);
    this.#schedule(performance.now());
  }

  /** Resolves when it is known where in the file its text is. */
  async still(path: string): Promise<void> {
    await this.audience.still(path);
  }

  /** Resolves when the files of what has ended are as they are to be. */
  async settled(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => (timer = setTimeout(resolve, PATIENCE)));
    await Promise.race([this.#settled(), patience]);
    clearTimeout(timer);
  }

  /** A rotation may still have to come to its end, and then its file to be settled. */
  async #settled(): Promise<void> {
    for (;;) {
      this.noteTurn();
      const used = this.#used();
      const works = [...this.#work].flatMap(([path, work]) => (used.has(path) ? [] : [work]));
      if (works.length === 0) return;
      await Promise.all(works);
    }
  }

  /* ---------------------------------------------------------------- what is written */

  /** The files of live runs, each once. */
  #used(): Map<string, Rotation> {
    const used = new Map<string, Rotation>();
    const { targets, world } = this.#o.survey();
    for (const { key, effective } of targets) {
      const activity = world.instances.get(key)?.activity;
      if (activity === undefined || activity.kind === 'idle') continue;
      const rotation = effective?.shown.rotation ?? NEVER;
      for (const path of Object.values(activity.run.logs)) used.set(path, rotation);
    }
    return used;
  }

  /** Where a log is, or would be, and how it is rotated. */
  #known(): Map<string, Rotation> {
    const { targets, world } = this.#o.survey();
    const known = new Map<string, Rotation>();
    for (const target of targets) {
      if (target.effective === undefined) continue;
      const { shown } = target.effective;
      for (const path of Object.values(logPaths(shown, target, world.logDirectory))) known.set(path, shown.rotation);
    }
    return new Map([...known, ...this.#used()]);
  }

  #isUsed(path: string): boolean {
    return this.#isOver || this.#used().has(path);
  }

  /* ---------------------------------------------------------------- what was left */

  /** A folder is listed once: later all that is in there was made by this daemon. */
  #visitFolders(used: ReadonlyMap<string, Rotation>): void {
    const isNew = [...used.keys()].some((path) => !this.#folders.has(dirname(path)));
    if (!isNew && this.#folders.size > 0) return;
    const known = this.#known();
    const folders = new Set([this.#o.world().logDirectory, ...[...known.keys()].map((path) => dirname(path))]);
    for (const folder of folders) {
      if (this.#folders.has(folder)) continue;
      this.#folders.add(folder);
      this.#visit(folder, known).catch((error: unknown) => this.#tell(folder, error));
    }
  }

  async #visit(folder: string, known: ReadonlyMap<string, Rotation>): Promise<void> {
    const names = await readdir(folder).catch(() => []);
    const lives = new Set(names.map((name) => liveNameOf(name)).filter((name) => name !== undefined));
    for (const live of lives) {
      const path = `${folder}/${live}`;
      const rotation = known.get(path);
      if (rotation !== undefined) this.#rotate(path, rotation);
    }
  }

  /* ---------------------------------------------------------------- one file */

  #lookAt(path: string, rotation: Rotation, seen: Seen | undefined, now: number): void {
    if (this.#work.has(path) || rotation.maxBytes === 0) return;
    let size: number;
    try {
      const stats = lstatSync(path, { throwIfNoEntry: false });
      if (stats === undefined || (!stats.isFile() && !stats.isSymbolicLink())) {
        this.#note(path, 0, now, stats === undefined ? nextLook(undefined, 0, 0) : MUCH_LATER);
        return;
      }
      if (stats.isSymbolicLink()) throw new CannotRotate('it is a symbolic link');
      ({ size } = stats);
    } catch (error) {
      this.#note(path, 0, now, MUCH_LATER);
      this.#tell(path, error);
      return;
    }
    const base = this.#bases.get(path) ?? 0;
    const grown = seen === undefined ? undefined : size - seen.size;
    this.#note(path, size, now, nextLook(grown, now - (seen?.at ?? now), rotation.maxBytes - (size - base)));
    if (isDue({ size, base }, rotation)) this.#rotate(path, rotation);
  }

  #note(path: string, size: number, now: number, again: number): void {
    this.#seen.set(path, { size, at: now, nextAt: now + again });
  }

  #schedule(now: number): void {
    clearTimeout(this.#timer);
    let next = this.#newAt ?? Infinity;
    for (const { nextAt } of this.#seen.values()) next = Math.min(next, nextAt);
    // The daemon's own sweep comes every ten seconds.
    if (next - now >= DAEMONS_SWEEP - TOGETHER) return;
    this.#timer = setTimeout(() => this.look(), Math.max(SOONEST, next - now)).unref();
  }

  #rotate(path: string, rotation: Rotation): void {
    this.#enqueue(path, async () => {
      const remote = networkFileSystem(dirname(path));
      if (remote !== undefined) throw new CannotRotate(`it is on a network file system (${remote})`);
      const before = this.#seen.get(path)?.size ?? Infinity;
      const outcome = await rotate(path, rotation, this);
      if (outcome === undefined) return;
      const { size, base } = outcome;
      this.#noteBase(path, base);
      const now = performance.now();
      const mayGoOn = isDue(outcome, rotation) && size - base < before;
      this.#note(path, size, now, mayGoOn ? 0 : nextLook(undefined, 0, 0));
      this.#told.delete(path);
    });
  }

  #settle(path: string): void {
    const rotation = this.#known().get(path) ?? NEVER;
    this.#unsettled.add(path);
    this.#enqueue(path, async () => {
      if (this.#isUsed(path)) return;
      const outcome = await settle(path, rotation, { audience: this.audience, isUnused: () => !this.#isUsed(path) });
      if (outcome === 'settled') this.#bases.delete(path);
    });
  }

  #noteBase(path: string, base: number): void {
    if (base > 0) this.#bases.set(path, base);
    else this.#bases.delete(path);
  }

  #enqueue(path: string, task: () => Promise<void>): void {
    if (this.#work.has(path)) return;
    const work = this.#queue.then(async () => {
      try {
        if (!this.#isOver) await task();
      } catch (error) {
        this.#note(path, 0, performance.now(), error instanceof CannotRotate ? MUCH_LATER : AGAIN);
        this.#tell(path, error);
      }
      this.#work.delete(path);
      this.noteTurn();
      this.#schedule(performance.now());
    });
    this.#work.set(path, work);
    this.#queue = work;
  }

  #tell(path: string, error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    if (this.#told.get(path) === why || this.#isOver) return;
    this.#told.set(path, why);
    this.#o.log('warning', `${basename(path)} is not rotated: ${why} (${path})`);
  }
}
