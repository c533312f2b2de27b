/** `[supervisord]`, its socket, and the sections that have no counterpart. */
import { dirname } from 'node:path';
import type { IniSection } from '../ini-lines.ts';
import type { Field, Reading } from '../reading.ts';
import { expand, readPairs } from './expansion.ts';
import { fieldsOf } from './programs.ts';

type KeyReader = (field: Field, reading: Reading) => void;

function pathOf(field: Field, reading: Reading): string | undefined {
  const here = dirname(field.place.file);
  const nothing = { program_name: '', group_name: '', numprocs: '1' };
  const expansion = expand(field.text, { ...nothing, host_node_name: reading.machine.hostname, here });
  if ('problem' in expansion) {
    reading.wrong({ ...field, text: expansion.found }, expansion.problem, '%(here)s, %(ENV_NAME)s');
    return undefined;
  }
  // [daemon] knows no {{ NAME }}.
  return expansion.text.replaceAll(/\{\{ (\w+) \}\}/g, (whole, name: string) => reading.machine.env[name] ?? whole);
}

const LEVELS = {
  critical: 'critical',
  error: 'error',
  warn: 'warning',
  warning: 'warning',
  info: 'info',
  debug: 'debug',
  trace: 'debug',
  blather: 'debug',
} as const;

const KEYS: Readonly<Record<string, KeyReader>> = {
  logfile: (field, reading) => {
    const isStream = /^(?:none|\/dev\/(?:null|stdout|stderr|fd\/[12]))$/i.test(field.text);
    const path = isStream ? '-' : pathOf(field, reading);
    if (path !== undefined) reading.draft.daemon.set('log-file', path);
  },
  logfile_maxbytes: (field, reading) => {
    const size = reading.size(field);
    if (size !== undefined) reading.draft.daemon.set('log-max-bytes', size);
  },
  logfile_backups: (field, reading) => {
    const count = reading.integer(field);
    if (count !== undefined) reading.draft.daemon.set('log-backups', count);
  },
  loglevel: (field, reading) => {
    const level = reading.choice(field, LEVELS);
    if (level !== undefined) reading.draft.daemon.set('log-level', level);
  },
  childlogdir: (field, reading) => {
    const path = pathOf(field, reading);
    if (path !== undefined) reading.draft.daemon.set('child-log-dir', path);
  },
  nocleanup: (field, reading) => {
    if (reading.boolean(field) === true) reading.draft.daemon.set('no-cleanup', true);
  },
  umask: (field, reading) => {
    const mode = reading.mode(field);
    if (mode !== undefined) reading.draft.defaults.set('umask', mode);
  },
  directory: (field, reading) => {
    const path = pathOf(field, reading);
    if (path !== undefined) reading.draft.defaults.set('work-dir', path);
  },
  environment: (field, reading) => {
    const read = readPairs(field.text);
    if ('rest' in read) {
      reading.wrong({ ...field, text: read.rest }, 'is no list of variables', 'KEY="value",OTHER="value"');
      return;
    }
    for (const [name, value] of read.pairs) {
      const text = pathOf({ ...field, text: value }, reading);
      if (text !== undefined) reading.draft.defaults.setIn('env', name, text);
    }
  },
};

const WITHOUT: Readonly<Record<string, string>> = {
  nodaemon: 'procmand stays in the foreground unless it is called with -d',
  pidfile: 'no counterpart: "procmanctl pid" prints the pid',
  user: 'no counterpart: start procmand as this user',
  minfds: 'no counterpart: see "limits" of a process',
  minprocs: 'no counterpart: see "limits" of a process',
  identifier: 'no counterpart: the uid tells configurations apart',
};

export function readDaemonSection(section: IniSection, file: string, reading: Reading): void {
  const { daemon } = reading.draft;
  for (const field of fieldsOf(section, file)) {
    const read = Object.hasOwn(KEYS, field.key) ? KEYS[field.key] : undefined;
    if (read !== undefined) read(field, reading);
    else daemon.remark(field.place, `${field.key}=${field.text}`, WITHOUT[field.key] ?? 'no counterpart');
  }
}

const SECTIONS: readonly (readonly [RegExp, string])[] = [
  [
    /^unix_http_server$/,
    'procmand has a socket of its own, which procmanctl finds; see socket, socket-mode, socket-group',
  ],
  [/^inet_http_server$/, 'no counterpart: procmand listens on no port; ssh can carry its socket'],
  [/^supervisorctl$/, 'procmanctl needs no settings'],
  [/^rpcinterface:/, 'no counterpart: programs talk JSON-RPC with the socket, see docs/protocol.md'],
  [/^ctlplugin:/, 'no counterpart'],
  [/^eventlistener:/, 'no counterpart: "procmanctl events -f" or the method subscribe tell what happens'],
  [/^fcgi-program:/, 'no counterpart: procman shares no listening socket between instances; let the program open it'],
];

export function remarkSection(section: IniSection, file: string, reading: Reading): void {
  const why =
    SECTIONS.find(([pattern]) => pattern.test(section.name))?.[1] ?? 'no counterpart: not a section of supervisord';
  const command = section.entries.find(({ key }) => key === 'command');
  const what = command === undefined ? `[${section.name}]` : `[${section.name}] command=${command.value}`;
  reading.draft.remark({ file, line: section.line }, what, why);
}
