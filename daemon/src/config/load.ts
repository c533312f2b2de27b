/**
 * From the text of a configuration file to what the core and the daemon work with, or to all of its problems at once
 * (SPEC 2, 2.4).
 */
import { dirname, resolve } from 'node:path';
import type { CoreConfig, ProcessConfig, ProcessVersion } from '../core/model.ts';
import type { Notify } from '../core/notify/model.ts';
import { CarriedFiles, FilesOnDisk, type ConfigFiles } from './config-files.ts';
import { currentContext, type LoadContext } from './context.ts';
import { topKeys } from './daemon-keys.ts';
import { readDaemon, type DaemonTable } from './daemon-table.ts';
import { draftsById, type Draft } from './draft.ts';
import { folderProblems, permissionProblems } from './file-permissions.ts';
import { readGuarded, type GuardedText } from './guarded-file.ts';
import { joinIncluded } from './include.ts';
import { namedSecrets, type NamedSecrets } from './named-secrets.ts';
import { readNotifies } from './notify-tables.ts';
import { parseToml } from './parse-toml.ts';
import { readMetrics, type MetricsTable } from './metrics-table.ts';
import { locate } from './positions.ts';
import type { Problem } from './problem.ts';
import { readDrafts } from './process-drafts.ts';
import { placeOf } from './key-places.ts';
import { Report } from './report.ts';
import { checkRules, type RuleInput } from './rules.ts';
import { checkNotifies } from './rules-notify.ts';
import { settleConditions } from './rules-dependencies.ts';
import { checkMetrics } from './rules-metrics.ts';
import { addDefaults, readTable, type RawTable } from './table-reader.ts';
import { readTemplates } from './templates.ts';

export { currentContext };
export type { DaemonTable, LoadContext, MetricsTable };

/** A configuration that may be applied. */
export interface LoadedConfig {
  uid: string;
  /** Absolute. */
  path: string;
  /** The folder of the file: relative paths start here. */
  directory: string;
  /** Needs no other file: what it names is carried along (see `config-files.ts`). */
  text: string;
  /** Absolute: the file, and the others that it names and that are part of it. */
  files: readonly string[];
  /** Folders in which `include` looked for files; none for a text that was given. */
  folders: readonly string[];
  daemon: DaemonTable;
  /** undefined: nothing listens. */
  metrics?: MetricsTable;
  core: CoreConfig;
  /** Who is told of what. */
  notify: readonly Notify[];
}

/** Problems are errors and warnings, in the order of the file. */
export type LoadResult = { ok: true; config: LoadedConfig; warnings: Problem[] } | { ok: false; problems: Problem[] };

/** Reads and checks a configuration file and those that it names, their permissions included. Never throws. */
export function loadConfig(path: string, context: LoadContext): LoadResult {
  const absolute = resolve(path);
  const file = readGuarded(absolute);
  if (!file.ok) {
    const { ok: _not, ...rest } = file;
    return { ok: false, problems: [{ severity: 'error', file: absolute, ...rest }] };
  }
  const files = new FilesOnDisk();
  const result = check({ text: file.text, file: absolute, files }, context);
  const permissions = [
    ...permissionProblems(absolute, file.stats, context.euid),
    ...folderProblems([absolute, ...files.pathsOf('include')], files.folders, context.euid),
  ];
  if (!result.ok) return { ok: false, problems: [...permissions, ...result.problems] };
  if (permissions.some(({ severity }) => severity === 'error')) {
    return { ok: false, problems: [...permissions, ...result.warnings] };
  }
  const { paths, folders } = files;
  const config = { ...result.config, text: files.bundle(file.text), files: [absolute, ...paths], folders };
  return { ok: true, config, warnings: [...permissions, ...result.warnings] };
}

/**
 * A configuration file as one text with all that it names, for a daemon that opens no file for its client; also where it has
 * problems. Never throws.
 */
export function bundleConfig(path: string, context: LoadContext): GuardedText {
  const absolute = resolve(path);
  const file = readGuarded(absolute);
  if (!file.ok) return file;
  const files = new FilesOnDisk();
  check({ text: file.text, file: absolute, files }, context);
  return { ...file, text: files.bundle(file.text) };
}

/** What a configuration file names. */
export interface NamedFiles {
  /** Absolute: those that are part of it (included ones, env-files) and can be read. */
  readonly parts: readonly string[];
  /** Whether they can be read or not. */
  readonly secrets: NamedSecrets;
}

/** Also where it has problems. Never throws. */
export function namedFiles(path: string, context: LoadContext): NamedFiles {
  const absolute = resolve(path);
  const file = readGuarded(absolute);
  const files = new FilesOnDisk();
  if (file.ok) check({ text: file.text, file: absolute, files }, context);
  return { parts: files.paths, secrets: files.secrets };
}

