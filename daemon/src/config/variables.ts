/**
 * Fills in `{{ NAME }}` in the texts of a process (SPEC 2.2). A name is looked up in `params`, then among procman's own, then
 * in the process's `env`, then in the daemon's environment. Literal text `{{ 'x' }}` becomes `x`. One pass: what was filled in
 * is not looked at again, except that an entry of `env` may refer to another one.
 *
 * This happens before the values are checked, so that what is checked is what is used.
 */
import { holdsPlaceholder, placeholder, type LaunchName } from '../core/placeholders.ts';
import { createNearest } from './nearest.ts';
import type { Path } from './positions.ts';
import { quote } from './problem.ts';
import { replaceReferences } from './references.ts';
import type { Report } from './report.ts';
import { isTable, rawValue, type RawTable } from './table-reader.ts';

/** Keys in whose texts names are filled in. `command` is one, too: see `process-command.ts`. Of `depends-on` only commands. */
export const TEXT_KEYS: ReadonlySet<string> = new Set(
  (
    'args env env-file work-dir stdout-log stderr-log log-file ' +
    'before init after-start stop after-stop start-health-check health-check depends-on'
  ).split(' '),
);
/** Read when the configuration is loaded: what only a launch knows cannot stand in them. */
const LOAD_TIME_KEYS: ReadonlySet<string> = new Set(['env-file']);

const LAUNCH_NAMES: readonly string[] = [
  'PROCMAN_INSTANCE',
  'PROCMAN_NUM',
  'PROCMAN_PID_FILE',
] satisfies readonly LaunchName[];
const OWN_NAMES = ['PROCMAN_ID', 'PROCMAN_CONFIG_DIR', ...LAUNCH_NAMES];

/** What is wrong with a text or a name in it; follows the key's name. */
export interface Problem {
  readonly problem: string;
  readonly hint?: string | undefined;
}

/** What a name stands for, or why it stands for nothing. */
export type Lookup = { readonly value: string } | Problem;

/** All that a process's names can stand for. */
export interface Scope {
  readonly find: (name: string) => Lookup;
  /** The entries of `env`, filled in. */
  readonly env: ReadonlyMap<string, Filled>;
}

