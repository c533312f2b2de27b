/** Reads the `[[process]]` tables: their template's keys added, `[defaults]` merged in, `{{ NAME }}` filled in. */
import { resolveCivilTime } from './apply-on.ts';
import type { ConfigFiles } from './config-files.ts';
import type { LoadContext } from './context.ts';
import { readDefaults, valuesFor, type Defaults } from './defaults.ts';
import { placeOf } from './key-places.ts';
import type { Draft } from './draft.ts';
import { readEnvFile } from './env-file.ts';
import { describeValue } from './issues.ts';
import { keepDates, keepDecimals } from './kept-texts.ts';
import type { Path } from './positions.ts';
import { commandOf } from './process-command.ts';
import { isOneShot, processKeys, type DefaultValues, type ProcessValues } from './process-keys.ts';
import { versionOf } from './process-version.ts';
import { REFERENCE_NAME } from './references.ts';
import type { Report } from './report.ts';
import { addDefaults, isTable, readTable, type RawTable, type TableKind } from './table-reader.ts';
import { applyTemplate, type Templates } from './templates.ts';
import { fillTable, hasPidFile, scopeOf, textsOf, type Scope } from './variables.ts';

const PROCESS: TableKind<typeof processKeys> = {
  shape: processKeys,
  free: ['env', 'params', 'template'],
  elsewhere: (key) => placeOf(key, ['daemon', 'metrics']),
};

/** What the tables are resolved against. */
export interface DraftContext {
  /** The folder of the configuration file. */
  readonly directory: string;
  readonly timezone: string;
  /** Where env-files are read. */
  readonly files: ConfigFiles;
  /** The daemon's. */
  readonly environment: LoadContext['env'];
  readonly templates: Templates;
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

interface DraftSource {
  readonly index: number;
  readonly defaults: Defaults;
  readonly context: DraftContext;
}

function readDraft(parsed: unknown, source: DraftSource, report: Report): Draft | undefined {
  const path = ['process', source.index];
  if (!isTable(parsed)) {
    report.error({ path, key: 'process', message: 'is not a table', found: describeValue(parsed) });
    return undefined;
  }
  if (Object.keys(parsed).length === 0) {
    report.warning({ path, message: 'an empty [[process]] table is skipped', hint: 'remove it' });
    return undefined;
  }
  const { defaults, context } = source;
  const place = { path, process: typeof parsed['id'] === 'string' ? parsed['id'] : undefined };
  const expansion = applyTemplate(parsed, { templates: context.templates, defaults: defaults.raw }, place, report);
  const raw = keepDates(expansion.kind === 'expanded' ? expansion.raw : parsed, path, report);
  const isWhole = expansion.kind !== 'failed';
  const scope = readScope(raw, source, place, report);
  const filled = isWhole ? fillTable(raw, scope, place, report) : raw;
  const own = readTable(filled, PROCESS, { ...place, written: raw }, report);
  own.env = { ...own.env, ...keepDecimals(raw['env'], [...path, 'env'], own.env, report) };
  const inherited = valuesFor(defaults, { raw, scope, process: place.process }, report);
  // Without its template a process lacks what the template would have brought: nothing is said of that.
  const present = isWhole ? raw : { command: '', 'apply-on': '', ...raw };
  const values = addDefaults(merge(inherited, own), present, PROCESS, place, report);
  values.fake ??= values.type;
  const civil = values['apply-on'];
  const draft = {
    path,
    raw,
    values,
    envFile: readEnvFile({ written: values['env-file'], ...context }),
    id: values.id,
    applyOn: civil === undefined ? undefined : resolveCivilTime(civil, context.timezone),
  };
  return { ...draft, version: versionOf(draft, commandOf(draft, scope, report), context, report) };
}

/** What names in the process's texts stand for. */
function readScope(
  raw: RawTable,
  { defaults, context }: DraftSource,
  place: { readonly path: Path; readonly process: string | undefined },
  report: Report,
): Scope {
  const textsIn = (key: string): Map<string, string> =>
    new Map([
      ...textsOf(defaults.raw[key], ['defaults', key], report),
      ...textsOf(raw[key], [...place.path, key], report),
    ]);
  if (isTable(raw['params'])) {
    for (const name of Object.keys(raw['params'])) {
      const message = paramProblem(name);
      if (message === undefined) continue;
      const path = [...place.path, 'params', name];
      report.error({ path, process: place.process, key: `params.${name}`, message, hint: 'choose another name' });
    }
  }
  return scopeOf({
    id: place.process ?? '',
    directory: context.directory,
    hasPidFile: hasPidFile(raw),
    params: textsIn('params'),
    env: textsIn('env'),
    environment: context.environment,
  });
}

function paramProblem(name: string): string | undefined {
  if (!REFERENCE_NAME.test(name)) return 'is no name for {{ }}: letters, digits, _ and -, no leading digit or -';
  return name.startsWith('PROCMAN_') ? "names beginning with PROCMAN_ are procman's own" : undefined;
}

/**
 * The process's own keys win. Environments and params are added up; `autorestart` of the defaults is not meant for one-shots.
 */
function merge(defaults: DefaultValues, own: ProcessValues): ProcessValues {
  const given = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
  const values: ProcessValues = { ...defaults, ...given };
  values.env = { ...defaults.env, ...own.env };
  values.params = { ...defaults.params, ...own.params };
  if (isOneShot(values) && values.autorestart === 'always') values.autorestart = own.autorestart;
  if (own.type !== undefined && own.fake === undefined) values.fake = own.type;
  return values;
}
