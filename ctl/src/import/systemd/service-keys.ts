/** The settings of `[Service]` that are a value each: systemd.exec(5), systemd.service(5), systemd.kill(5). */
import { dirname, join } from 'node:path';
import { plainText } from '../command-words.ts';
import type { Field } from '../reading.ts';
import { splitQuoted } from './exec-line.ts';
import type { ServiceContext } from './service-commands.ts';
import { durationText, timeSpan } from './units.ts';

type KeyReader = (field: Field, context: ServiceContext) => void;

/** In seconds; undefined where it is none. */
export function spanOf(field: Field, { reading }: Pick<ServiceContext, 'reading'>): number | undefined {
  const span = timeSpan(field.text);
  if (span === undefined) reading.wrong(field, 'is no time span', '90, 1min 30s, 500ms, infinity');
  return span;
}

const text =
  (key: 'user' | 'group-name'): KeyReader =>
  (field, { table }) =>
    table.set(key, field.text);

const log =
  (key: 'stdout-log' | 'stderr-log'): KeyReader =>
  (field, { table, reading }) => {
    const path = /^(?:file|append|truncate):(.*)$/.exec(field.text)?.[1];
    if (path !== undefined) table.set(key, plainText(path));
    else if (field.text === 'null') table.set(key, 'none');
    else if (!['journal', 'inherit'].includes(field.text))
      reading.leaveOut(table, field, 'goes into a file in child-log-dir');
  };

/** `LimitNOFILE=1024:524288`: soft and hard; here they are alike. */
const limit =
  (name: string): KeyReader =>
  (field, { table, reading }) => {
    const [soft = '', hard] = field.text.split(':');
    if (hard !== undefined && hard !== soft)
      reading.leaveOut(table, field, 'soft and hard limit are one here: the soft one');
    if (soft === 'infinity') {
      table.setIn('limits', name, 'unlimited');
      return;
    }
    if (name === 'cpu') {
      const span = timeSpan(soft);
      if (span === undefined) reading.wrong(field, 'is no time span', '30s, infinity');
      else table.setIn('limits', name, durationText(span));
      return;
    }
    const size =
      name === 'nofile' || name === 'nproc'
        ? reading.integer({ ...field, text: soft })
        : reading.size({ ...field, text: soft });
    if (size !== undefined) table.setIn('limits', name, size);
    return undefined;
  };

export const SERVICE_KEYS: Readonly<Record<string, KeyReader>> = {
  User: text('user'),
  Group: text('group-name'),
  UMask: (field, { table, reading }) => {
    const mode = reading.mode(field);
    if (mode !== undefined) table.set('umask', mode);
  },
  Nice: (field, { table, reading }) => {
    const nice = reading.integer(field, -20);
    if (nice !== undefined) table.set('nice', nice);
  },
  KillSignal: (field, { table, reading }) => {
    const signal = reading.signal(field);
    if (signal !== undefined) table.set('stop-signal', signal);
  },
  KillMode: (field, { table, reading }) => {
    if (field.text === 'none') {
      reading.leaveOut(table, field, 'no counterpart: what is stopped is ended');
      return;
    }
    const mode = reading.choice(field, { 'control-group': 'group', mixed: 'mixed', process: 'process' });
    if (mode !== undefined && mode !== 'group') table.set('kill-mode', mode);
    return undefined;
  },
  RuntimeMaxSec: (field, context) => {
    const span = spanOf(field, context);
    if (span !== undefined && span !== Infinity) context.table.set('max-run-time', durationText(span));
  },
  StandardOutput: log('stdout-log'),
  StandardError: log('stderr-log'),
  LimitNOFILE: limit('nofile'),
  LimitNPROC: limit('nproc'),
  LimitCORE: limit('core'),
  LimitAS: limit('memory'),
  LimitCPU: limit('cpu'),
};

export function readEnvironment({ unit, table, reading }: ServiceContext): void {
  for (const field of unit.all('Service', 'Environment')) {
    for (const word of splitQuoted(field.text) ?? []) {
      const at = word.indexOf('=');
      if (at > 0) table.setIn('env', word.slice(0, at), plainText(word.slice(at + 1)));
      else
        reading.wrong({ ...field, text: word }, 'is no variable', 'NAME=value, in quotation marks where it has blanks');
    }
    if (splitQuoted(field.text) === undefined)
      reading.wrong(field, 'has a quotation mark that is not closed', 'NAME=value "OTHER=with blanks"');
  }
  const [first, ...others] = unit.all('Service', 'EnvironmentFile');
  if (first !== undefined) readEnvironmentFile(first, { unit, table, reading });
  for (const field of others)
    reading.leaveOut(table, field, 'there is one env-file: join the files, or write its variables into env');
}

/** With `-` it may be missing: then it is named once it is there. */
function readEnvironmentFile(field: Field, { unit, table, reading }: ServiceContext): void {
  const path = field.text.replace(/^-/, '');
  const isOptional = field.text.startsWith('-');
  const full = path.startsWith('/') ? path : join(dirname(unit.file), path);
  if (isOptional && !reading.machine.exists(full))
    reading.leaveOut(table, field, `is not there now; once it is: env-file = "${full}"`);
  else table.set('env-file', plainText(full));
}

export function readWorkDir({ unit, table, reading }: ServiceContext): void {
  const field = unit.last('Service', 'WorkingDirectory');
  const path = field?.text.replace(/^-/, '') ?? '/';
  if (field !== undefined && path === '~')
    reading.leaveOut(table, field, 'write the path of the home folder: work-dir = "/home/..."');
  else table.set('work-dir', plainText(path));
}