export interface ScopeSource {
  readonly id: string;
  /** The folder of the configuration file. */
  readonly directory: string;
  /** Its command is of type `pid-file`. */
  readonly hasPidFile: boolean;
  /** As written, those of `[defaults]` included. */
  readonly params: ReadonlyMap<string, string>;
  readonly env: ReadonlyMap<string, string>;
  /** The daemon's. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** A text with its names filled in, or what is wrong with them. */
export interface Filled {
  readonly text: string;
  readonly problems: readonly Problem[];
}

/** Fills in the names of a text. Never throws. */
export function fillText(text: string, find: Scope['find']): Filled {
  if (holdsPlaceholder(text)) return { text, problems: [RESERVED] };
  const problems: Problem[] = [];
  let length = 0;
  const filled = replaceReferences(text, (reference) => {
    if (reference.kind === 'literal') return reference.text;
    const found = find(reference.name);
    if ('value' in found) {
      length += found.value.length;
      return length > LONGEST_FILLING ? '' : found.value;
    }
    problems.push(found);
    return reference.whole;
  });
  return { text: filled, problems: length > LONGEST_FILLING ? [...problems, TOO_LONG] : problems };
}

/** The kernel takes no longer argument or variable (MAX_ARG_STRLEN, execve(2)). */
const LONGEST_FILLING = 128 * 1024;
const TOO_LONG = { problem: 'is longer than 128 KiB with its {{ }} filled in' };

const RESERVED = {
  problem: 'holds a character that procman needs for itself (U+FDD0 or U+FDD1)',
  hint: 'it is no letter of any language: take it out',
};

/** So many entries of `env` may refer to one another in a row. */
const LONGEST_CHAIN = 20;

/** Makes a scope. An entry of `env` that refers to itself means the daemon's: `PATH = "/opt/bin:{{ PATH }}"`. */
export function scopeOf(source: ScopeSource): Scope {
  const env = new Map<string, Filled>();
  const chain: string[] = [];
  const fillEntry = (name: string, written: string): Filled => {
    const known = env.get(name);
    if (known !== undefined) return known;
    chain.push(name);
    const filled = fillText(written, find);
    chain.pop();
    env.set(name, filled);
    return filled;
  };
  const find = (name: string): Lookup => {
    const given = source.params.get(name);
    if (given !== undefined) return valueOf(name, given);
    const own = ownValue(name, source);
    if (own !== undefined) return own;
    const written = chain.at(-1) === name ? undefined : source.env.get(name);
    if (written === undefined) return inheritedValue(name, source);
    if (chain.includes(name) || chain.length >= LONGEST_CHAIN) {
      return {
        problem: `refers to ${chain.slice(-3).join(', ')} in a circle or too long a chain`,
        hint: 'write it out',
      };
    }
    // What is wrong with the entry is said of the entry itself.
    return { value: fillEntry(name, written).text };
  };
  for (const [name, written] of source.env) fillEntry(name, written);
  return { find, env };
}

/** procman's own; undefined where the name is none of these. */
function ownValue(name: string, source: ScopeSource): Lookup | undefined {
  if (name === 'PROCMAN_ID') return { value: source.id };
  if (name === 'PROCMAN_CONFIG_DIR') return { value: source.directory };
  if (!LAUNCH_NAMES.includes(name)) return undefined;
  if (name !== 'PROCMAN_PID_FILE' || source.hasPidFile) return { value: placeholder(name as LaunchName) };
  return {
    problem: '{{ PROCMAN_PID_FILE }} is there only for commands of type pid-file',
    hint: 'write command = { line = "...", type = "pid-file" }',
  };
}

/** From the daemon's environment; what begins with PROCMAN_ there is about the daemon itself. */
function inheritedValue(name: string, source: ScopeSource): Lookup {
  const isOwn = name.startsWith('PROCMAN_') || !Object.hasOwn(source.environment, name);
  const value = isOwn ? undefined : source.environment[name];
  return value === undefined ? unknownName(name, source) : valueOf(name, value);
}

function valueOf(name: string, value: string): Lookup {
  if (holdsPlaceholder(value))
    return { problem: `the value of {{ ${name} }} ${RESERVED.problem}`, hint: RESERVED.hint };
  if (value.includes('\0')) return { problem: `the value of {{ ${name} }} holds a NUL character` };
  return { value };
}

const PLACES = "it is looked up in params, among procman's own names, in env, and in the daemon's environment";

function unknownName(name: string, { params, env, environment }: ScopeSource): Lookup {
  const names = [...params.keys(), ...OWN_NAMES, ...env.keys(), ...Object.keys(environment)];
  const nearest = createNearest(names)(name);
  const hint = nearest === undefined ? PLACES : `did you mean ${quote(nearest)}? ${capital(PLACES)}`;
  return { problem: `{{ ${name} }} is not defined`, hint };
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** The texts of a table by name, numbers and truth values as they are written; what is no text is reported elsewhere. */
export function textsOf(table: unknown, path: Path, report: Report): Map<string, string> {
  if (!isTable(table)) return new Map();
  return new Map(
    Object.entries(table).flatMap(([name, value]): [string, string][] => {
      if (typeof value === 'string') return [[name, value]];
      if (typeof value === 'boolean') return [[name, String(value)]];
      if (typeof value !== 'number') return [];
      const decimal = /^[+-]?\d+\.\d+/.exec(report.locator.valueText([...path, name]) ?? '')?.[0];
      return [[name, decimal ?? String(value)]];
    }),
  );
}

export interface FillPlace {
  readonly path: Path;
  readonly process: string | undefined;
}

/**
 * A table with the names in its texts filled in; `command` is left as it is. A key with a name that stands for nothing is
 * reported and left out, so that nothing else is said of it.
 */
export function fillTable(raw: RawTable, scope: Scope, place: FillPlace, report: Report): RawTable {
  const filled: Record<string, unknown> = {};
  for (const [given, value] of Object.entries(raw)) {
    const key = given.replaceAll('_', '-');
    const walk = new Walk({ key, scope, place, report });
    const result = TEXT_KEYS.has(key) ? walk.fill(value, [key]) : value;
    if (!walk.failed) filled[given] = result;
  }
  return filled;
}

interface WalkInput {
  readonly key: string;
  readonly scope: Scope;
  readonly place: FillPlace;
  readonly report: Report;
}

/** No key has texts below that; dotted keys may be thousands deep. */
export const DEEPEST_TEXT = 3;

/** Fills the texts within one key's value. */
class Walk {
  failed = false;
  private readonly input: WalkInput;

  constructor(input: WalkInput) {
    this.input = input;
  }

  fill(value: unknown, path: Path): unknown {
    if (typeof value === 'string') return this.isText(path) ? this.fillOne(value, path) : value;
    if (path.length > DEEPEST_TEXT) return value;
    if (Array.isArray(value)) return value.map((inner: unknown, index) => this.fill(inner, [...path, index]));
    if (!isTable(value)) return value;
    const entries = Object.entries(value).map(([name, inner]) => [name, this.fill(inner, [...path, name])]);
    return Object.fromEntries(entries) as RawTable;
  }

  /** Ids of dependencies are no texts; commands of external ones are. */
  private isText(path: Path): boolean {
    return this.input.key !== 'depends-on' || path.at(-1) === 'command';
  }

  private fillOne(text: string, path: Path): string {
    const { key, scope, place, report } = this.input;
    const isEnv = key === 'env' && path.length === 2;
    const filled = (isEnv ? scope.env.get(String(path[1])) : undefined) ?? fillText(text, scope.find);
    const problems =
      LOAD_TIME_KEYS.has(key) && holdsPlaceholder(filled.text) && !holdsPlaceholder(text)
        ? [...filled.problems, TOO_EARLY]
        : filled.problems;
    for (const { problem, hint } of problems) {
      this.failed = true;
      const names = path.filter((step) => typeof step === 'string');
      report.error({
        path: [...place.path, ...path],
        process: place.process,
        key: names.join('.'),
        message: problem,
        hint,
      });
    }
    return filled.text;
  }
}

const TOO_EARLY = {
  problem: 'holds a name that only a launch knows',
  hint: 'it is read when the configuration is loaded, once for all instances',
};

/** Whether the written command is of type `pid-file`. */
export function hasPidFile(raw: RawTable): boolean {
  const command = rawValue(raw, 'command');
  if (!isTable(command)) return false;
  const type = command['type'];
  return type === 'pid-file' || type === 'pid_file';
}
