/**
 * Templates (SPEC 2.3): `[[template]]` tables hold pieces of TOML, processes fill in the variables and get the keys.
 *
 * A key that the process has itself wins over the template's; `work_dir` is `work-dir` here, too. `env` and `params` are added
 * up, name by name, as with `[defaults]`; every other key is taken whole from one of the two.
 */
import type { GraftedLocator } from './grafts.ts';
import { createNearest } from './nearest.ts';
import { parseToml } from './parse-toml.ts';
import { locate, type Locator, type Path } from './positions.ts';
import { quote } from './problem.ts';
import type { Report } from './report.ts';
import { isTable, rawValue, readTable, addDefaults, type RawTable, type TablePlace } from './table-reader.ts';
import { templateKeys } from './template-keys.ts';
import { basicString, fillFragment, variablesOf, type FragmentValue } from './toml-text.ts';

export interface Template {
  readonly name: string;
  /** Its text in the file. */
  readonly text: string;
  /** `FILE:LINE` of its table, for messages. */
  readonly where: string;
  readonly variables: ReadonlySet<string>;
  /** It is no TOML, whatever its variables: this has been reported. */
  readonly isBroken: boolean;
}

/** All values that go into one template: more is a slip, or worse. */
const LONGEST_FILLING = 1024 * 1024;

/** By name, in the order of the file. */
export type Templates = ReadonlyMap<string, Template>;

/** Keys that are added up, not replaced. */
export const ADDED_KEYS: readonly string[] = ['env', 'params'];
/** Keys that no template can have, with the reason. */
const FORBIDDEN: Readonly<Record<string, { readonly message: string; readonly hint: string }>> = {
  id: { message: "a template cannot give an id: it is each process's own", hint: 'write id in [[process]]' },
  template: { message: 'a template cannot use another one', hint: 'write the keys of both into one template' },
  process: { message: 'a template is the inside of a process', hint: 'write [env] or [schedule], not [process.env]' },
};

/** The `[[template]]` tables of a configuration. */
export function readTemplates(top: RawTable, report: Report): Templates {
  const tables = top['template'] ?? [];
  const templates = new Map<string, Template>();
  if (!Array.isArray(tables)) {
    const hint = 'write [[template]], in double brackets, above each template';
    report.error({ path: ['template'], key: 'template', message: 'is not a list of tables', hint });
    return templates;
  }
  for (const [index, raw] of (tables as unknown[]).entries()) {
    const template = readTemplate(raw, ['template', index], report);
    if (template === undefined) continue;
    const first = templates.get(template.name);
    if (first === undefined) templates.set(template.name, template);
    else {
      const message = `there is a template ${quote(template.name)} already, at ${first.where}`;
      report.error({ path: ['template', index, 'name'], key: 'template.name', message, hint: 'rename one of the two' });
    }
  }
  return templates;
}

function readTemplate(raw: unknown, path: Path, report: Report): Template | undefined {
  if (!isTable(raw)) {
    report.error({ path, key: 'template', message: 'is not a table', hint: 'write [[template]]' });
    return undefined;
  }
  const kind = { shape: templateKeys };
  const { name, template } = addDefaults(readTable(raw, kind, { path }, report), raw, kind, { path }, report);
  if (name === undefined || template === undefined) return undefined;
  const variables = variablesOf(template);
  const { file = report.file, line } = report.locator.position(path);
  const where = `${file}:${line}`;
  const problem = trialProblem(template, variables);
  if (problem !== undefined) {
    const message = `template ${quote(name)}, ${problem.message}`;
    report.error({ path: [...path, 'template'], key: 'template', message, hint: problem.hint });
  }
  return { name, text: template, where, variables, isBroken: problem !== undefined };
}

