/**
 * Reads files of PROCRUST and of its successor PROCMAN: TOML that is nearly procman's own. Keys get their spelling of today; all
 * else, comments too, stays as it was written.
 */
import { createNearest } from '@procman/daemon/config/nearest';
import { daemonKeys, topKeys } from '@procman/daemon/config/daemon-keys';
import { parseToml } from '@procman/daemon/config/parse-toml';
import { findingsOf } from '@procman/daemon/config/issues';
import { processKeys } from '@procman/daemon/config/process-keys';
import { quote } from '@procman/daemon/config/problem';
import type * as z from 'zod';
import { type Place, Table, Verbatim } from '../draft.ts';
import type { Reader, Reading, Source } from '../reading.ts';
import { type Statement, tomlStatements } from '../toml-statements.ts';

export const procrust: Reader = {
  read: (sources, reading) => {
    for (const source of sources) readOne(source, reading);
  },
};

const TABLES: Readonly<Record<string, readonly string[]>> = {
  '': Object.keys(topKeys),
  daemon: Object.keys(daemonKeys),
  defaults: Object.keys(processKeys),
  process: Object.keys(processKeys),
  template: ['name', 'template'],
};

const spelling = (key: string): string => key.replaceAll('_', '-');

function readOne({ path, text }: Source, reading: Reading): void {
  const parsed = parseToml(text, path);
  if (!parsed.ok) return void reading.problems.push(parsed.problem);
  const { draft } = reading;
  let table: Table = draft.top;
  let name: readonly string[] = [];
  for (const statement of tomlStatements(text)) {
    if (statement.kind === 'comments') {
      const last = draft.add(new Table());
      for (const line of statement.lines) last.comment(line);
      continue;
    }
    const place = { file: path, line: statement.line };
    if (statement.kind === 'pair') readPair(statement, { place, table, name });
    else {
      name = statement.path.map(spelling);
      table = tableFor(statement, name, { place, reading });
    }
  }
  dropEmpty(reading);
}

function tableFor(
  { isElement, kept }: Extract<Statement, { kind: 'header' }>,
  name: readonly string[],
  { place, reading }: { readonly place: Place; readonly reading: Reading },
): Table {
  const { draft } = reading;
  const [first = ''] = name;
  if (!Object.hasOwn(TABLES, first)) {
    draft.remark(place, `[${name.join('.')}]`, 'no counterpart: its keys were left out');
    // Its keys have no place to go to.
    return new Table();
  }
  const header = isElement ? `[[${name.join('.')}]]` : `[${name.join('.')}]`;
  const known =
    name.length === 1 && first === 'daemon' ? draft.daemon : first === 'defaults' ? draft.defaults : undefined;
  const table = known !== undefined && name.length === 1 ? known : draft.add(new Table(header));
  table.kept = kept;
  return table;
}

interface PairContext {
  readonly place: Place;
  readonly table: Table;
  /** Of the table. */
  readonly name: readonly string[];
}

function readPair(pair: Extract<Statement, { kind: 'pair' }>, { place, table, name }: PairContext): void {
  const [first = ''] = name;
  const known = TABLES[first] ?? [];
  // Below a key of a process there are texts of the user's: names of variables, of parameters.
  const isKey = name.length <= 1;
  const [given = '', ...rest] = pair.path;
  const key = isKey || isKeyTable(name) ? spelling(given) : given;
  const unknown = isKey ? unknownIn(known, key) : isKeyTable(name) ? unknownBelow(name[1] ?? '', key) : undefined;
  if (unknown !== undefined) {
    for (const line of pair.kept.above) table.comment(line);
    table.remark(place, `${pair.path.join('.')} = ${pair.toml}`, `no counterpart${unknown}`);
    return;
  }
  table.setPath([key, ...rest], new Verbatim(pair.toml), pair.kept);
}

/** @returns undefined where it is known, else what may be meant */
function unknownIn(known: readonly string[], key: string): string | undefined {
  if (known.includes(key)) return undefined;
  const nearest = createNearest(known)(key);
  return nearest === undefined ? '' : `; is ${quote(nearest)} meant?`;
}

/** The same below a key of a process, by what its own check says of such a key. */
function unknownBelow(table: string, key: string): string | undefined {
  const check: z.ZodType | undefined = Object.entries(processKeys).find(([name]) => name === table)?.[1];
  const given = { [key]: 0 };
  const { error } = check?.safeParse(given) ?? {};
  const finding = error && findingsOf(error, given).find(({ path, isPlain }) => path[0] === key && isPlain === true);
  if (finding === undefined) return undefined;
  const meant = / mean ("[^"]+")\?/.exec(finding.message)?.[1];
  return meant === undefined ? '' : `; is ${meant} meant?`;
}

/** Sub-tables whose keys are procman's. */
const KEY_TABLES: ReadonlySet<string> = new Set([
  'schedule',
  'command',
  'before',
  'init',
  'stop',
  'health-check',
  'start-health-check',
]);

function isKeyTable(name: readonly string[]): boolean {
  return name.length === 2 && KEY_TABLES.has(name[1] ?? '');
}

/** PROCRUST's own example has `[[process]]` twice in a row: the first one is nothing. */
function dropEmpty({ draft }: Reading): void {
  for (const [index, table] of draft.tables.entries()) {
    const next = draft.tables[index + 1];
    const isEmpty = table.header === '[[process]]' && table.items.length === 0;
    const hasParts = next !== undefined && next.header.startsWith('[process.');
    if (isEmpty && !hasParts) table.keepNothing();
  }
}
