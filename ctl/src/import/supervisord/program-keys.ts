/** The keys of `[program:x]` (supervisord's manual, "Configuration File"), one by one. */
import type { ProcessTable } from '../draft.ts';
import { directCommand } from '../command-words.ts';
import type { Field, Reading } from '../reading.ts';
import { expand, type Known, readPairs } from './expansion.ts';

export interface ProgramContext {
  readonly reading: Reading;
  readonly table: ProcessTable;
  readonly known: Known;
  /** Streams (`stdout`, `stderr`) that go to supervisord's own output. */
  readonly streamed: ReadonlySet<string>;
}

/** Docker's way to see the output. */
const OWN_OUTPUT = /^\/dev\/(?:stdout|stderr|fd\/[12])$/i;

export function streamedOf(fields: readonly Field[]): ReadonlySet<string> {
  const streamed = fields.filter(({ key, text }) => /^std(?:out|err)_logfile$/.test(key) && OWN_OUTPUT.test(text));
  return new Set(streamed.map(({ key }) => key.slice(0, 6)));
}

export type KeyReader = (field: Field, context: ProgramContext) => void;

/** A value with its `%(NAME)s` filled in. */
export function filled(field: Field, { reading, known }: ProgramContext): string | undefined {
  const expansion = expand(field.text, known);
  if ('text' in expansion) return expansion.text;
  const { problem, found } = expansion;
  reading.wrong(
    { ...field, text: found },
    problem,
    '%(program_name)s, %(process_num)02d, %(group_name)s, %(host_node_name)s, %(here)s, %(numprocs)d, %(ENV_NAME)s; %% for the character',
  );
  return undefined;
}

const seconds =
  (key: 'start-secs' | 'stop-timeout'): KeyReader =>
  (field, { reading, table }) => {
    const amount = reading.integer(field, key === 'stop-timeout' ? 1 : 0);
    if (amount !== undefined) table.set(key, `${amount}s`);
  };

const path =
  (key: 'work-dir'): KeyReader =>
  (field, context) => {
    const text = filled(field, context);
    if (text !== undefined) context.table.set(key, text);
  };

const log =
  (key: 'stdout-log' | 'stderr-log'): KeyReader =>
  (field, context) => {
    const { table, reading } = context;
    const word = field.text.toLowerCase();
    if (word === 'auto' || word === 'none') {
      table.set(key, word);
      return;
    }
    if (word === 'syslog') {
      reading.leaveOut(table, field, 'no counterpart: log shippers can read the file');
      return;
    }
    if (OWN_OUTPUT.test(word)) {
      reading.draft.daemon.set('stream', true);
      reading.leaveOut(table, field, 'goes into a file, and "stream" copies it to the output of procmand');
      return;
    }
    const text = filled(field, context);
    if (text !== undefined) table.set(key, text);
    return undefined;
  };

const logSize: KeyReader = (field, { reading, table, streamed }) => {
  // A limit of 0 was needed there because such an output cannot be rotated.
  if (streamed.has(field.key.slice(0, 6))) return;
  const size = reading.size(field);
  if (size !== undefined) once(field, 'log-max-bytes', size, { reading, table });
};

const logBackups: KeyReader = (field, { reading, table }) => {
  const count = reading.integer(field);
  if (count !== undefined) once(field, 'log-backups', count, { reading, table });
};

/** There is one limit for both streams: the first one counts. */
function once(
  field: Field,
  key: 'log-max-bytes' | 'log-backups',
  value: string | number,
  { reading, table }: Pick<ProgramContext, 'reading' | 'table'>,
): void {
  const known = table.get(key);
  if (known === undefined) table.set(key, value);
  else if (known !== value) reading.leaveOut(table, field, `${key} is for both streams, and is set above`);
}

const environment: KeyReader = (field, context) => {
  const { reading, table } = context;
  const read = readPairs(field.text);
  if ('rest' in read) {
    const shown = { ...field, text: read.rest.slice(0, 40) };
    reading.wrong(shown, 'is no list of variables from here on', 'KEY="value",OTHER="value"');
    return;
  }
  for (const [name, value] of read.pairs) {
    const text = filled({ ...field, text: value }, context);
    if (text !== undefined) table.setIn('env', name, text);
  }
};

