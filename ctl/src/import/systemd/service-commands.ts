/** `ExecStart=` and its relatives. */
import { directCommand } from '../command-words.ts';
import type { ProcessKey, ProcessTable, Value } from '../draft.ts';
import type { Field, Reading } from '../reading.ts';
import { type ExecLine, hasVariables, parseExec, shellLine, wordsLine } from './exec-line.ts';
import { durationText, type Unit } from './units.ts';

export interface ServiceContext {
  readonly unit: Unit;
  readonly table: ProcessTable;
  readonly reading: Reading;
}

interface Exec {
  readonly field: Field;
  readonly line: ExecLine;
}

function execs(key: string, { unit, reading }: ServiceContext): readonly Exec[] {
  return unit.all('Service', key).flatMap((field) => {
    const line = parseExec(field.text);
    if (line !== undefined && line.words.length > 0) return [{ field, line }];
    reading.wrong(field, 'is no command line', 'a program with arguments; quotation marks closed');
    return [];
  });
}

export function readCommand(context: ServiceContext, type: string): void {
  const { unit, table, reading } = context;
  const starts = execs('ExecStart', context);
  for (const { field, line } of starts) remarkPrefixes(field, line, context);
  const [first] = starts;
  if (first === undefined) {
    const place = { file: unit.file, line: 1 };
    reading.error(place, 'has no ExecStart', { hint: 'give the whole unit: systemctl cat NAME > NAME.service' });
  } else if (type === 'forking') table.set('command', forkingCommand(first, context));
  else if (starts.length > 1) {
    const line = starts.map((exec) => ignoring(exec, shellLine(dropName(exec.line)))).join(' && ');
    table.set('command', { line, type: 'expression' });
  } else table.set('command', commandOf(dropName(first.line)));
}

/** With `@` the second word is the name that the program is told. */
function dropName(line: ExecLine): ExecLine {
  if (!line.prefixes.includes('@')) return line;
  return { ...line, words: [line.words[0] ?? '', ...line.words.slice(2)] };
}

function commandOf(line: ExecLine): Value {
  return hasVariables(line) ? { line: `exec ${shellLine(line)}`, type: 'expression' } : directCommand(wordsLine(line));
}

/** The program writes its pid by itself; systemd waits for that file as well. */
function forkingCommand({ field, line }: Exec, { unit, table, reading }: ServiceContext): Value {
  const pidFile = unit.last('Service', 'PIDFile');
  if (pidFile === undefined) {
    const why =
      'without PIDFile= systemd guesses the process: run the program in the foreground, or see type "pid-file"';
    reading.leaveOut(table, { ...field, key: 'Type', text: 'forking' }, why);
    return commandOf(line);
  }
  const file = pidFile.text.startsWith('/') ? pidFile.text : `/run/${pidFile.text}`;
  const name = `'${file.replaceAll("'", `'\\''`)}'`;
  const wait = `n=0; until [ -s ${name} ] || [ $n -ge 100 ]; do sleep 0.1; n=$((n + 1)); done`;
  const text = `rm -f ${name}; ${shellLine(line)} && { ${wait}; cat ${name} > "$PROCMAN_PID_FILE"; }`;
  return { line: text, type: 'pid-file' };
}

const PREFIXES: Readonly<Record<string, string>> = {
  '@': 'no counterpart: the program is told its own name',
  '-': 'a failure counts as success there: list such codes in exit-codes',
  '+': 'no counterpart: it runs with the rights of "user" here',
  '!': 'no counterpart: it runs with the rights of "user" here',
  '|': 'no counterpart: it runs without a login shell',
};

function remarkPrefixes(field: Field, { prefixes }: ExecLine, { table, reading }: ServiceContext): void {
  for (const prefix of new Set(prefixes)) {
    const why = PREFIXES[prefix];
    if (why !== undefined) reading.leaveOut(table, { ...field, text: `${prefix}...` }, why);
  }
}

/** Commands for a shell, one after the other; those with `-` may fail. */
const ignoring = ({ line }: Exec, text: string): string =>
  line.prefixes.includes('-') ? `{ ${text} || true; }` : text;

const MAIN_PID = { MAINPID: 'PROCMAN_PID', EXIT_CODE: 'PROCMAN_EXIT_SIGNAL', EXIT_STATUS: 'PROCMAN_EXIT_CODE' };

interface HookOf {
  readonly key: string;
  readonly hook: Extract<ProcessKey, 'before' | 'init' | 'stop' | 'after-stop'>;
  /** Of all its commands, in seconds. */
  readonly timeout: number;
}

/** `ExecStartPre=` and the like as one hook. */
export function readHook({ key, hook, timeout }: HookOf, context: ServiceContext): void {
  const commands = execs(key, context);
  for (const { field, line } of commands)
    remarkPrefixes(field, { ...line, prefixes: line.prefixes.replaceAll('-', '') }, context);
  const text = commands.map((exec) => ignoring(exec, shellLine(dropName(exec.line), MAIN_PID))).join(' && ');
  if (text === '') return;
  context.table.set(hook, { command: text, timeout: durationText(timeout) });
}

/** There is no reload of a single process; most are a signal. */
export function remarkReload({ unit, table, reading }: ServiceContext): void {
  for (const field of unit.all('Service', 'ExecReload')) {
    const signal = /^-?\/?(?:usr\/)?(?:bin\/)?kill -(?:s )?(\w+) \$\{?MAINPID\}?$/.exec(field.text)?.[1];
    const hint = signal === undefined ? '' : `: procmanctl signal ${signal.replace(/^SIG/, '')} ${table.id}`;
    reading.leaveOut(table, field, `no counterpart${hint}`);
  }
}
