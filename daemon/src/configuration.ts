/** The configuration in force, the one on disk, and the one applied last: loading, reloading, and what holds a reload back. */
import { stateFile } from '@procman/protocol/state-files';
import { diffConfig, type ConfigDiff } from './core/config-diff.ts';
import { guardReload, type Guarded } from './core/guard.ts';
import type { Now, World } from './core/model.ts';
import {
  loadConfig,
  parseConfig,
  type DaemonTable,
  type LoadContext,
  type LoadedConfig,
  type MetricsTable,
} from './config/load.ts';
import { withContainerDefaults } from './container.ts';
import { FilesOnDisk } from './config/config-files.ts';
import { readGuarded } from './config/guarded-file.ts';
import type { Problem } from './config/problem.ts';
import { replaceFile } from './effects/atomic-file.ts';
import type { System } from './effects/system.ts';

/** What a configuration would do to the world. */
export interface Proposal {
  readonly config: LoadedConfig;
  readonly warnings: readonly Problem[];
  /** All of it, as `update` would carry it out. */
  readonly diff: ConfigDiff;
  /** What the guard makes of it. */
  readonly guarded: Guarded;
}

export type Proposed =
  { readonly ok: true; readonly proposal: Proposal } | { readonly ok: false; readonly problems: readonly Problem[] };

/** Keys of `[daemon]` that only the next start takes up. */
const NEXT_START: readonly (keyof DaemonTable)[] = [
  'stateDir', 'socket', 'socketMode', 'socketGroup', 'monitorSocket', 'monitorSocketMode', 'logFile',
]; // prettier-ignore
const NOW: readonly (keyof DaemonTable)[] = [
  'logLevel', 'logMaxBytes', 'logBackups', 'childLogDir', 'onExit', 'maxParallelStarts', 'shutdownTimeout', 'dependencyTimeout', 'timezone', 'reloadGuard',
  'watchConfig', 'stream', 'eventsMaxAge', 'eventsMaxBytes',
]; // prettier-ignore

export class Configuration {
  readonly #system: System;
  readonly #context: LoadContext;
  readonly #overrides: Partial<DaemonTable>;
  #current: LoadedConfig;
  #loadedAt: number;
  /** The file on disk is broken; the one before stays in force. */
  error: { readonly at: number; readonly problems: readonly Problem[] } | undefined;
  held: { readonly at: number; readonly hash: string; readonly stops: readonly string[] } | undefined;

  constructor(system: System, context: LoadContext, overrides: Partial<DaemonTable>, current: LoadedConfig) {
    this.#system = system;
    this.#context = context;
    this.#overrides = overrides;
    this.#current = current;
    this.#loadedAt = system.now().wall;
  }

  get current(): LoadedConfig {
    return this.#current;
  }

  get loadedAt(): number {
    return this.#loadedAt;
  }