const RESTART_POLICIES = {
  unexpected: 'on-failure',
  true: 'always',
  yes: 'always',
  on: 'always',
  false: 'never',
  no: 'never',
  off: 'never',
} as const;

const NOT_GROUP = {
  stop: 'the stop signal goes to the main process only (kill-mode "mixed" in [defaults])',
  kill: 'no counterpart: what is left of a stopped program is always ended',
};

export const PROGRAM_KEYS: Readonly<Record<string, KeyReader>> = {
  command: (field, context) => {
    const line = filled(field, context);
    if (line === '') context.reading.wrong(field, 'is empty', 'a program and its arguments');
    else if (line !== undefined) context.table.set('command', directCommand(line.replaceAll('\n', ' ')));
  },
  directory: path('work-dir'),
  umask: (field, { reading, table }) => {
    const mode = reading.mode(field);
    if (mode !== undefined) table.set('umask', mode);
  },
  user: (field, context) => {
    const user = context.reading.machine;
    const name = field.text.replaceAll(/%\(ENV_(\w+)\)s/g, (whole, variable: string) => user.env[variable] ?? whole);
    if (/%/.test(name)) context.reading.wrong(field, 'is not known here', 'the name or number of a user');
    else context.table.set('user', name);
  },
  autostart: (field, { reading, table }) => {
    const isOn = reading.boolean(field);
    if (isOn === false) table.set('autostart', false);
  },
  autorestart: (field, { reading, table }) => {
    const word = { 1: 'true', 0: 'false' }[field.text] ?? field.text;
    const policy = reading.choice({ ...field, text: word }, RESTART_POLICIES);
    if (policy !== undefined) table.set('autorestart', policy);
    if (policy === 'never')
      reading.leaveOut(table, field, 'here this also means no further tries when it ends within start-secs');
  },
  exitcodes: (field, { reading, table }) => {
    const codes = field.text.split(',').map((code) => reading.integer({ ...field, text: code }));
    if (!codes.includes(undefined)) table.set('exit-codes', codes as number[]);
  },
  startsecs: seconds('start-secs'),
  startretries: (field, { reading, table }) => {
    const count = reading.integer(field);
    if (count !== undefined) table.set('start-retries', count);
  },
  stopsignal: (field, { reading, table }) => {
    const signal = reading.signal(field);
    if (signal !== undefined) table.set('stop-signal', signal);
  },
  stopwaitsecs: seconds('stop-timeout'),
  stopasgroup: (field, { reading, table }) => {
    const isOn = reading.boolean(field);
    if (isOn === true) table.set('kill-mode', 'group');
    else if (isOn === false) reading.leaveOut(table, field, NOT_GROUP.stop);
  },
  killasgroup: (field, { reading, table }) => {
    if (reading.boolean(field) === false) reading.leaveOut(table, field, NOT_GROUP.kill);
  },
  redirect_stderr: (field, { reading, table }) => {
    if (reading.boolean(field) === true) table.set('stderr-log', 'stdout');
  },
  stdout_logfile: log('stdout-log'),
  stderr_logfile: (field, context) => {
    // What supervisord ignores, too, where the streams are one.
    if (context.table.get('stderr-log') === 'stdout') return;
    log('stderr-log')(field, context);
  },
  stdout_logfile_maxbytes: logSize,
  stderr_logfile_maxbytes: logSize,
  stdout_logfile_backups: logBackups,
  stderr_logfile_backups: logBackups,
  environment,
};

/** Keys that are read with the section as a whole. */
export const OTHER_KEYS: ReadonlySet<string> = new Set(['numprocs', 'numprocs_start', 'process_name', 'priority']);

const EVENTS = 'no counterpart: see "procmanctl events -f" for what happens to it';
export const WITHOUT_COUNTERPART: Readonly<Record<string, string>> = {
  stdout_capture_maxbytes: EVENTS,
  stderr_capture_maxbytes: EVENTS,
  stdout_events_enabled: EVENTS,
  stderr_events_enabled: EVENTS,
  stdout_syslog: 'no counterpart: log shippers can read the file',
  stderr_syslog: 'no counterpart: log shippers can read the file',
  serverurl: 'no counterpart: programs find the daemon with "procmanctl -u UID"',
};
