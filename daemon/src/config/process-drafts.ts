/** Reads the `[[process]]` tables with `[defaults]` merged in. */
import { resolveCivilTime } from './apply-on.ts';
import type { Draft } from './draft.ts';
import { describeValue } from './issues.ts';
import { commandOf, versionOf } from './process-version.ts';
import { processKeys, sharedKeys, type DefaultValues, type ProcessValues } from './process-keys.ts';
import type { Report } from './report.ts';
import { addDefaults, isTable, rawValue, readTable, type RawTable, type TableKind } from './table-reader.ts';
import { LATER_KEYS } from './unknown-keys.ts';

const PROCESS: TableKind<typeof processKeys> = { shape: processKeys, later: LATER_KEYS.process, free: ['env'] };
const DEFAULTS: TableKind<typeof sharedKeys> = { shape: sharedKeys, later: LATER_KEYS.process, free: ['env'] };

/** What the tables are resolved against. */
export interface DraftContext {
  /** The folder of the configuration file. */
  readonly directory: string;
  readonly timezone: string;
}

/** One draft per table that is not empty. */
export function readDrafts(top: RawTable, context: DraftContext, report: Report): Draft[] {
  const defaults = readDefaults(top, report);
  const tables = top['process'] ?? [];
  if (!Array.isArray(tables)) {
    const hint = 'write [[process]], in double brackets, above each process';
    report.error({
      path: ['process'],
      key: 'process',
      message: 'is not a list of tables',
      found: describeValue(tables),
      hint,
    });
    return [];
  }
  return tables.flatMap((raw: unknown, index) => {
    const draft = readDraft(raw, { index, defaults, context }, report);
    return draft === undefined ? [] : [draft];
  });
}

function readDefaults(top: RawTable, report: Report): DefaultValues {
  const raw = top['defaults'];
  if (raw === undefined) return {};
  if (!isTable(raw)) {
    report.error({ path: ['defaults'], key: 'defaults', message: 'is not a table', found: describeValue(raw) });
    return {};
  }
  const identity = ['id', 'apply-on', 'command'];
  for (const key of identity.filter((name) => rawValue(raw, name) !== undefined)) {
    report.error({ path: ['defaults', key], key, message: "cannot have a default: it is each process's own" });
  }
  const values = readTable(raw, { ...DEFAULTS, others: identity }, { path: ['defaults'] }, report);
  values.env = { ...values.env, ...keepDecimals(raw['env'], ['defaults', 'env'], values.env, report) };
  return values;
}

interface DraftSource {
  readonly index: number;
  readonly defaults: DefaultValues;
  readonly context: DraftContext;
}

function readDraft(parsed: unknown, source: DraftSource, report: Report): Draft | undefined {
  const path = ['process', source.index];
  if (!isTable(parsed)) {
    report.error({ path, key: 'process', message: 'is not a table', found: describeValue(parsed) });
    return undefined;
  }
  const raw = keepDates(parsed, path, report);
  if (Object.keys(raw).length === 0) {
    report.warning({ path, message: 'an empty [[process]] table is skipped', hint: 'remove it' });
    return undefined;
  }
  const given = raw['id'];
  const place = { path, process: typeof given === 'string' ? given : undefined };
  const own = readTable(raw, PROCESS, place, report);
  own.env = { ...own.env, ...keepDecimals(raw['env'], [...path, 'env'], own.env, report) };
  const values = addDefaults(merge(source.defaults, own), raw, PROCESS, place, report);
  values.fake ??= values.type;
  const civil = values['apply-on'];
  const draft = {
    path,
    raw,
    values,
    id: values.id,
    applyOn: civil === undefined ? undefined : resolveCivilTime(civil, source.context.timezone),
  };
  return { ...draft, version: versionOf(draft, commandOf(draft, report), source.context.directory) };
}

/** The process's own keys win. Environments are added up; `autorestart` of the defaults is not meant for one-shots. */
function merge(defaults: DefaultValues, own: ProcessValues): ProcessValues {
  const given = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
  const values: ProcessValues = { ...defaults, ...given };
  values.env = { ...defaults.env, ...own.env };
  if (values['one-shot'] === true && values.autorestart === 'always') values.autorestart = own.autorestart;
  if (own.type !== undefined && own.fake === undefined) values.fake = own.type;
  return values;
}

/** TOML's own dates as they are written: as a `Date`, February 30th would have become March 1st. */
function keepDates(raw: RawTable, path: readonly (string | number)[], report: Report): RawTable {
  const entries = Object.entries(raw).map(([key, value]) => {
    const written = value instanceof Date ? report.locator.valueText([...path, key]) : undefined;
    return [key, written === undefined ? value : written.replace(/[#,}\r\n].*$/s, '').trim()];
  });
  return Object.fromEntries(entries) as RawTable;
}

/** `VERSION = 1.10` stays `1.10`: a number with a fraction is taken as it is written, not as it is computed. */
function keepDecimals(
  raw: unknown,
  path: readonly (string | number)[],
  checked: Readonly<Record<string, string>> | undefined,
  report: Report,
): Record<string, string> {
  if (!isTable(raw) || checked === undefined) return {};
  const numbers = Object.entries(raw).filter(([, value]) => typeof value === 'number');
  return Object.fromEntries(
    numbers.flatMap(([name]) => {
      const written = /^[+-]?\d+\.\d+/.exec(report.locator.valueText([...path, name]) ?? '')?.[0];
      return written === undefined ? [] : [[name, written]];
    }),
  );
}
