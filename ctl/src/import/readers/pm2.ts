/** Reads an ecosystem file of pm2 in JSON or YAML. One in JavaScript would have to be run; it is refused, with the way out. */
import { basename, dirname, extname, join, parse, resolve } from 'node:path';
import { directCommand, plainText, shellWord } from '../command-words.ts';
import { type Place, ProcessTable } from '../draft.ts';
import { type Field, idOf, type Reader, type Reading, type Source } from '../reading.ts';
import { fieldOf, readYaml, shownNode, type YamlNode, type YamlPair } from '../yaml-nodes.ts';
import { APP_ALIASES, APP_KEYS, APP_WITHOUT, homeOf, interpreterFor, wordsOf } from './pm2-app.ts';

export const pm2: Reader = {
  read: (sources, reading) => {
    const { daemon, defaults } = reading.draft;
    daemon.comment(
      '# on-exit = "stop"        # "pm2 kill" stops all apps; procman leaves them running when its daemon ends',
    );
    // What pm2 does where an app does not say otherwise.
    defaults.set('stop-signal', 'INT');
    defaults.set('stop-timeout', '1600ms');
    defaults.set('start-retries', 15);
    defaults.set('restart-delay', '0s');
    defaults.set('max-runs', 0);
    for (const source of sources) readOne(source, reading);
  },
};

function readOne(source: Source, reading: Reading): void {
  const { path, text } = source;
  if (/\.[cm]?[jt]s$/.test(path) || /^\s*(module\.exports|export default)/m.test(text)) {
    const module = `require(${JSON.stringify(path)})`;
    reading.error({ file: path, line: 1 }, 'is a program in JavaScript: it would have to be run to be read', {
      allowed: 'an ecosystem file in JSON or YAML',
      hint: `write it as JSON first: node -p 'JSON.stringify(${module}, null, 2)' > ecosystem.json`,
    });
    return;
  }
  const top = readYaml(source, reading);
  if (top === undefined) return;
  const others = top.pairs?.filter(({ key }) => key !== 'apps') ?? [];
  const apps = top.items ?? top.pairs?.find(({ key }) => key === 'apps')?.node.items;
  if (apps !== undefined) {
    for (const { key, place } of others) reading.draft.remark(place, key, APP_WITHOUT[key] ?? 'no counterpart');
    for (const app of apps) readApp(app, path, reading);
  } else if (top.pairs?.some(({ key }) => ['script', 'exec'].includes(key))) readApp(top, path, reading);
  else {
    const allowed = '{ "apps": [ { "name": "web", "script": "server.js" } ] }';
    reading.error(top.place, 'has no apps', { found: shownNode(top).slice(0, 80), allowed });
  }
}

interface App {
  readonly name: string;
  readonly place: Place;
  readonly pairs: ReadonlyMap<string, YamlPair>;
}

function readApp(node: YamlNode, file: string, reading: Reading): void {
  const pairs = new Map((node.pairs ?? []).map((pair) => [APP_ALIASES[pair.key] ?? pair.key, pair]));
  const script = pairs.get('script')?.node.text;
  if (script === undefined || script === '') {
    const found = pairs.get('name')?.node.text ?? shownNode(node).slice(0, 80);
    reading.error(node.place, 'an app has no script', { found, hint: 'write "script": "server.js"' });
    return;
  }
  const name = pairs.get('name')?.node.text ?? basename(script, extname(script));
  const app: App = { name, place: pairs.get('name')?.place ?? node.place, pairs };
  const table = new ProcessTable(idOf(name), app.place);
  if (idOf(name) !== name) table.remark(app.place, `name: ${name}`, `is called "${idOf(name)}" here`);
  const cwd = resolve(dirname(file), homeOf(pairs.get('cwd')?.node.text ?? '.', reading));
  table.set('command', commandOf(app, script, cwd, reading));
  table.set('work-dir', plainText(cwd));
  for (const [key, pair] of pairs) readKey({ key, pair, app, table, reading });
  placeLogs(table, cwd);
  if (!reading.claim(table.id, app.place)) return;
  reading.draft.add(table);
  const cron = pairs.get('cron_restart');
  if (cron !== undefined) addCron(fieldOf(cron, name, 'cron_restart'), table, reading);
}

/** There a path is one of the working directory, and instances may share a file; here it would be one of the configuration's folder. */
function placeLogs(table: ProcessTable, cwd: string): void {
  for (const key of ['stdout-log', 'stderr-log', 'log-file'] as const) {
    const value = table.get(key);
    if (typeof value !== 'string' || value === 'none') continue;
    const path = plainText(resolve(cwd, value));
    table.set(key, table.get('numprocs') === undefined ? path : numbered(path));
  }
}

/** `logs/api-{{ PROCMAN_NUM }}.out`: pm2 puts the number there, too. */
function numbered(path: string): string {
  const { dir, name, ext } = parse(path);
  return `${join(dir, name)}-{{ PROCMAN_NUM }}${ext}`;
}

