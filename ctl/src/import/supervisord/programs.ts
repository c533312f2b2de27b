/** `[program:x]`: one process, or, where the instances' names or numbers are not those that procman gives, one for each instance. */
import { dirname } from 'node:path';
import { ProcessTable, type Place } from '../draft.ts';
import type { IniSection } from '../ini-lines.ts';
import { type Field, idOf, type Reading } from '../reading.ts';
import { expand, type Known, needsPaddedNumber, usesNumber } from './expansion.ts';
import { OTHER_KEYS, PROGRAM_KEYS, streamedOf, WITHOUT_COUNTERPART } from './program-keys.ts';

export interface Program {
  readonly name: string;
  readonly place: Place;
  readonly fields: readonly Field[];
  /** Of a `[group:x]` that lists it. */
  group?: string;
  /** What it became. */
  readonly tables: ProcessTable[];
  /** undefined: not given. */
  readonly priority: Field | undefined;
}

/** The names that supervisord gives and procman gives as well. */
const STANDARD_NAMES: ReadonlySet<string> = new Set(['%(program_name)s_%(process_num)02d', '%(program_name)s']);

export function programOf(section: IniSection, file: string): Program {
  const name = section.name.slice(section.name.indexOf(':') + 1).trim();
  const fields = fieldsOf(section, file);
  const priority = fields.find(({ key }) => key === 'priority');
  return { name, place: { file, line: section.line }, fields, tables: [], priority };
}

/** Keys are not case-sensitive there; of several the last one counts. */
export function fieldsOf(section: IniSection, file: string): readonly Field[] {
  const byKey = new Map<string, Field>();
  for (const { key, value, line } of section.entries) {
    const name = key.toLowerCase();
    byKey.delete(name);
    byKey.set(name, { place: { file, line }, key: name, text: value, of: section.name });
  }
  return [...byKey.values()];
}

/** Makes its tables and puts them into the draft. */
export function addProgram(program: Program, reading: Reading): void {
  const { name, place, fields } = program;
  const count = numberOf(program, 'numprocs', 1, reading);
  const first = numberOf(program, 'numprocs_start', 0, reading);
  if (!fields.some(({ key }) => key === 'command'))
    reading.error(place, 'has no command', { process: `program:${name}`, hint: 'write command=PROGRAM ARGUMENTS' });
  const template = fields.find(({ key }) => key === 'process_name')?.text ?? STANDARD_NAMES.values().next().value ?? '';
  const others = fields.filter(({ key }) => !OTHER_KEYS.has(key));
  const isNumbered = others.some(({ text }) => needsPaddedNumber(text) || (first !== 0 && usesNumber(text)));
  const isStandard = count === 1 ? true : STANDARD_NAMES.has(template) && !isNumbered && first === 0;
  const known = knownOf(program, count, reading);
  const group = program.group === undefined ? undefined : idOf(program.group);
  if (isStandard) {
    const number = count === 1 ? first : undefined;
    const table = addTable(program, idOf(name), { ...known, process_num: number }, reading);
    if (count > 1) table.set('numprocs', count);
    if (group !== undefined) table.set('group', group);
    return;
  }
  for (let number = first; number < first + count; number += 1) {
    const names = expand(template, { ...known, process_num: number });
    const id = 'text' in names ? idOf(names.text) : `${idOf(name)}_${number}`;
    const table = addTable(program, id, { ...known, process_num: number }, reading);
    table.set('group', group ?? idOf(name));
  }
}

function knownOf({ name, group, place }: Program, count: number, reading: Reading): Known {
  return {
    program_name: name,
    group_name: group ?? name,
    host_node_name: reading.machine.hostname,
    here: dirname(place.file),
    numprocs: String(count),
  };
}

function addTable(program: Program, id: string, known: Known, reading: Reading): ProcessTable {
  const table = new ProcessTable(id, program.place);
  if (id !== program.name && program.tables.length === 0 && id === idOf(program.name))
    table.remark(program.place, `[program:${program.name}]`, `is called "${id}" here`);
  const streamed = streamedOf(program.fields);
  for (const field of program.fields) {
    if (OTHER_KEYS.has(field.key)) continue;
    const read = Object.hasOwn(PROGRAM_KEYS, field.key) ? PROGRAM_KEYS[field.key] : undefined;
    if (read !== undefined) read(field, { reading, table, known, streamed });
    else reading.leaveOut(table, field, WITHOUT_COUNTERPART[field.key] ?? 'no counterpart: not a key of supervisord');
  }
  if (reading.claim(id, program.place)) reading.draft.add(table);
  program.tables.push(table);
  return table;
}

function numberOf({ fields }: Program, key: string, standard: number, reading: Reading): number {
  const field = fields.find((each) => each.key === key);
  const value = field === undefined ? standard : reading.integer(field, key === 'numprocs' ? 1 : 0);
  return Math.min(value ?? standard, 1000);
}