/** What is wrong with a template whatever its values. Each variable stands for another number: that is right in all places. */
function trialProblem(
  text: string,
  variables: ReadonlySet<string>,
): { message: string; hint?: string | undefined } | undefined {
  const numbers = new Map([...variables].map((name, index) => [name, String(index)]));
  const filled = fillFragment(text, (name) => {
    const digits = numbers.get(name);
    return digits === undefined ? undefined : { text: digits, bare: digits };
  });
  const parsed = parseToml(filled, '');
  if (!parsed.ok) return inFragment(parsed.problem);
  for (const key of Object.keys(parsed.top)) {
    const forbidden = Object.hasOwn(FORBIDDEN, key) ? FORBIDDEN[key] : undefined;
    if (forbidden !== undefined) {
      return { message: `line ${locate(filled).position([key]).line}: ${forbidden.message}`, hint: forbidden.hint };
    }
  }
  return undefined;
}

function inFragment(problem: { message: string; line?: number; hint?: string }): {
  message: string;
  hint?: string | undefined;
} {
  const line = problem.line === undefined ? '' : `line ${problem.line}: `;
  return { message: `${line}${problem.message}`, hint: problem.hint };
}

/** The keys that a template gives to a process, and where they stand in its text. */
interface Filled {
  readonly keys: RawTable;
  readonly locator: Locator;
  readonly template: string;
}

export interface TemplateSource {
  readonly templates: Templates;
  /** `[defaults]`, which may name a template for all. */
  readonly defaults: RawTable;
}

/** A process's table with the keys of its template. */
export type Expansion =
  | { readonly kind: 'plain' }
  | { readonly kind: 'expanded'; readonly raw: RawTable }
  /** The template cannot be used, which has been reported. */
  | { readonly kind: 'failed' };

/** Gives a process's table the keys of its template. The table's own `template` stays: a change of it makes a run stale. */
export function applyTemplate(raw: RawTable, source: TemplateSource, place: TablePlace, report: Report): Expansion {
  const own = rawValue(raw, 'template');
  const usePath = own === undefined ? ['defaults', 'template'] : [...place.path, 'template'];
  const written = own ?? rawValue(source.defaults, 'template');
  if (written === undefined) return { kind: 'plain' };
  const usePlace = { path: usePath, process: place.process };
  const use = readUse(written, usePlace, report);
  const filled = use === undefined ? undefined : fillTemplate(use, source.templates, usePlace, report);
  if (filled === undefined) return { kind: 'failed' };
  return { kind: 'expanded', raw: mergeKeys(raw, filled, { ...place, usePath }, report.locator) };
}

type Scalar = string | number | boolean;

/** Which template a process uses, and the values of its variables. */
interface TemplateUse {
  readonly template: string;
  readonly variables: Readonly<Record<string, Scalar>>;
}

/** undefined where it is none; wrong kinds of values are reported with the other keys. */
function readUse(written: unknown, { path, process }: TablePlace, report: Report): TemplateUse | undefined {
  if (!isTable(written)) return undefined;
  const { template, ...variables } = written;
  if (template === undefined) {
    const hint = 'write template = "NAME" in it';
    report.error({ path, process, key: 'template', message: 'does not say which template', hint });
  }
  const isUsable = Object.values(variables).every((value) => ['string', 'number', 'boolean'].includes(typeof value));
  if (typeof template !== 'string' || !isUsable) return undefined;
  return { template, variables: variables as Record<string, Scalar> };
}

