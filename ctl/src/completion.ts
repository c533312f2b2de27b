/**
 * What may stand at a place of a command line. One engine for the shell of procmanctl and for those of the system (bash, zsh, fish),
 * made of the command table: a new command needs nothing here.
 */
import type { Operand, OperandKind, Option } from './command.ts';

/** One proposal, and what it is, for shells that show it. */
export interface Choice {
  readonly text: string;
  readonly about?: string;
}

export interface Verb {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly hidden?: boolean;
  readonly summary: string;
  readonly operands: readonly Operand[];
  readonly options: readonly (Option & { readonly hidden?: true })[];
}

/** A command line's grammar. */
export interface Program {
  readonly verbs: readonly Verb[];
  /** Taken by every verb, and before it. */
  readonly globals: readonly Option[];
  /** What is taken without a verb. */
  readonly bare: Pick<Verb, 'operands' | 'options'>;
  /** Further words that `help` knows. */
  readonly topics: readonly Choice[];
}

/** What is asked of the world around only where it is wanted. */
export interface CompletionSources {
  /** Names and other selectors, as the daemon knows them now. */
  readonly names: () => Promise<readonly Choice[]>;
  /** Uids of the daemons of this machine. */
  readonly uids: () => readonly Choice[];
}

export interface Proposals {
  readonly choices: readonly Choice[];
  /** Files are wanted: with this before them (`--config=`). */
  readonly filesBehind?: string;
}

const SIGNALS = ['TERM', 'HUP', 'INT', 'QUIT', 'KILL', 'USR1', 'USR2', 'STOP', 'CONT', 'WINCH', 'ALRM', 'ABRT'];

/**
 * @param before - the words before the one that is typed, unquoted, without the program's name
 * @param typed - that word as far as it goes, unquoted
 */
export async function propose(
  program: Program,
  before: readonly string[],
  typed: string,
  sources: CompletionSources,
): Promise<Proposals> {
  const { choices, ...files } = await proposeAll(program, before, typed, sources);
  return { ...files, choices: choices.filter(({ text }) => text.startsWith(typed)) };
}

/** Also what does not begin with what was typed: for shells that compare in ways of their own. */
export async function proposeAll(
  program: Program,
  before: readonly string[],
  typed: string,
  sources: CompletionSources,
): Promise<Proposals> {
  const wanted = wantedAt(program, before, typed);
  if (wanted.kind === 'file') return { choices: [], filesBehind: wanted.head };
  const all = [...wanted.choices, ...(await ofKind(wanted.kind, program, sources))];
  const unused = all.filter(({ text }) => !wanted.used.has(text));
  return { choices: unused.map((choice) => ({ ...choice, text: wanted.head + choice.text })) };
}

interface Wanted {
  readonly choices: readonly Choice[];
  readonly kind?: OperandKind | undefined;
  /** Not proposed again. */
  readonly used: ReadonlySet<string>;
  /** `--for=`, where the value is written behind it. */
  readonly head: string;
}

const NOTHING: Wanted = { choices: [], used: new Set(), head: '' };

function wantedAt(program: Program, before: readonly string[], typed: string): Wanted {
  const line = readLine(program, before);
  const options = visibleOptions(program, line.verb);
  if (line.awaiting) return valuesOf(line.awaiting, '');
  const [, head = '', name = ''] = line.isEnded ? [] : (/^((?:--)([a-z-]+)=)/.exec(typed) ?? []);
  if (head !== '') {
    const option = options.find(({ long }) => long === name);
    return option?.value === undefined ? NOTHING : valuesOf(option, head);
  }
  if (typed.startsWith('-') && !line.isEnded) {
    return { ...NOTHING, choices: options.map(optionChoice), used: line.switches };
  }
  if (line.verb) return operandAt(line.verb.operands, line.operands);
  if (line.hasUnknownVerb) return NOTHING;
  const verbs = { ...NOTHING, choices: line.operands.length === 0 ? verbChoices(program) : [] };
  const bare = operandAt(program.bare.operands, line.operands);
  // A file in the place of a verb is completed once something was typed that begins none.
  const isVerb = verbs.choices.some(({ text }) => text.startsWith(typed));
  return bare.kind !== undefined && !isVerb ? bare : verbs;
}

