/** `[defaults]`: values for every process that does not give its own. */
import { describeValue } from './issues.ts';
import { keepDecimals } from './kept-texts.ts';
import { sharedKeys, type DefaultValues } from './process-keys.ts';
import { holdsReference } from './references.ts';
import type { Report } from './report.ts';
import { isTable, rawValue, readTable, type RawTable, type TableKind } from './table-reader.ts';
import { DEEPEST_TEXT, fillTable, TEXT_KEYS, type Scope } from './variables.ts';

const IDENTITY = ['id', 'apply-on', 'command'];
const DEFAULTS: TableKind<typeof sharedKeys> = {
  shape: sharedKeys,
  others: IDENTITY,
  free: ['env', 'params', 'template'],
};

export interface Defaults {
  /** As written. */
  readonly raw: RawTable;
  /** The same for every process. */
  readonly fixed: DefaultValues;
  /** Keys with `{{ NAME }}` in them: another value for each process. */
  readonly open: RawTable;
}

export function readDefaults(top: RawTable, report: Report): Defaults {
  const raw = top['defaults'];
  if (raw === undefined) return { raw: {}, fixed: {}, open: {} };
  if (!isTable(raw)) {
    const found = describeValue(raw);
    report.error({ path: ['defaults'], key: 'defaults', message: 'is not a table', found, hint: 'write [defaults]' });
    return { raw: {}, fixed: {}, open: {} };
  }
  for (const key of IDENTITY.filter((name) => rawValue(raw, name) !== undefined)) {
    const hint = `write ${key} in each [[process]]`;
    report.error({ path: ['defaults', key], key, message: "cannot have a default: it is each process's own", hint });
  }
  const isOpen = ([key, value]: [string, unknown]): boolean =>
    TEXT_KEYS.has(key.replaceAll('_', '-')) && holdsReference(value, DEEPEST_TEXT);
  const entries = Object.entries(raw);
  const open = Object.fromEntries(entries.filter(isOpen)) as RawTable;
  const fixed = readValues(Object.fromEntries(entries.filter((entry) => !isOpen(entry))), raw, {}, report);
  return { raw, fixed, open };
}

/** For whom the defaults are. */
export interface DefaultsUser {
  readonly raw: RawTable;
  readonly scope: Scope;
  readonly process: string | undefined;
}

/** The values that a process takes over; keys that it gives itself are not looked at, but for `env`, which is added up. */
export function valuesFor(defaults: Defaults, user: DefaultsUser, report: Report): DefaultValues {
  const needed = Object.entries(defaults.open).filter(([key]) => {
    const kebab = key.replaceAll('_', '-');
    return kebab === 'env' || rawValue(user.raw, kebab) === undefined;
  });
  if (needed.length === 0) return defaults.fixed;
  const written = Object.fromEntries(needed) as RawTable;
  const filled = fillTable(written, user.scope, { path: ['defaults'], process: user.process }, report);
  return { ...defaults.fixed, ...readValues(filled, written, { process: user.process }, report) };
}

function readValues(
  filled: RawTable,
  written: RawTable,
  place: { readonly process?: string | undefined },
  report: Report,
): DefaultValues {
  const values = readTable(filled, DEFAULTS, { path: ['defaults'], written, ...place }, report);
  if (values.env === undefined) return values;
  return { ...values, env: { ...values.env, ...keepDecimals(filled['env'], ['defaults', 'env'], values.env, report) } };
}
