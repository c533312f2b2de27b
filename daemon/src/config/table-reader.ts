/**
 * Reads one table key by key against its shape, so that one wrong key hides no other: spellings, unknown keys, keys of the
 * next release, wrong values.
 */
import type * as z from 'zod';
import { findingsOf } from './issues.ts';
import { allowedAt, allowedText, type Shape, type Values } from './key.ts';
import type { Path } from './positions.ts';
import { quote } from './problem.ts';
import type { Report } from './report.ts';
import { unknownKeyMessage } from './unknown-keys.ts';

/** A table as smol-toml gives it. */
export type RawTable = Readonly<Record<string, unknown>>;

export interface TableKind<S extends Shape> {
  readonly shape: S;
  /** Keys that are read elsewhere: tables within this one. */
  readonly others?: readonly string[];
  /** Keys whose values are tables with names that people choose: these are no keys of ours. */
  readonly free?: readonly string[];
  /** Where a key has its place that has none in this table; undefined: nowhere. */
  readonly elsewhere?: (key: string) => string | undefined;
}

/** Where a table stands and whose it is. */
export interface TablePlace {
  readonly path: Path;
  readonly process?: string | undefined;
  /** The table as it is written, where names were filled in since: problems show its values, for the others may be secrets. */
  readonly written?: RawTable;
}

/** Is it a table, and no list or date? */
export function isTable(value: unknown): value is RawTable {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** The checked values of the keys that the table has. Problems go to the report. */
export function readTable<S extends Shape>(
  raw: RawTable,
  kind: TableKind<S>,
  place: TablePlace,
  report: Report,
): Values<S> {
  const values: Record<string, unknown> = {};
  for (const [key, value] of spellKeys(raw, place, report)) {
    const check = Object.hasOwn(kind.shape, key) ? kind.shape[key] : undefined;
    if (check !== undefined) {
      const isFree = kind.free?.includes(key) === true;
      if (!isFree) reportTwice(value, { ...place, path: [...place.path, key] }, report);
      const result = readValue({ key, value: isFree ? value : kebabInside(value, 3), check }, place, report);
      if (result !== undefined) values[key] = result.value;
    } else if (kind.others?.includes(key) !== true) {
      const known = [...Object.keys(kind.shape), ...(kind.others ?? [])];
      const hint = kind.elsewhere?.(key);
      const message = hint === undefined ? unknownKeyMessage(key, known) : 'has no place here';
      report.error({ path: [...place.path, key], process: place.process, key, message, hint });
    }
  }
  return values as Values<S>;
}

/** Defaults for the keys that are absent; a required key that the table does not have is a problem. */
export function addDefaults<S extends Shape>(
  values: Values<S>,
  raw: RawTable,
  kind: TableKind<S>,
  place: TablePlace,
  report: Report,
): Values<S> {
  const complete: Record<string, unknown> = { ...values };
  for (const [key, check] of Object.entries(kind.shape)) {
    if (complete[key] !== undefined) continue;
    const result = defaultOf(check);
    if (result.success) complete[key] = result.data;
    else if (rawValue(raw, key) === undefined) {
      report.error({
        path: place.path,
        process: place.process,
        key,
        message: 'is missing',
        allowed: allowedText(check),
      });
    }
  }
  return complete as Values<S>;
}

/** Checks of absent values, which always give the same: kept, because a file has many tables. Nobody changes a value in place. */
const defaultResults = new WeakMap<z.ZodType, z.ZodSafeParseResult<unknown>>();

function defaultOf(check: z.ZodType): z.ZodSafeParseResult<unknown> {
  const known = defaultResults.get(check);
  if (known !== undefined) return known;
  const result = check.safeParse(undefined);
  defaultResults.set(check, result);
  return result;
}

/** The value of a key in either spelling. */
export function rawValue(raw: RawTable, key: string): unknown {
  return raw[key] ?? raw[key.replaceAll('-', '_')];
}

const ONE_SPELLING = 'take one of the two out';

/** The keys in kebab-case; a key that is given in both spellings is a problem. */
function spellKeys(raw: RawTable, place: TablePlace, report: Report): Map<string, unknown> {
  const spelled = new Map<string, unknown>();
  for (const [given, value] of Object.entries(raw)) {
    const key = given.replaceAll('_', '-');
    if (spelled.has(key)) {
      const message = `is given twice, as ${quote(key)} and ${quote(key.replaceAll('-', '_'))}`;
      report.error({ path: [...place.path, given], process: place.process, key, message, hint: ONE_SPELLING });
    } else spelled.set(key, value);
  }
  return spelled;
}

/** snake_case is accepted in the small tables within values, too. */
function kebabInside(value: unknown, depth: number): unknown {
  if (depth === 0) return value;
  if (Array.isArray(value)) return value.map((item: unknown) => kebabInside(item, depth - 1));
  if (!isTable(value)) return value;
  const entries = Object.entries(value).map(([key, inner]) => [
    key.replaceAll('_', '-'),
    kebabInside(inner, depth - 1),
  ]);
  return Object.fromEntries(entries);
}

/** A key of a table within a value that is given in both spellings. */
function reportTwice(value: unknown, place: TablePlace, report: Report, depth = 3): void {
  if (depth === 0 || typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    const kebab = key.replaceAll('_', '-');
    if (kebab !== key && Object.hasOwn(value, kebab)) {
      const message = `is given twice, as ${quote(kebab)} and ${quote(key)}`;
      report.error({ path: [...place.path, key], process: place.process, key: kebab, message, hint: ONE_SPELLING });
    }
    reportTwice(
      inner,
      { ...place, path: [...place.path, Array.isArray(value) ? Number(key) : key] },
      report,
      depth - 1,
    );
  }
}

interface GivenValue {
  readonly key: string;
  readonly value: unknown;
  readonly check: z.ZodType;
}

function readValue(given: GivenValue, place: TablePlace, report: Report): { value: unknown } | undefined {
  const { key, value, check } = given;
  const result = check.safeParse(value);
  if (result.success) return { value: result.data };
  const written = place.written === undefined ? value : kebabInside(rawValue(place.written, key), 3);
  for (const finding of findingsOf(result.error, written)) {
    const names = finding.path.filter((step) => typeof step === 'string');
    // The URL of a chat's webhook is a secret as a whole.
    const isSecret = key === 'env' || key === 'webhook';
    report.error({
      path: [...place.path, key, ...finding.path],
      process: place.process,
      key: [key, ...names].join('.'),
      message: finding.message,
      found: isSecret ? undefined : finding.found,
      allowed: finding.isPlain === true ? undefined : allowedAt(check, finding.path),
      hint: finding.hint,
    });
  }
  return undefined;
}