  /** `[daemon]` with the command line's flags over it. */
  get daemon(): DaemonTable {
    return withContainerDefaults({ ...this.#current.daemon, ...this.#overrides });
  }

  /** Absolute: the file and those that it names, and where the problems of a broken one are. */
  get files(): readonly string[] {
    const broken = this.error?.problems.map(({ file }) => file) ?? [];
    return [...new Set([...this.#current.files, ...broken])];
  }

  /** Folders in which further files may appear. */
  get folders(): readonly string[] {
    return this.#current.folders;
  }

  /** Differs whenever a reload may find something else than before. */
  onDisk(): string {
    const disk = new FilesOnDisk();
    const files = this.files.map((path) => {
      const file = readGuarded(path);
      return [path, ...(file.ok ? [file.text, file.stats.mode, file.stats.uid] : [file.message])];
    });
    return JSON.stringify([files, this.folders.map((folder) => [folder, disk.list(folder).toSorted()])]);
  }

  /** Loads the file again, or takes a text that a client read, and works out what it would do. */
  propose(world: World, now: Now, given?: { readonly path: string; readonly text: string }): Proposed {
    const result =
      given === undefined
        ? loadConfig(this.#current.path, this.#context)
        : parseConfig(given.text, given.path, this.#context);
    if (!result.ok) return { ok: false, problems: result.problems };
    const { config, warnings } = result;
    if (config.uid !== this.#current.uid) return { ok: false, problems: [otherUid(config, this.#current.uid)] };
    return { ok: true, proposal: proposalOf(config, warnings, world, now) };
  }

  /** Takes note of what is in force from now on. */
  apply({ config, guarded, diff }: Pick<Proposal, 'config' | 'guarded' | 'diff'>): void {
    const at = this.#system.now().wall;
    this.#current = config;
    this.#loadedAt = at;
    this.error = undefined;
    this.held = guarded.stops.length === 0 ? undefined : { at, hash: diff.hash, stops: guarded.stops };
  }

  /** Keeps the text for `--last-good` and for the guard of the next start; not while the guard holds anything back. */
  keep(stateDirectory: string): void {
    if (this.held !== undefined) return;
    const path = lastConfigPath(stateDirectory);
    if (this.#system.readFile(path)?.text === this.#current.text) return;
    replaceFile(this.#system, path, this.#current.text, { sync: true });
  }

  /** Which keys of `[daemon]` and `[metrics]` differ, and `notify`, and when they take effect. Flags win, so a key with a flag never changes. */
  daemonChanges({ daemon: next, metrics, notify }: Pick<LoadedConfig, 'daemon' | 'metrics' | 'notify'>): {
    readonly key: string;
    readonly takesEffect: 'now' | 'next-start';
  }[] {
    const differs = (key: keyof DaemonTable): boolean =>
      !(key in this.#overrides) &&
      withContainerDefaults(this.#current.daemon)[key] !== withContainerDefaults(next)[key];
    return [
      ...NEXT_START.filter(differs).map((key) => ({ key: kebab(key), takesEffect: 'next-start' as const })),
      ...NOW.filter(differs).map((key) => ({ key: kebab(key), takesEffect: 'now' as const })),
      ...metricsChanges(this.#current.metrics, metrics).map((key) => ({ key, takesEffect: 'now' as const })),
      ...(JSON.stringify(notify) === JSON.stringify(this.#current.notify)
        ? []
        : [{ key: 'notify', takesEffect: 'now' as const }]),
    ];
  }
}

function metricsChanges(current: MetricsTable | undefined, next: MetricsTable | undefined): string[] {
  return [
    ...(current?.listen.text === next?.listen.text ? [] : ['metrics.listen']),
    ...(current?.tokenFile === next?.tokenFile ? [] : ['metrics.token-file']),
  ];
}

/** What a configuration would do to the world: at a start as at a reload. */
export function proposalOf(config: LoadedConfig, warnings: readonly Problem[], world: World, now: Now): Proposal {
  const guarded = guardReload(world, config.core, now);
  const diff = diffConfig(world, config.core, new Set(), now);
  return { config, warnings, diff, guarded };
}

export function lastConfigPath(stateDirectory: string): string {
  return stateFile(stateDirectory, 'lastConfig');
}

/** The configuration applied last, read as if it were still at its old place. */
export function lastConfig(
  system: System,
  stateDirectory: string,
  path: string,
  context: LoadContext,
): LoadedConfig | undefined {
  const file = system.readFile(lastConfigPath(stateDirectory));
  if (file === undefined) return undefined;
  const result = parseConfig(file.text, path, { ...context, wasApplied: true });
  return result.ok ? result.config : undefined;
}

function otherUid(config: LoadedConfig, uid: string): Problem {
  return {
    severity: 'error',
    file: config.path,
    key: 'uid',
    message: 'the uid of a running daemon cannot change',
    found: config.uid,
    allowed: uid,
    hint: 'start another daemon for another uid',
  };
}

const kebab = (key: string): string => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
