/**
 * From the text of a configuration file to what the core and the daemon work with, or to all of its problems at once
 * (SPEC 2, 2.4).
 */
import { dirname, resolve } from 'node:path';
import type { CoreConfig, ProcessConfig, ProcessVersion } from '../core/model.ts';
import { currentContext, type LoadContext } from './context.ts';
import { topKeys } from './daemon-keys.ts';
import { readDaemon, type DaemonTable } from './daemon-table.ts';
import { draftsById, type Draft } from './draft.ts';
import { permissionProblems } from './file-permissions.ts';
import { readGuarded } from './guarded-file.ts';
import { parseToml } from './parse-toml.ts';
import { locate } from './positions.ts';
import type { Problem } from './problem.ts';
import { readDrafts } from './process-drafts.ts';
import { Report } from './report.ts';
import { checkRules, type RuleInput } from './rules.ts';
import { settleConditions } from './rules-dependencies.ts';
import { addDefaults, readTable, type RawTable } from './table-reader.ts';
import { LATER_KEYS } from './unknown-keys.ts';

export { currentContext };
export type { DaemonTable, LoadContext };

/** A configuration that may be applied. */
export interface LoadedConfig {
  uid: string;
  /** Absolute. */
  path: string;
  /** The folder of the file: relative paths start here. */
  directory: string;
  text: string;
  daemon: DaemonTable;
  core: CoreConfig;
}

/** Problems are errors and warnings, in the order of the file. */
export type LoadResult = { ok: true; config: LoadedConfig; warnings: Problem[] } | { ok: false; problems: Problem[] };

/** Reads and checks a configuration file, its permissions included. Never throws. */
export function loadConfig(path: string, context: LoadContext): LoadResult {
  const absolute = resolve(path);
  const file = readGuarded(absolute);
  if (!file.ok) {
    const { message, hint } = file;
    return {
      ok: false,
      problems: [{ severity: 'error', file: absolute, message, ...(hint === undefined ? {} : { hint }) }],
    };
  }
  const permissions = permissionProblems(absolute, file.stats, context.euid);
  const result = parseConfig(file.text, absolute, context);
  if (!result.ok) return { ok: false, problems: [...permissions, ...result.problems] };
  if (permissions.some(({ severity }) => severity === 'error')) {
    return { ok: false, problems: [...permissions, ...result.warnings] };
  }
  return { ...result, warnings: [...permissions, ...result.warnings] };
}

/**
 * Checks a configuration's text, wherever it comes from. Never throws.
 *
 * @param path - where the text is from: relative paths start at its folder, problems name it
 */
export function parseConfig(text: string, path: string, context: LoadContext): LoadResult {
  const file = resolve(path);
  const toml = parseToml(text, file);
  if (!toml.ok) return { ok: false, problems: [toml.problem] };
  const report = new Report(file, locate(text));
  const directory = dirname(file);
  const uid = readUid(toml.top, report);
  const daemon = readDaemon(toml.top, { uid: uid ?? 'unknown', directory, context }, report);
  const drafts = readDrafts(toml.top, { directory, timezone: daemon.timezone }, report);
  const rules = checkRules({ drafts, daemon, context }, report);
  if (report.hasErrors || uid === undefined) return { ok: false, problems: report.sorted() };
  const core = coreConfig(rules);
  return { ok: true, config: { uid, path: file, directory, text, daemon, core }, warnings: report.sorted() };
}

/** How many processes (ids) a configuration has. */
export function countProcesses(config: LoadedConfig): number {
  return config.core.processes.length;
}

/** Checks the top of the file: `uid`, `file-format`, and that there is nothing unknown. */
function readUid(top: RawTable, report: Report): string | undefined {
  const kind = { shape: topKeys, later: LATER_KEYS.top, others: ['daemon', 'defaults', 'process'] };
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