function fillTemplate(use: TemplateUse, templates: Templates, place: TablePlace, report: Report): Filled | undefined {
  const error = (message: string, more: { key?: string; hint?: string | undefined } = {}): void => {
    const path = more.key === undefined ? place.path : [...place.path, more.key];
    const key = more.key === undefined ? 'template' : `template.${more.key}`;
    report.error({ path, process: place.process, key, message, hint: more.hint });
  };
  const template = templates.get(use.template);
  if (template === undefined) {
    const nearest = createNearest(templates.keys())(use.template);
    const names = [...templates.keys()].slice(0, 10).map(quote).join(', ');
    const others = templates.size === 0 ? 'the file has no [[template]]' : `the file has ${names}`;
    const hint = nearest === undefined ? others : `did you mean ${quote(nearest)}?`;
    error(`there is no template ${quote(use.template)}`, { key: 'template', hint });
    return undefined;
  }
  if (template.isBroken) {
    error(`the template ${quote(template.name)} (${template.where}) cannot be used`, {
      hint: 'mend the template first',
    });
    return undefined;
  }
  if (!checkVariables(use, template, error)) return undefined;
  const values = new Map(
    Object.entries(use.variables).map(([name, value]) => [
      name,
      fragmentValue(value, report.locator.valueText([...place.path, name])),
    ]),
  );
  let length = 0;
  const filled = fillFragment(template.text, (name) => {
    const value = values.get(name);
    length += value?.text.length ?? 0;
    return length > LONGEST_FILLING ? { text: '', bare: '0' } : value;
  });
  if (length > LONGEST_FILLING) {
    error(`with these values, template ${quote(template.name)} (${template.where}) is longer than 1 MiB`);
    return undefined;
  }
  const parsed = parseToml(filled, report.file);
  if (!parsed.ok) {
    const { message, hint } = inFragment(parsed.problem);
    error(`with these values, template ${quote(template.name)} (${template.where}), ${message}`, { hint });
    return undefined;
  }
  return { keys: parsed.top, locator: locate(filled), template: template.name };
}

type ReportError = (message: string, more?: { key?: string; hint?: string | undefined }) => void;

/** Every variable of the template has a value, and every value a variable. */
function checkVariables({ variables: given }: TemplateUse, template: Template, error: ReportError): boolean {
  const { name, where, variables } = template;
  const missing = [...variables].filter((variable) => !Object.hasOwn(given, variable));
  const extra = Object.keys(given).filter((variable) => !variables.has(variable));
  const nearest = createNearest(missing);
  for (const variable of missing) {
    error(`template ${quote(name)} (${where}) needs the variable ${quote(variable)}`, {
      hint: `write ${variable} = "..." in [process.template]`,
    });
  }
  for (const variable of extra) {
    const meant = nearest(variable);
    const list = variables.size === 0 ? 'it has none' : `it has ${[...variables].map(quote).join(', ')}`;
    error(`template ${quote(name)} (${where}) has no variable ${quote(variable)}`, {
      key: variable,
      hint: meant === undefined ? list : `did you mean ${quote(meant)}?`,
    });
  }
  return missing.length + extra.length === 0;
}

/** `1.10` stays `1.10`: a number with a fraction is taken as it is written. */
function fragmentValue(value: Scalar, written: string | undefined): FragmentValue {
  if (typeof value === 'string') return { text: value, bare: basicString(value) };
  const decimal = typeof value === 'number' ? /^[+-]?\d+\.\d+/.exec(written ?? '')?.[0] : undefined;
  const text = decimal ?? String(value).replace('Infinity', 'inf').replace('NaN', 'nan');
  return { text, bare: text };
}

/** The process's own keys first, as they are; then what the template adds. */
function mergeKeys(
  raw: RawTable,
  { keys, locator, template }: Filled,
  place: TablePlace & { readonly usePath: Path },
  report: GraftedLocator,
): RawTable {
  const merged: Record<string, unknown> = { ...raw };
  const own = new Map(Object.keys(raw).map((key) => [key.replaceAll('_', '-'), key]));
  const graft = (path: Path): void => {
    report.graft([...place.path, ...path], { place: place.usePath, locator, path, template });
  };
  for (const [key, value] of Object.entries(keys)) {
    const kebab = key.replaceAll('_', '-');
    const ownKey = own.get(kebab);
    const ownValue = ownKey === undefined ? undefined : raw[ownKey];
    if (ownKey === undefined) {
      merged[key] = value;
      graft([kebab]);
    } else if (ADDED_KEYS.includes(kebab) && isTable(ownValue) && isTable(value)) {
      merged[ownKey] = { ...value, ...ownValue };
      for (const name of Object.keys(value)) if (!Object.hasOwn(ownValue, name)) graft([kebab, name]);
    }
  }
  return merged;
}
