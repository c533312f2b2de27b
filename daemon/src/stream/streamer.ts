/**
 * Copies the services' output to the daemon's stdout (SPEC 2.1 `stream`). Services go on writing to their log files and know
 * nothing of it: these are followed. So a stdout that is full, slow or closed holds up nobody.
 */
import * as fs from 'node:fs';
import type { Instance, InstanceKey, Run } from '../core/model.ts';
import type { System } from '../effects/system.ts';
import type { LogAudience } from '../rpc/log-audience.ts';
import { Follower } from '../rpc/log-reader.ts';
import { FolderWatches } from './folder-watches.ts';
import { Output } from './output.ts';
import { readPlaces, writePlaces, type Place } from './places.ts';
import { prefixOf } from './prefix.ts';

export interface StreamerOptions {
  readonly system: System;
  /** Where it is kept up to where each log was copied. */
  readonly file: string;
  /** Go on where the last daemon was; else from the present ends. */
  readonly goOn: boolean;
  readonly colour: boolean;
  /** Tells of rotations. */
  readonly audience: LogAudience;
  readonly log: (level: 'warning', text: string) => void;
  /** Of the output; 1 unless given. */
  readonly descriptor?: number;
}

/** With more than this not copied yet the oldest is left out, and it is said how much. */
export const MOST_BEHIND = 8 * 1024 * 1024;
/** How often the places are written while output comes: so much may be repeated after a kill. */
const SAVE_AFTER = 500;
/** How long the end waits for a slow reader, in milliseconds. */
const LAST_WORDS = 1_000;

export class Streamer {
  readonly #o: StreamerOptions;
  readonly #output: Output;
  readonly #watches = new FolderWatches();
  readonly #followers = new Map<string, Follower>();
  readonly #places: Map<string, Place>;
  #seen: ReadonlyMap<InstanceKey, Instance> = new Map();
  #saving: NodeJS.Timeout | undefined;

  constructor(options: StreamerOptions) {
    this.#o = options;
    this.#places = options.goOn ? readPlaces(options.system, options.file) : new Map<string, Place>();
    this.#output = new Output(
      {
        onDrained: () => this.look(),
        onClosed: (why) => {
          options.log('warning', `stream: standard output is closed (${why}): no more output is copied`);
          this.#unfollowAll();
        },
      },
      options.descriptor,
    );
  }

  /** Follows a run's logs; those not known yet from their present end. Before a launch: so nothing of it is missed. */
  follow(name: string, logs: Run['logs']): void {
    if (this.#output.isClosed) return;
    for (const path of new Set([logs.stdout, logs.stderr])) {
      if (path !== undefined && !this.#followers.has(path)) this.#followers.set(path, this.#begin(name, path));
    }
  }

  #begin(name: string, path: string): Follower {
    const prefix = prefixOf(name, this.#o.colour);
    const { position, inode } = stillRight(this.#places.get(path), path) ?? presentEnd(path);
    return new Follower({
      path,
      position,
      inode,
      audience: this.#o.audience,
      watch: (onChange) => this.#watches.add(path, onChange),
      isWoken: true,
      hasRoom: () => this.#output.hasRoom(),
      onLines: (lines) => this.#write(lines.map((line) => prefix(line)).join('')),
      mostBehind: MOST_BEHIND,
      onSkipped: (bytes) => this.#write(prefix(`... ${bytes} bytes were left out here; they are in ${path}`)),
    });
  }

  #write(text: string): void {
    this.#output.write(text);
    this.#saving ??= setTimeout(() => this.#save(), SAVE_AFTER).unref();
  }

  /** What lives now: the logs of all else are read to their end, and left. */
  keep(instances: ReadonlyMap<InstanceKey, Instance>): void {
    if (instances === this.#seen) return;
    this.#seen = instances;
    const live = new Set<string>();
    for (const { id, activity } of instances.values()) {
      if (activity.kind === 'idle') continue;
      const { name = id, logs } = activity.run;
      this.follow(name, logs);
      for (const path of [logs.stdout, logs.stderr]) if (path !== undefined) live.add(path);
    }
    for (const path of [...this.#followers.keys()]) if (!live.has(path)) this.#leave(path);
  }

  /** Its run has ended: a last line without a newline counts. The next run's follower goes on from there. */
  #leave(path: string): void {
    const follower = this.#followers.get(path);
    follower?.look();
    follower?.flush();
    follower?.stop();
    if (follower !== undefined) this.#places.set(path, follower.place);
    this.#followers.delete(path);
  }

  /** The sweep, or room again: what no watch has told of. */
  look(): void {
    this.#watches.check();
    // Whoever was first gives way next time: one that writes without end must not keep the others from being heard.
    const [first] = this.#followers;
    for (const follower of this.#followers.values()) follower.look();
    if (first === undefined || !this.#followers.delete(first[0])) return;
    this.#followers.set(...first);
  }

  #save(): void {
    clearTimeout(this.#saving);
    this.#saving = undefined;
    for (const [path, follower] of this.#followers) this.#places.set(path, follower.place);
    try {
      writePlaces(this.#o.system, this.#o.file, this.#places);
    } catch {
      // A full disk: more may be repeated after a kill.
    }
  }

  #unfollowAll(): void {
    for (const follower of this.#followers.values()) follower.stop();
    this.#followers.clear();
  }

  /** Copies what is there, as far as stdout takes it within a moment, and ends. */
  async end(): Promise<void> {
    this.look();
    for (const path of [...this.#followers.keys()]) this.#leave(path);
    await this.#output.drained(LAST_WORDS);
    this.#save();
  }
}

/** Rotation may have put another file in its place since, or taken its beginning off: what is there was copied before. */
function stillRight(place: Place | undefined, path: string): Place | undefined {
  const { ino, size } = fs.statSync(path, { throwIfNoEntry: false }) ?? { ino: undefined, size: 0 };
  return place !== undefined && place.inode === ino && place.position <= size ? place : undefined;
}

function presentEnd(path: string): Place {
  const stats = fs.statSync(path, { throwIfNoEntry: false });
  return { position: stats?.size ?? 0, inode: stats?.ino };
}
