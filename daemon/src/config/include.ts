/** `include` (SPEC 2): further files with `[[process]]` and `[[template]]`, as if they stood at the end of the main one. */
import { basename, dirname, resolve } from 'node:path';
import { NOT_CARRIED, type ConfigFiles } from './config-files.ts';
import { permissionProblems } from './file-permissions.ts';
import { describeValue } from './issues.ts';
import { createNearest } from './nearest.ts';
import { parseToml } from './parse-toml.ts';
import { locate, type Locator, type Path, type Position } from './positions.ts';
import { quote, type Problem } from './problem.ts';
import { Report } from './report.ts';
import type { RawTable } from './table-reader.ts';

/** What an included file may hold: lists of tables. */
const LISTS = ['process', 'template'] as const;
type List = (typeof LISTS)[number];
/** More files than this are a slip in a pattern. */
const MOST_FILES = 1000;

/** One included file. */
interface Part {
  readonly file: string;
  readonly locator: Locator;
  readonly lists: Readonly<Record<List, readonly unknown[]>>;
}

export interface IncludeSource {
  /** The main file, absolute. */
  readonly file: string;
  readonly top: RawTable;
  readonly locator: Locator;
  readonly files: ConfigFiles;
  /** Effective user id of the daemon. */
  readonly euid: number;
}

/** A configuration as if it were one file. */
export interface Joined {
  readonly top: RawTable;
  /** Its positions name the included file where they are in one. */
  readonly locator: Locator;
  readonly problems: readonly Problem[];
}

/** Reads what the main file includes. Never throws. */
export function joinIncluded(source: IncludeSource): Joined {
  const patterns: unknown = source.top['include'];
  // What else it may be is reported with the other keys.
  if (!Array.isArray(patterns) || patterns.length === 0) return { ...source, problems: [] };
  const report = new Report(source.file, source.locator);
  const parts: Part[] = [];
  const problems: Problem[] = [];
  for (const { file, path } of includedFiles(patterns, source, report)) {
    const read = readPart(file, path, source, report);
    problems.push(...read.problems);
    if (read.part !== undefined) parts.push(read.part);
  }
  return { ...join(source, parts), problems: [...report.sorted(), ...problems] };
}

interface Named {
  /** Absolute. */
  readonly file: string;
  /** Where the main file names it. */
  readonly path: Path;
}

/** The files that the patterns mean, each once. */
function includedFiles(patterns: readonly unknown[], source: IncludeSource, report: Report): Named[] {
  const { files } = source;
  if (files.included === 'not-carried') {
    const { message, hint } = NOT_CARRIED;
    report.error({ path: ['include'], key: 'include', message: `what it includes ${message}`, hint });
    return [];
  }
  if (files.included !== undefined) return files.included.map((file) => ({ file, path: ['include'] }));
  const found = new Map<string, Named>();
  for (const [index, pattern] of patterns.entries()) {
    if (typeof pattern !== 'string' || pattern.trim() === '') continue;
    const path = ['include', index];
    if (pattern.includes('**')) {
      const hint = 'name each folder, such as "conf.d/*.toml"';
      report.error({ path, key: 'include', message: '"**" is not known', found: quote(pattern), hint });
      continue;
    }
    for (const file of expand(resolve(dirname(source.file), pattern), files)) {
      // A pattern may well fit the file that it is in.
      if (file === source.file && isPattern(pattern)) continue;
      if (file === source.file)
        report.error({ path, key: 'include', message: 'the file includes itself', hint: 'take it out' });
      else if (!found.has(file)) found.set(file, { file, path });
    }
  }
  if (found.size <= MOST_FILES) return [...found.values()];
  const message = `${found.size} files are included`;
  report.error({ path: ['include'], key: 'include', message, allowed: `at most ${MOST_FILES}` });
  return [];
}

const isPattern = (text: string): boolean => /[*?]/.test(text);

/** The paths that a pattern means, sorted. A path without `*` and `?` means itself, whether it is there or not. */
export function expand(pattern: string, files: Pick<ConfigFiles, 'list'>): string[] {
  if (!isPattern(pattern)) return [pattern];
  const name = basename(pattern);
  const folders = expand(dirname(pattern), files);
  if (!isPattern(name)) return folders.map((folder) => resolve(folder, name));
  return folders.flatMap((folder) => matching(files.list(folder), name).map((entry) => resolve(folder, entry)));
}

