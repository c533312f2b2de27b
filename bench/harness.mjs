// What all figures share: a private folder, daemons and floors in it, clocks, /proc, and an end that leaves nothing behind.
import { spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
export const procmanctl = join(root, 'ctl/bin/procmanctl');
const procmand = join(root, 'daemon/bin/procmand');
const floorProgram = join(root, 'bench/floor.mjs');
/** How long anything may take, in milliseconds. */
const LIMIT = 120_000;

export { pause };

/* ---------------------------------------------------------------- one figure's surroundings */

/** Private folder and everything that is started in it; `end` removes both. */
export class Ground {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'procman-bench-')));
  uid = basename(this.home);
  #children = [];
  #closing = [];

  /** A daemon with its configuration; not started yet. */
  daemon(processes, settings = {}) {
    return new Daemon(this, processes, settings);
  }

  /** Runs a child that is killed in the end at the latest. */
  spawn(command, args, options = {}) {
    const child = spawn(command, args, { stdio: 'ignore', detached: true, ...options });
    child.ended = new Promise((resolve) => child.once('exit', resolve));
    this.#children.push(child);
    return child;
  }

  /** The platform alone: see floor.mjs. */
  floor(count, line) {
    return this.spawn(process.execPath, [floorProgram, join(this.home, 'floor'), String(count), line], {
      env: { ...process.env, PROCMAN_RUN: `${this.uid}/floor` },
    });
  }

  /** A named pipe that services tell their pids through. */
  announcements(name) {
    const pipe = new Announcements(join(this.home, name));
    this.#closing.push(() => pipe.close());
    return pipe;
  }

  async end() {
    for (const child of this.#children) if (isRunning(child)) child.kill('SIGKILL');
    await Promise.all(this.#children.map((child) => child.ended));
    await killMarked(this.uid);
    for (const close of this.#closing) close();
    for (const end of ['json', 'lock']) rmSync(join(runtimeFolder(), `${this.uid}.${end}`), { force: true });
    rmSync(this.home, { recursive: true, force: true, maxRetries: 5 });
  }
}

const isRunning = (child) => child.exitCode === null && child.signalCode === null;

function runtimeFolder() {
  if (process.geteuid() === 0) return '/run/procman';
  return process.env.XDG_RUNTIME_DIR
    ? join(process.env.XDG_RUNTIME_DIR, 'procman')
    : `/tmp/procman-${process.geteuid()}`;
}

/** Services and launchers, by the mark in their environment. */
async function killMarked(uid) {
  const mark = new RegExp(`(^|\\0)PROCMAN_(RUN|LAUNCHER)=${uid}/`);
  const deadline = performance.now() + LIMIT;
  for (;;) {
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && mark.test(read(`/proc/${name}/environ`)));
    if (pids.length === 0) return;
    if (performance.now() > deadline) throw new Error(`cannot end the processes ${pids.join(', ')}`);
    for (const pid of pids) kill(Number(pid));
    await pause(20);
  }
}

function kill(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

function read(path) {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

/* ---------------------------------------------------------------- the daemon */

class Daemon {
  #ground;
  #config;
  #socket;
  #child;

  /** @param processes - the `[[process]]` tables as objects; id, command and so on */
  constructor(ground, processes, settings) {
    this.#ground = ground;
    this.#config = join(ground.home, 'procman.toml');
    this.#socket = join(ground.home, 'socket');
    writeFileSync(this.#config, configText(ground, processes, settings), { mode: 0o600 });
  }

  get pid() {
    return this.#child.pid;
  }

  get socket() {
    return this.#socket;
  }

  /** Starts the daemon; it may not answer yet. */
  start() {
    const log = openSync(join(this.#ground.home, 'procmand.log'), 'a');
    this.#child = this.#ground.spawn(procmand, ['run', this.#config], { stdio: ['ignore', log, log] });
    closeSync(log);
  }

  async kill() {
    this.#child.kill('SIGKILL');
    await this.#child.ended;
  }

  /** One request on a connection of its own. */
  call(method, params = {}) {
    return new Promise((resolve, reject) => {
      const connection = connect(this.#socket);
      let text = '';
      connection.on('error', reject);
      connection.on('data', (data) => (text += data));
      connection.on('end', () => {
        const { result, error } = JSON.parse(text || '{"error":{"message":"no answer"}}');
        if (error) reject(new Error(error.message));
        else resolve(result);
      });
      connection.end(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })}\n`);
    });
  }

  /** Waits until a call succeeds with a result that pleases. */
  async until(method, isRight, everyMs = 5) {
    const deadline = performance.now() + LIMIT;
    for (;;) {
      const result = await this.call(method).catch(() => undefined);
      if (result !== undefined && isRight(result)) return result;
      if (!isRunning(this.#child)) throw new Error(`the daemon has ended:\n${this.log()}`);
      if (performance.now() > deadline) throw new Error(`${method}: not in time\n${this.log()}`);
      await pause(everyMs);
    }
  }

  /** What is waited for, or a failure as soon as the daemon ends. */
  async unlessEnded(waited) {
    const ended = this.#child.ended.then(() => {
      throw new Error(`the daemon has ended:\n${this.log()}`);
    });
    ended.catch(() => undefined);
    waited.catch(() => undefined);
    return Promise.race([waited, ended]);
  }

  /** Waits until all instances run. */
  async untilRunning() {
    return this.until('status', ({ processes }) => processes.every(({ state }) => state === 'RUNNING'), 50);
  }

  log() {
    return read(join(this.#ground.home, 'procmand.log')).split('\n').slice(-20).join('\n');
  }
}

/** The state is on a folder of its own; nothing limits restarts, and nothing has to settle. */
function configText({ home, uid }, processes, settings) {
  const table = (values) => Object.entries(values).map(([key, value]) => `${key} = ${toml(value)}`);
  const lines = [
    `uid = "${uid}"`,
    'file-format = "0"',
    '[daemon]',
    ...table({ 'state-dir': join(home, 'state'), socket: join(home, 'socket'), 'log-level': 'warning', ...settings }),
    '[defaults]',
    ...table({ 'start-secs': 0, 'max-runs': 0 }),
    ...processes.flatMap((process) => ['[[process]]', ...table({ 'apply-on': '2026-01-01', ...process })]),
  ];
  return `${lines.join('\n')}\n`;
}

function toml(value) {
  if (typeof value !== 'object') return JSON.stringify(value);
  const entries = Object.entries(value).map(([key, each]) => `${key} = ${toml(each)}`);
  return `{ ${entries.join(', ')} }`;
}

/** So many services that do nothing. */
export const sleepers = (numprocs) => [{ id: 'sleeper', command: 'sleep infinity', numprocs }];

/** A shell line that tells its pid and then does nothing. */
export const announcing = (pipe) => `echo $$ >${pipe}; exec sleep infinity`;

/* ---------------------------------------------------------------- what services tell */

class Announcements {
  path;
  #socket;
  #waiting = [];
  #lines = [];
  #rest = '';

  constructor(path) {
    this.path = path;
    const { status, stderr } = spawnSync('mkfifo', [path], { encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
    // Read and write: so it has no end when the last writer goes.
    const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    this.#socket = new Socket({ fd, readable: true, writable: false });
    this.#socket.on('data', (data) => this.#push(String(data), performance.now()));
  }

  #push(text, at) {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop();
    for (const line of lines) this.#lines.push({ line, at });
    while (this.#lines.length > 0 && this.#waiting.length > 0) this.#waiting.shift()(this.#lines.shift());
  }

  /** The next line and when it came. */
  async next() {
    if (this.#lines.length > 0) return this.#lines.shift();
    const timer = new AbortController();
    const late = pause(LIMIT, undefined, { signal: timer.signal, ref: false }).then(() => {
      throw new Error('no service announced itself');
    });
    try {
      return await Promise.race([new Promise((resolve) => this.#waiting.push(resolve)), late]);
    } finally {
      timer.abort();
      late.catch(() => undefined);
    }
  }

  /** The last of so many lines. */
  async take(count) {
    let last;
    for (let taken = 0; taken < count; taken += 1) last = await this.next();
    return last;
  }

  close() {
    this.#socket.destroy();
  }
}

/* ---------------------------------------------------------------- measuring */

/** Milliseconds on a CPU, of all threads. */
export function cpuTime(pid) {
  const folder = `/proc/${pid}/task`;
  const nanoseconds = readdirSync(folder).map((thread) => Number(read(`${folder}/${thread}/schedstat`).split(' ')[0]));
  if (nanoseconds.every((each) => each > 0)) return nanoseconds.reduce((sum, each) => sum + each, 0) / 1e6;
  // A kernel without schedstat: ticks of 10 ms.
  const fields = read(`/proc/${pid}/stat`)
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/**
 * Memory in KiB. With `alone` as it would be if no other process shared its program text: other Node processes on the machine
 * (this one is one) make the proportional size of a Node process look smaller than it is.
 */
export function memory(pid, { alone = false } = {}) {
  const text = read(`/proc/${pid}/smaps_rollup`);
  return Number(new RegExp(`^${alone ? 'Rss' : 'Pss'}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? NaN);
}

/** The pids of the launchers of a uid. */
export function launchers(uid) {
  const own = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return own.map(Number).filter((pid) => read(`/proc/${pid}/environ`).includes(`PROCMAN_LAUNCHER=${uid}/`));
}

/** How long a command takes, in milliseconds. */
export function timeOf(command, args, options = {}) {
  const begin = performance.now();
  const { status, error } = spawnSync(command, args, { stdio: 'ignore', ...options });
  if (error) throw error;
  if (status !== 0 && options.anyStatus !== true) throw new Error(`${command} ${args.join(' ')}: exit code ${status}`);
  return performance.now() - begin;
}

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * One line of the report.
 *
 * @param limit - the most that is allowed: `{ ratio }` beside the floor, or `{ value }` in the unit
 */
export function figure(name, { ours, unit, beside, floor, limit }) {
  const ratio = floor === undefined ? undefined : ours / floor;
  const isOver = limit?.ratio === undefined ? ours > (limit?.value ?? Infinity) : ratio > limit.ratio;
  return { name, ours, unit, beside, floor, ratio, limit, verdict: limit === undefined ? '-' : isOver ? 'over' : 'ok' };
}

/** Runs with a ground and ends it, whatever happens. */
export async function onGround(work) {
  const ground = new Ground();
  grounds.add(ground);
  try {
    return await work(ground);
  } finally {
    await ground.end();
    grounds.delete(ground);
  }
}

const grounds = new Set();

/** For Ctrl-C: ends whatever is going on. */
export async function endAll() {
  await Promise.all([...grounds].map((ground) => ground.end()));
}
