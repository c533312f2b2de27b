/** Reads the TOML of TM Orchestrator (its README, "Configuration"); comments go along. */
import { parseToml } from '@procman/daemon/config/parse-toml';
import { directCommand, plainText, shellWord } from '../command-words.ts';
import { type Kept, type Place, ProcessTable, Table, type Value } from '../draft.ts';
import { type Field, idOf, type Reader, type Reading, type Source } from '../reading.ts';
import { type Statement, tomlStatements } from '../toml-statements.ts';

type Pair = Extract<Statement, { kind: 'pair' }>;

export const tmOrchestrator: Reader = {
  read: (sources, reading) => {
    const { daemon, defaults } = reading.draft;
    daemon.comment(
      '# stream = true           # as PID 1 of a container procmand copies all output to its own, and stops all when it ends, by itself',
    );
    // What the orchestrator does: a service runs as soon as it is there, and is not started again.
    defaults.set('autorestart', 'never');
    defaults.set('start-secs', '0s');
    for (const source of sources) readOne(source, reading);
  },
};

/** A service with its keys, as they come. */
interface Service {
  readonly place: Place;
  readonly kept: Kept;
  readonly pairs: Pair[];
}

function readOne({ path, text }: Source, reading: Reading): void {
  const parsed = parseToml(text, path);
  if (!parsed.ok) return void reading.problems.push(parsed.problem);
  const services: Service[] = [];
  const timeouts: Pair[] = [];
  let current: Pair[] | undefined;
  let headerKept: Kept | undefined;
  for (const statement of tomlStatements(text)) {
    const place = { file: path, line: statement.kind === 'comments' ? 1 : statement.line };
    if (statement.kind === 'comments') finish(statement.lines, reading);
    else if (statement.kind === 'pair') {
      if (current === undefined)
        reading.draft.top.remark(place, `${statement.path.join('.')} = ${statement.toml}`, UNKNOWN);
      else current.push(statement);
    } else {
      const name = statement.path.join('.');
      if (statement.isElement && name === 'services')
        services.push({ place, kept: statement.kept, pairs: (current = []) });
      else if (name === 'timeouts') {
        current = timeouts;
        headerKept = statement.kept;
      } else {
        current = [];
        reading.draft.remark(place, `[${name}]`, UNKNOWN);
      }
    }
  }
  if (headerKept !== undefined) for (const line of linesOf(headerKept)) reading.draft.daemon.comment(line);
  const scriptTimeout = readTimeouts(timeouts, path, reading);
  for (const service of services) readService(service, { file: path, scriptTimeout, reading });
}

const UNKNOWN = 'no counterpart: not a key of TM Orchestrator';

const linesOf = ({ above, beside }: Kept): string[] => [...above, ...(beside === undefined ? [] : [beside])];

function finish(lines: readonly string[], { draft }: Reading): void {
  const table = draft.add(new Table());
  for (const line of lines) table.comment(line);
}

function fieldOf({ path, toml, value, line }: Pair, file: string, of?: string): Field {
  const text = typeof value === 'string' ? value : toml;
  return { place: { file, line }, key: path.join('.'), text, ...(of === undefined ? {} : { of }) };
}

/** Seconds. @returns what `pos_script` may take */
function readTimeouts(pairs: readonly Pair[], file: string, reading: Reading): string | undefined {
  const { daemon, defaults } = reading.draft;
  let scriptTimeout: string | undefined;
  for (const pair of pairs) {
    const field = fieldOf(pair, file, 'timeouts');
    if (
      ![
        'post_script_timeout',
        'service_shutdown_timeout',
        'global_shutdown_timeout',
        'dependency_wait_timeout',
      ].includes(field.key)
    ) {
      for (const line of linesOf(pair.kept)) daemon.comment(line);
      daemon.remark(field.place, `${field.key} = ${pair.toml}`, UNKNOWN);
      continue;
    }
    const amount = reading.integer(field, 1);
    if (amount === undefined) continue;
    if (field.key === 'service_shutdown_timeout') defaults.set('stop-timeout', `${amount}s`, pair.kept);
    else if (field.key === 'global_shutdown_timeout') daemon.set('shutdown-timeout', `${amount}s`, pair.kept);
    else if (field.key === 'dependency_wait_timeout') daemon.set('dependency-timeout', `${amount}s`, pair.kept);
    else {
      scriptTimeout = `${amount}s`;
      for (const line of linesOf(pair.kept)) defaults.comment(line);
    }
  }
  return scriptTimeout;
}

