/** Reads Taskmaster's YAML (its README, "Configuration Options"). */
import { directCommand, plainText } from '../command-words.ts';
import { ProcessTable } from '../draft.ts';
import { type Field, idOf, type Reader, type Reading } from '../reading.ts';
import { fieldOf, readYaml, shownNode, type YamlNode, type YamlPair } from '../yaml-nodes.ts';

export const taskmaster: Reader = {
  read: (sources, reading) => {
    const { daemon, defaults } = reading.draft;
    daemon.comment(
      '# on-exit = "stop"        # Taskmaster stops its programs when it is stopped itself; procman leaves them running',
    );
    // What Taskmaster does where a program does not say otherwise.
    defaults.set('autorestart', 'on-failure');
    defaults.set('start-retries', 3);
    defaults.set('max-runs', 0);
    for (const source of sources) {
      const top = readYaml(source, reading);
      if (top === undefined) continue;
      const pairs = pairsOf(top, 'the file', 'taskmasterd: and programs:, each with settings below', reading);
      for (const pair of pairs) readTop(pair, reading);
    }
  },
};

function readTop({ key, node, place }: YamlPair, reading: Reading): void {
  if (key === 'taskmasterd') {
    for (const pair of pairsOf(node, key, 'settings such as loglevel: info', reading)) readDaemonKey(pair, reading);
  } else if (key === 'programs') {
    for (const pair of pairsOf(node, key, 'programs by their names', reading)) readProgram(pair, reading);
  } else reading.draft.remark(place, `${key}: ${shownNode(node)}`, 'no counterpart: not a key of Taskmaster');
}

function pairsOf(node: YamlNode, what: string, allowed: string, reading: Reading): readonly YamlPair[] {
  if (node.pairs !== undefined) return node.pairs;
  // `programs:` with nothing below is no program.
  if (node.value !== null) reading.error(node.place, `${what} holds no settings`, { found: shownNode(node), allowed });
  return [];
}

const DAEMON_KEYS: Readonly<Record<string, (field: Field, reading: Reading) => void>> = {
  nocleanup: (field, reading) => {
    if (reading.boolean(field) === true) reading.draft.daemon.set('no-cleanup', true);
  },
  childlogdir: (field, { draft }) => draft.daemon.set('child-log-dir', field.text),
  logfile: (field, { draft }) => draft.daemon.set('log-file', field.text),
  loglevel: (field, reading) => {
    const words = ['critical', 'error', 'warning', 'info', 'debug'].map((word) => [word, word]);
    const level = reading.choice(field, Object.fromEntries(words) as Record<string, string>);
    if (level !== undefined) reading.draft.daemon.set('log-level', level);
  },
};

function readDaemonKey(pair: YamlPair, reading: Reading): void {
  const field = fieldOf(pair, 'taskmasterd');
  const read = Object.hasOwn(DAEMON_KEYS, pair.key) ? DAEMON_KEYS[pair.key] : undefined;
  if (read !== undefined) read(field, reading);
  else reading.draft.daemon.remark(pair.place, `${pair.key}: ${field.text}`, 'no counterpart');
}

type KeyReader = (field: Field, table: ProcessTable, reading: Reading, node: YamlNode) => void;

const seconds =
  (key: 'start-secs' | 'stop-timeout'): KeyReader =>
  (field, table, reading) => {
    const amount = reading.integer(field, key === 'stop-timeout' ? 1 : 0);
    if (amount !== undefined) table.set(key, `${amount}s`);
  };

const count =
  (key: 'numprocs' | 'start-retries'): KeyReader =>
  (field, table, reading) => {
    const amount = reading.integer(field, key === 'numprocs' ? 1 : 0);
    if (amount !== undefined) table.set(key, amount);
  };

const text =
  (key: 'work-dir' | 'user' | 'stdout-log' | 'stderr-log'): KeyReader =>
  (field, table) =>
    table.set(key, key === 'user' ? field.text : plainText(field.text));

const PROGRAM_KEYS: Readonly<Record<string, KeyReader>> = {
  cmd: (field, table, reading) => {
    if (field.text.trim() === '') reading.wrong(field, 'is empty', 'a program and its arguments');
    else table.set('command', directCommand(plainText(field.text.trim())));
  },
  numprocs: count('numprocs'),
  umask: (field, table, reading) => {
    const mode = reading.mode(field);
    if (mode !== undefined) table.set('umask', mode);
  },
  workingdir: text('work-dir'),
  user: text('user'),
  autostart: (field, table, reading) => {
    if (reading.boolean(field) === false) table.set('autostart', false);
  },
  autorestart: (field, table, reading) => {
    const policy = reading.choice(field, { never: 'never', always: 'always', 'on-failure': 'on-failure' });
    if (policy !== undefined) table.set('autorestart', policy);
  },
  exitcodes: (field, table, reading, node) => {
    const codes = (node.items ?? [node]).map((item) =>
      reading.integer({ ...field, place: item.place, text: item.text }),
    );
    if (!codes.includes(undefined)) table.set('exit-codes', codes as number[]);
  },
  startretries: count('start-retries'),
  startsecs: seconds('start-secs'),
  stopsignal: (field, table, reading) => {
    const signal = reading.signal(field);
    if (signal !== undefined) table.set('stop-signal', signal);
  },
  stopsecs: seconds('stop-timeout'),
  stdout_logfile: text('stdout-log'),
  stderr_logfile: text('stderr-log'),
  env: (field, table, reading, node) => {
    for (const { key, node: value } of pairsOf(node, `env of ${field.of ?? ''}`, 'NAME: value', reading))
      table.setIn('env', key, plainText(shownNode(value)));
  },
};

function readProgram({ key: name, place, node }: YamlPair, reading: Reading): void {
  const id = idOf(name);
  const table = new ProcessTable(id, place);
  if (id !== name) table.remark(place, name, `is called "${id}" here`);
  const pairs = pairsOf(node, `program ${name}`, 'settings such as cmd: sleep 60', reading);
  for (const pair of pairs) {
    const field = fieldOf(pair, name);
    const read = Object.hasOwn(PROGRAM_KEYS, pair.key) ? PROGRAM_KEYS[pair.key] : undefined;
    if (read !== undefined) read(field, table, reading, pair.node);
    else table.remark(pair.place, `${pair.key}: ${field.text}`, 'no counterpart: not a key of Taskmaster');
  }
  if (!pairs.some(({ key }) => key === 'cmd'))
    reading.error(place, 'has no cmd', { process: name, hint: 'write cmd: PROGRAM ARGUMENTS' });
  if (reading.claim(id, place)) reading.draft.add(table);
}