/** As in a shell: what begins with a dot is only found by a pattern that does so, too. */
function matching(names: readonly string[], pattern: string): string[] {
  const escaped = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  const expression = new RegExp(`^${escaped}$`, 'su');
  return names.filter((name) => expression.test(name) && (!name.startsWith('.') || pattern.startsWith('.'))).toSorted();
}

function readPart(
  file: string,
  path: Path,
  { files, euid }: IncludeSource,
  report: Report,
): { readonly part?: Part; readonly problems: readonly Problem[] } {
  const read = files.read(file, 'include');
  if (!read.ok) {
    const message = `${quote(file)} ${read.message.replace(/^there is no such file$/, 'does not exist')}`;
    const hint = read.hint ?? 'mend the path, or take it out';
    report.error({ path, key: 'include', message, hint });
    return { problems: [] };
  }
  const permissions = read.stats === undefined ? [] : permissionProblems(file, read.stats, euid);
  const toml = parseToml(read.text, file);
  if (!toml.ok) return { problems: [...permissions, toml.problem] };
  const locator = locate(read.text);
  const own = new Report(file, locator);
  const lists = { process: listOf('process', toml.top, own), template: listOf('template', toml.top, own) };
  const nearest = createNearest(LISTS);
  for (const key of Object.keys(toml.top).filter((name) => name !== 'process' && name !== 'template')) {
    const meant = nearest(key);
    own.error({
      path: [key],
      key,
      message: 'has no place in an included file',
      allowed: '[[process]] and [[template]]',
      hint: meant === undefined ? 'move it to the main file' : `did you mean [[${meant}]]?`,
    });
  }
  return { part: { file, locator, lists }, problems: [...permissions, ...own.sorted()] };
}

function listOf(list: List, top: RawTable, report: Report): readonly unknown[] {
  const given = top[list] ?? [];
  if (Array.isArray(given)) return given;
  const hint = `write [[${list}]], in double brackets`;
  report.error({ path: [list], key: list, message: 'is not a list of tables', found: describeValue(given), hint });
  return [];
}

function join({ top, locator }: IncludeSource, parts: readonly Part[]): Omit<Joined, 'problems'> {
  const joined: Record<string, unknown> = { ...top };
  const owners: Record<string, { readonly part: Part; readonly index: number }[]> = {};
  const firsts: Record<string, number> = {};
  for (const list of LISTS) {
    const own = top[list] ?? [];
    const added = parts.flatMap((part) => part.lists[list].map((_, index) => ({ part, index })));
    // `[process]` in single brackets is reported, and then nothing can be added to it.
    if (!Array.isArray(own) || added.length === 0) continue;
    joined[list] = [...(own as unknown[]), ...parts.flatMap((part) => part.lists[list])];
    owners[list] = added;
    firsts[list] = own.length;
  }
  const find = (path: Path): { readonly part: Part; readonly path: Path } | undefined => {
    const [list, index, ...rest] = path;
    if (typeof list !== 'string' || typeof index !== 'number' || !Object.hasOwn(owners, list)) return undefined;
    const owner = owners[list]?.[index - (firsts[list] ?? 0)];
    return owner === undefined ? undefined : { part: owner.part, path: [list, owner.index, ...rest] };
  };
  const named = (part: Part, position: Position): Position => ({ file: part.file, ...position });
  return {
    top: joined,
    locator: {
      position: (path) => {
        const found = find(path);
        return found === undefined
          ? locator.position(path)
          : named(found.part, found.part.locator.position(found.path));
      },
      exact: (path) => {
        const found = find(path);
        if (found === undefined) return locator.exact(path);
        const position = found.part.locator.exact(found.path);
        return position === undefined ? undefined : named(found.part, position);
      },
      valueText: (path) => {
        const found = find(path);
        return found === undefined ? locator.valueText(path) : found.part.locator.valueText(found.path);
      },
    },
  };
}