/**
 * What is wrong with a text that is to become this file; the files that it names are opened. Never throws.
 *
 * @param path - relative paths start at its folder, problems name it
 */
export function problemsOfText(text: string, path: string, context: LoadContext): readonly Problem[] {
  const result = check({ text, file: resolve(path), files: new FilesOnDisk() }, context);
  return result.ok ? result.warnings : result.problems;
}

/**
 * Checks a configuration's text, wherever it comes from. Opens no file: what it names has to be carried along in it, as
 * `bundleConfig` and `LoadedConfig.text` do. Never throws.
 *
 * @param path - where the text is from: relative paths start at its folder, problems name it
 */
export function parseConfig(text: string, path: string, context: LoadContext): LoadResult {
  const files = new CarriedFiles(text);
  const result = check({ text: files.text, file: resolve(path), files }, context);
  if (!result.ok) return result;
  return { ...result, config: { ...result.config, text, files: [result.config.path, ...files.paths] } };
}

interface Source {
  /** Of the main file alone. */
  readonly text: string;
  /** Absolute. */
  readonly file: string;
  readonly files: ConfigFiles;
}

function check({ text, file, files }: Source, context: LoadContext): LoadResult {
  const toml = parseToml(text, file);
  if (!toml.ok) return { ok: false, problems: [toml.problem] };
  const joined = joinIncluded({ file, top: toml.top, locator: locate(text), files, euid: context.euid });
  const report = new Report(file, joined.locator);
  report.adopt(joined.problems);
  const { top } = joined;
  const directory = dirname(file);
  const uid = readUid(top, report);
  const daemon = readDaemon(top, { uid: uid ?? 'unknown', directory, context }, report);
  const metrics = readMetrics(top, directory, report);
  // Not for a text that a client sent: no file is opened for it.
  const mayRead = files instanceof FilesOnDisk;
  if (metrics !== undefined && mayRead)
    checkMetrics(metrics, context.wasApplied === true ? 'warning' : 'error', report);
  const templates = readTemplates(top, report);
  const { timezone } = daemon;
  const drafts = readDrafts(top, { directory, timezone, files, environment: context.env, templates }, report);
  const rules = checkRules({ drafts, daemon, context }, report);
  const notifies = readNotifies(top['notify'], directory, report);
  checkNotifies(notifies, rules, report);
  const notify = notifies.map((draft) => draft.notify);
  if (mayRead) files.secrets = namedSecrets(metrics, notify);
  if (report.hasErrors || uid === undefined) return { ok: false, problems: report.sorted() };
  const core = coreConfig(rules);
  const config = { uid, path: file, directory, text, files: [], folders: [], daemon, notify };
  return {
    ok: true,
    config: { ...config, ...(metrics === undefined ? {} : { metrics }), core },
    warnings: report.sorted(),
  };
}

/** How many processes (ids) a configuration has. */
export function countProcesses(config: LoadedConfig): number {
  return config.core.processes.length;
}

/** Checks the top of the file: `uid`, `file-format`, `include`, and that there is nothing unknown. */
function readUid(top: RawTable, report: Report): string | undefined {
  const others = ['daemon', 'metrics', 'defaults', 'process', 'template', 'notify'];
  const elsewhere = (key: string): string | undefined => placeOf(key, ['daemon', 'metrics', 'process', 'notify']);
  const kind = { shape: topKeys, others, elsewhere };
  const values = readTable(top, kind, { path: [] }, report);
  return addDefaults(values, top, kind, { path: [] }, report).uid;
}

function coreConfig({ drafts, standings, daemon }: RuleInput): CoreConfig {
  const { maxParallelStarts, dependencyTimeout, shutdownTimeout, reloadGuard } = daemon;
  const oneShots = settleConditions(drafts, standings);
  const processes = [...draftsById(drafts)].map(([id, versions]) => processConfig(id, versions, oneShots));
  return {
    daemon: {
      maxParallelStarts,
      dependencyTimeout,
      shutdownTimeout,
      ...(reloadGuard === undefined ? {} : { reloadGuard }),
    },
    processes,
  };
}

function processConfig(id: string, drafts: readonly Draft[], oneShots: ReadonlyMap<string, boolean>): ProcessConfig {
  const versions = drafts.flatMap(({ version }): ProcessVersion[] => {
    if (version === undefined) return [];
    const dependsOn = version.dependsOn.map((dependency) =>
      oneShots.get(dependency.id) === true ? { ...dependency, condition: 'finished' as const } : dependency,
    );
    return [{ ...version, dependsOn }];
  });
  return { id, versions: versions.toSorted((a, b) => a.applyOn.at - b.applyOn.at) };
}
