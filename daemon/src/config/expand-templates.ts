/**
 * `procmanctl expand-templates` (SPEC 2.3): a configuration as one file without templates and without `include`, which loads to
 * the same processes. `{{ NAME }}` of the later stage stay as they are. Comments are lost.
 */
import { resolve } from 'node:path';
import { stringify } from 'smol-toml';
import { CarriedFiles, FilesOnDisk, type ConfigFiles } from './config-files.ts';
import type { LoadContext } from './context.ts';
import { readGuarded } from './guarded-file.ts';
import { joinIncluded } from './include.ts';
import { loadConfig, parseConfig, type LoadResult } from './load.ts';
import { parseToml } from './parse-toml.ts';
import { locate, type Locator, type Path } from './positions.ts';
import type { Problem } from './problem.ts';
import { Report } from './report.ts';
import { isTable, type RawTable } from './table-reader.ts';
import { applyTemplate, readTemplates } from './templates.ts';

/** Problems are those of the templates; what else may be wrong with the file does not matter here. */
export type ExpandResult =
  { readonly ok: true; readonly text: string } | { readonly ok: false; readonly problems: readonly Problem[] };

/** Reads a configuration file and those that it includes. Never throws. */
export function expandFile(path: string, context: LoadContext): ExpandResult {
  const file = resolve(path);
  const read = readGuarded(file);
  if (!read.ok) return { ok: false, problems: problemsOf(loadConfig(file, context)) };
  const source: Source = { text: read.text, file, files: new FilesOnDisk(), euid: context.euid };
  return expand(source, () => problemsOf(loadConfig(file, context)));
}

/** The same for a text; files that it includes have to be carried along in it. */
export function expandConfig(text: string, path: string, context: LoadContext): ExpandResult {
  const files = new CarriedFiles(text);
  const source: Source = { text: files.text, file: resolve(path), files, euid: context.euid };
  return expand(source, () => problemsOf(parseConfig(text, path, context)));
}

const problemsOf = (result: LoadResult): readonly Problem[] => (result.ok ? result.warnings : result.problems);

interface Source {
  readonly text: string;
  /** Absolute. */
  readonly file: string;
  readonly files: ConfigFiles;
  readonly euid: number;
}

/** @param checkAll - all problems of the file: where a template cannot be used for a reason that only the whole check tells */
function expand({ text, file, files, euid }: Source, checkAll: () => readonly Problem[]): ExpandResult {
  const toml = parseToml(text, file);
  if (!toml.ok) return { ok: false, problems: [toml.problem] };
  const { top, locator, problems } = joinIncluded({ file, top: toml.top, locator: locate(text), files, euid });
  const report = new Report(file, locator);
  report.adopt(problems.filter(({ severity }) => severity === 'error'));
  const expanded = expandTop(top, report);
  if (report.hasErrors) return { ok: false, problems: report.sorted() };
  if (expanded === undefined) return { ok: false, problems: checkAll() };
  try {
    return { ok: true, text: writeToml(expanded, text, report.locator) };
  } catch {
    return { ok: false, problems: [{ severity: 'error', file, message: 'is nested too deeply to be written' }] };
  }
}

/** undefined: a template cannot be used. */
function expandTop(top: RawTable, report: Report): RawTable | undefined {
  const templates = readTemplates(top, report);
  const defaults = isTable(top['defaults']) ? top['defaults'] : {};
  const tables: readonly unknown[] = Array.isArray(top['process']) ? top['process'] : [];
  const failed: number[] = [];
  const processes = tables.map((raw, index) => {
    // An empty table stays one: it is skipped when it is loaded.
    if (!isTable(raw) || Object.keys(raw).length === 0) return raw;
    const given = raw['id'];
    const place = { path: ['process', index], process: typeof given === 'string' ? given : undefined };
    const expansion = applyTemplate(raw, { templates, defaults }, place, report);
    if (expansion.kind === 'failed') failed.push(index);
    return expansion.kind === 'expanded' ? without(expansion.raw, ['template']) : raw;
  });
  if (failed.length > 0) return undefined;
  const entries = Object.entries(without(top, ['template', 'include'])).map(([key, value]): [string, unknown] => {
    if (key === 'process' && Array.isArray(value)) return [key, processes];
    return [key, key === 'defaults' && isTable(value) ? without(value, ['template']) : value];
  });
  const rest = Object.fromEntries(entries) as RawTable;
  return processes.length > 0 && rest['process'] === undefined ? { ...rest, process: processes } : rest;
}

function without(table: RawTable, keys: readonly string[]): RawTable {
  return Object.fromEntries(Object.entries(table).filter(([key]) => !keys.includes(key)));
}

/**
 * Numbers and dates are written as they were: `0o22`, `1.10` and `2024-10-01T12:00:00` would come out as something else. They go
 * through the writer as texts between marks that the file does not have.
 */
function writeToml(top: RawTable, source: string, locator: Locator): string {
  let mark = '\uE000';
  while (source.includes(mark)) mark += '\uE000';
  const marked = (value: unknown, path: Path): unknown => {
    if (Array.isArray(value)) return value.map((inner: unknown, index) => marked(inner, [...path, index]));
    if (isTable(value)) {
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, marked(inner, [...path, key])]));
    }
    if (typeof value !== 'number' && !(value instanceof Date)) return value;
    const written = WRITTEN.exec(locator.valueText(path) ?? '')?.[0];
    return written === undefined ? value : `${mark}${written}${mark}`;
  };
  return stringify(marked(top, [])).replaceAll(`"${mark}`, '').replaceAll(`${mark}"`, '');
}

/** A number or a date up to its end; a blank may stand between date and time. */
const WRITTEN = /^[+-]?(?:\d{4}-\d{2}-\d{2} (?=\d{2}:))?[0-9A-Za-z_.:+-]+/;