interface ServiceContext {
  readonly file: string;
  readonly scriptTimeout: string | undefined;
  readonly reading: Reading;
}

type KeyReader = (field: Field, pair: Pair, table: ProcessTable, context: ServiceContext) => void;

const text =
  (key: 'user' | 'log-file' | 'work-dir'): KeyReader =>
  (field, { kept }, table) =>
    table.set(key, plainText(field.text), kept);

const SERVICE_KEYS: Readonly<Record<string, KeyReader>> = {
  command: (field, { kept }, table) => table.set('command', directCommand(shellWord(plainText(field.text))), kept),
  args: (field, { kept, value }, table, { reading }) => {
    if (!Array.isArray(value)) {
      reading.wrong(field, 'is no list', '["a", "b"]');
      return;
    }
    table.set(
      'args',
      value.map((word) => plainText(String(word))),
      kept,
    );
  },
  enabled: (field, { kept }, table, { reading }) => {
    const isOn = reading.boolean(field);
    if (isOn === false) table.set('autostart', false, kept);
    else for (const line of linesOf(kept)) table.comment(line);
  },
  required: (field, { kept }, table, { reading }) => {
    if (reading.boolean(field) === true) table.set('required', true, kept);
    else for (const line of linesOf(kept)) table.comment(line);
  },
  depends_on: (field, { kept, value }, table) => {
    const names = (Array.isArray(value) ? value : [value]).map(String).filter(Boolean);
    if (names.length === 0) return;
    const entries = names.map((name): Value => ({ id: idOf(name), 'on-loss': 'keep' }));
    const task = `where ${names.join(' or ')} is a task that ends: give it one-shot = true, and this waits until it has ended well`;
    table.remark(field.place, `depends_on = ${names.join(', ')}`, task);
    table.set('depends-on', entries, kept);
  },
  wait_after: (field, { kept }, table, { reading }) => {
    const amount = reading.integer(field);
    if (amount !== undefined) table.set('wait-after', `${amount}s`, kept);
  },
  user: text('user'),
  log_file: text('log-file'),
  work_dir: text('work-dir'),
  pre_script: (field, { kept }, table) => table.set('before', shellWord(plainText(field.text)), kept),
  pos_script: (field, { kept }, table, { scriptTimeout }) => {
    const command = shellWord(plainText(field.text));
    table.set('after-start', scriptTimeout === undefined ? command : { command, timeout: scriptTimeout }, kept);
  },
};

function readService({ place, kept, pairs }: Service, context: ServiceContext): void {
  const { file, reading } = context;
  const name = pairs.find(({ path }) => path.join('.') === 'name');
  const given = typeof name?.value === 'string' ? name.value : '';
  if (given === '') {
    reading.error(place, 'a service has no name', { hint: 'write name = "web"' });
    return;
  }
  const table = new ProcessTable(idOf(given), place);
  table.kept = kept;
  if (name !== undefined) table.set('id', idOf(given), name.kept);
  if (idOf(given) !== given) table.remark(place, `name = ${given}`, `is called "${idOf(given)}" here`);
  for (const pair of pairs) {
    const field = fieldOf(pair, file, given);
    if (pair === name) continue;
    const read = Object.hasOwn(SERVICE_KEYS, field.key) ? SERVICE_KEYS[field.key] : undefined;
    if (read !== undefined) read(field, pair, table, context);
    else {
      for (const line of linesOf(pair.kept)) table.comment(line);
      table.remark(field.place, `${field.key} = ${pair.toml}`, UNKNOWN);
    }
  }
  if (table.get('command') === undefined)
    reading.error(place, 'has no command', { process: given, hint: 'write command = "/path/to/program"' });
  if (reading.claim(table.id, place)) reading.draft.add(table);
}