const TOGETHER: ReadonlySet<string> = new Set([
  'name',
  'script',
  'args',
  'node_args',
  'interpreter',
  'cwd',
  'cron_restart',
]);

interface KeyToRead {
  readonly key: string;
  readonly pair: YamlPair;
  readonly app: App;
  readonly table: ProcessTable;
  readonly reading: Reading;
}

function readKey({ key, pair, app, table, reading }: KeyToRead): void {
  const field = fieldOf(pair, app.name, key);
  const read = Object.hasOwn(APP_KEYS, key) ? APP_KEYS[key] : undefined;
  if (read !== undefined) {
    read(field, table, reading, pair.node);
    return;
  }
  if (key === 'instances') {
    readInstances(field, app, table, reading);
    return;
  }
  if (key === 'exec_mode') {
    if (field.text.startsWith('cluster')) reading.leaveOut(table, field, CLUSTER);
    return;
  }
  if (TOGETHER.has(key) || key === 'instance_var') return;
  if (key.startsWith('env_')) {
    const variables = (pair.node.pairs ?? []).map((each) => `${each.key}=${shownNode(each.node)}`).join(', ');
    const why = `for "pm2 --env ${key.slice(4)}"; put these into env where they are to count: ${variables}`;
    table.remark(pair.place, key, why);
    return;
  }
  reading.leaveOut(table, field, APP_WITHOUT[key] ?? 'no counterpart: not a key of pm2');
}

const CLUSTER =
  'no counterpart: instances share no listening port; give each its own, such as env.PORT = "800{{ PROCMAN_NUM }}", or listen with reusePort';

function readInstances(field: Field, app: App, table: ProcessTable, reading: Reading): void {
  const word = field.text.trim();
  const cpus = reading.machine.cpus;
  const isAll = word === 'max' || word === '0';
  const given = isAll ? cpus : /^-?\d+$/.test(word) ? Number(word) : undefined;
  if (given === undefined) {
    reading.wrong(field, 'is no number of instances', 'a whole number, or "max"');
    return;
  }
  const count = Math.max(1, given < 0 ? cpus + given : given);
  if (isAll || given < 0) reading.leaveOut(table, field, `${count} for the ${cpus} processors of this machine`);
  if (count > 1) table.set('numprocs', count);
  const variable = app.pairs.get('instance_var')?.node.text ?? 'NODE_APP_INSTANCE';
  table.setIn('env', variable, '{{ PROCMAN_NUM }}');
}

/** pm2 looks for a script in the working directory, then in PATH. */
function commandOf({ pairs }: App, script: string, cwd: string, reading: Reading): ReturnType<typeof directCommand> {
  const given = pairs.get('interpreter')?.node.text;
  const path = resolve(cwd, homeOf(script, reading));
  const isFile = /[/.]/.test(script) || reading.machine.exists(path);
  const interpreter =
    given === undefined ? (isFile ? (interpreterFor(script) ?? standardFor(path, reading)) : undefined) : given;
  const words = [isFile ? shellWord(plainText(path)) : plainText(script), wordsOf(pairs.get('args')?.node)];
  const before =
    interpreter === undefined || interpreter === 'none' ? [] : [interpreter, wordsOf(pairs.get('node_args')?.node)];
  return directCommand([...before, ...words].filter((word) => word !== '').join(' '));
}

/** Of a file whose name says nothing: a binary is run, any other text is taken for JavaScript. */
function standardFor(path: string, reading: Reading): string | undefined {
  const text = reading.machine.read(path);
  return text === undefined || text.startsWith('#!') ? undefined : 'node';
}

/** With `autorestart: false` pm2 runs the app at these times; else it restarts it then. */
function addCron(field: Field, table: ProcessTable, reading: Reading): void {
  if (field.text === '0' || field.text === '') return;
  if (field.text.trim().split(/\s+/).length !== 5) {
    const why = 'cron has five fields here, without seconds: the schedule was not taken over';
    reading.leaveOut(table, field, why);
    return;
  }
  if (table.get('autorestart') === 'never') {
    table.set('one-shot', true);
    table.setIn('schedule', 'cron', field.text);
    return;
  }
  const group = table.get('group');
  if (group === undefined && table.get('numprocs') === undefined) table.set('group', table.id);
  const target = group === undefined ? `${table.id}:*` : table.id;
  const restart = new ProcessTable(`${table.id} cron-restart`, field.place);
  restart.remark(
    field.place,
    `cron_restart=${field.text}`,
    'procman restarts nothing by the clock: a one-shot asks for it',
  );
  if (group !== undefined) restart.remark(field.place, 'restart', 'also starts the app where it is stopped by hand');
  const line = `procmanctl -u ${shellWord(reading.uid)} restart ${shellWord(target)}`;
  restart.set('command', { line, type: 'expression' });
  restart.set('one-shot', true);
  restart.setIn('schedule', 'cron', field.text);
  reading.draft.add(restart);
}
