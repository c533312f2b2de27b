/** The one writer: a draft as the text of a configuration. */
import { basicString } from '@procman/daemon/config/toml-text';
import { type Draft, type Item, type Place, type Remark, type Table, type Value, Verbatim } from './draft.ts';
import { basename } from 'node:path';

export interface Heading {
  /** The lines at the top, without `#`. */
  readonly lines: readonly string[];
  /** Where the source has none of its own. */
  readonly uid: string;
  /** Versions take effect at this day, where the source says nothing: `2026-11-28`. */
  readonly day: string;
}

/** What begins every remark, so that one can look for them. */
export const REMARK_MARK = '# import:';

export function writeDraft(draft: Draft, heading: Heading): string {
  const top = [
    ...heading.lines.map((line) => `# ${line}`),
    '',
    ...(draft.top.get('uid') === undefined ? [`uid = ${tomlValue(heading.uid)}`] : []),
    ...(draft.top.get('file-format') === undefined ? ['file-format = "0"'] : []),
    ...itemLines(draft.top),
  ];
  const tables = [draft.daemon, draft.defaults, ...draft.tables].filter(
    (table) => table.items.length > 0 || table.kept,
  );
  const blocks = tables.map((table) => tableLines(dated(table, heading.day)).join('\n'));
  return `${[top.join('\n'), ...blocks].join('\n\n')}\n`;
}

/** Every process needs an `apply-on`; it stands below its id. */
function dated(table: Table, day: string): Table {
  if (table.header !== '[[process]]' || table.get('id') === undefined || table.get('apply-on') !== undefined)
    return table;
  const at = table.items.findIndex(
    ({ kind, ...item }) => kind === 'setting' && 'path' in item && item.path[0] === 'id',
  );
  table.items.splice(at + 1, 0, { kind: 'setting', path: ['apply-on'], value: `${day}T00:00:00` });
  return table;
}

function tableLines(table: Table): string[] {
  const beside = table.kept?.beside === undefined ? '' : `  ${table.kept.beside}`;
  const header = table.header === '' ? [] : [`${table.header}${beside}`];
  return [...(table.kept?.above ?? []), ...header, ...itemLines(table)];
}

function itemLines({ items }: Table): string[] {
  return items.flatMap((item) => linesOf(item));
}

function linesOf(item: Item): string[] {
  if (item.kind === 'comment') return [item.text];
  if (item.kind === 'remark') return [remarkLine(item.remark)];
  const beside = item.kept?.beside === undefined ? '' : `  ${item.kept.beside}`;
  return [...(item.kept?.above ?? []), `${item.path.map(tomlKey).join('.')} = ${tomlValue(item.value)}${beside}`];
}

/** On one line, whatever stood there: a comment cannot hold a line end, nor other control characters (TOML 1.0, "Comment"). */
export function remarkLine({ place, what, why }: Remark): string {
  const text = `${REMARK_MARK} ${shownPlace(place)}: ${shortened(what)}: ${why}`;
  return text.replaceAll(/\s*[\u0000-\u001f\u007f]+\s*/g, ' ');
}

/** As the head of a remark has it. */
export function shownPlace({ file, line }: Place): string {
  return `${basename(file)}:${line}`;
}

const LONGEST_WHAT = 200;

function shortened(what: string): string {
  return what.length > LONGEST_WHAT ? `${what.slice(0, LONGEST_WHAT)}...` : what;
}

function tomlKey(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : basicString(key);
}

/** A literal string where that saves backslashes. */
export function tomlValue(value: Value): string {
  if (value instanceof Verbatim) return value.toml;
  if (typeof value === 'string') return tomlString(value);
  if (typeof value !== 'object') return String(value);
  if (Array.isArray(value)) return `[${value.map((each: Value) => tomlValue(each)).join(', ')}]`;
  const pairs = Object.entries(value).map(([key, inner]) => `${tomlKey(key)} = ${tomlValue(inner)}`);
  return `{ ${pairs.join(', ')} }`;
}

function tomlString(text: string): string {
  return /["\\]/.test(text) && !/['\u0000-\u001f\u007f]/.test(text) ? `'${text}'` : basicString(text);
}