function operandAt(operands: readonly Operand[], given: readonly string[]): Wanted {
  const operand = operands[Math.min(given.length, operands.length - 1)];
  if (!operand || (given.length >= operands.length && !operand.repeated)) return NOTHING;
  return { ...valuesOf({ values: operand.values, valueKind: operand.kind }, ''), used: new Set(given) };
}

interface Values {
  readonly values?: readonly string[] | undefined;
  readonly valueKind?: OperandKind | undefined;
}

function valuesOf({ values = [], valueKind }: Values, head: string): Wanted {
  const kind = values.length > 0 ? undefined : valueKind;
  return { choices: values.map((text) => ({ text })), kind, used: new Set(), head };
}

/* ---------------------------------------------------------------- what was typed before */

interface TypedSoFar {
  readonly verb?: Verb | undefined;
  readonly hasUnknownVerb: boolean;
  readonly operands: readonly string[];
  readonly switches: ReadonlySet<string>;
  /** The option whose value comes next. */
  readonly awaiting?: Option | undefined;
  /** By `--`: all that follows is no option. */
  readonly isEnded: boolean;
}

/** As the parser reads it, but forgiving: the line is not finished. */
function readLine(program: Program, words: readonly string[]): TypedSoFar {
  const known = [program.globals, program.bare.options, ...program.verbs.map(({ options }) => options)].flat();
  const plain: string[] = [];
  const switches = new Set<string>();
  let awaiting: Option | undefined;
  let isEnded = false;
  for (const word of words) {
    if (awaiting) awaiting = undefined;
    else if (isEnded || !/^-./.test(word)) plain.push(word);
    else if (word === '--') isEnded = true;
    else {
      const option = known.find(({ long, short }) => word === `--${long}` || word === `-${short ?? ''}`);
      if (option?.value !== undefined) awaiting = option;
      else if (option) switches.add(`--${option.long}`);
    }
  }
  const [first, ...rest] = plain;
  const verb = program.verbs.find(({ name, aliases }) => name === first || aliases?.includes(first ?? ''));
  const hasUnknownVerb = verb === undefined && first !== undefined && program.bare.operands.length === 0;
  return { verb, hasUnknownVerb, operands: verb ? rest : plain, switches, awaiting, isEnded };
}

/** The value of an option among words, for finding the daemon that is meant; the last one counts. */
export function optionValue(words: readonly string[], { long, short }: Option): string | undefined {
  let value: string | undefined;
  for (const [at, word] of words.entries()) {
    if (word === `--${long}` || word === `-${short ?? ''}`) value = words[at + 1] ?? value;
    else if (word.startsWith(`--${long}=`)) value = word.slice(long.length + 3);
  }
  return value;
}

/* ---------------------------------------------------------------- choices */

function visibleOptions({ globals, bare }: Program, verb: Verb | undefined): readonly Option[] {
  const own = (verb ?? bare).options.filter(({ later, hidden }) => !later && !hidden);
  return [...own, ...globals];
}

function optionChoice({ long, summary }: Option): Choice {
  return { text: `--${long}`, about: summary };
}

function verbChoices({ verbs }: Program): Choice[] {
  const visible = verbs.filter(({ hidden }) => !hidden);
  return visible.flatMap(({ name, aliases = [], summary }) =>
    [name, ...aliases].map((text) => ({ text, about: summary })),
  );
}

async function ofKind(
  kind: OperandKind | undefined,
  program: Program,
  sources: CompletionSources,
): Promise<readonly Choice[]> {
  if (kind === 'name') return sources.names();
  if (kind === 'uid') return sources.uids();
  if (kind === 'command') return [...verbChoices(program), ...program.topics];
  return kind === 'signal' ? SIGNALS.map((text) => ({ text })) : [];
}

interface NamedRow {
  readonly name: string;
  readonly id: string;
  readonly group?: string | undefined;
  readonly state: string;
}

/** Selectors for these rows: names, ids with several instances, groups, and `all`. */
export function selectorsOf(rows: readonly NamedRow[]): Choice[] {
  const choices: Choice[] = [
    ...rows.map(({ name, state }) => ({ text: name, about: state })),
    ...rows.map(({ id }) => ({ text: id, about: 'process' })),
    ...rows.flatMap(({ group }) => (group === undefined ? [] : [{ text: `${group}:*`, about: 'group' }])),
    { text: 'all', about: 'all processes' },
  ];
  return choices.filter(({ text }, at) => choices.findIndex((other) => other.text === text) === at);
}
