/** A private world for one test: directory, uid, state, socket, daemons and services; nothing of it is left afterwards. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, openSync, closeSync, readFileSync, rmSync, writeFileSync, readdirSync } from 'node:fs'; // prettier-ignore
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DaemonView, PingResult, Row, StatusResult } from '@procman/protocol/views';
import { expect } from 'vitest';
import { begin, type Finished, type Running } from './commands.ts';
import { configText } from './config.ts';
import { unmountBelow } from './mounts.ts';
import { isAlive, markedProcesses, type Marked, signal } from './processes.ts';
import { procmanctl, procmand } from './paths.ts';
import { rpcCall } from './rpc.ts';
import { waitFor } from './wait.ts';

export interface Daemon {
  readonly pid: number;
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** What it has written to its standard error. */
  readonly log: () => string;
}

export interface StartOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Do not wait until it serves: it is expected to end, or is wanted to be caught early. */
  readonly wait?: boolean;
  /** Put before the command: `faketime -f +1h`. */
  readonly prefix?: readonly string[];
}

/** Result of a client's command; `json` is what it printed, parsed. */
export interface CtlResult extends Finished {
  readonly json: unknown;
}

export class World {
  readonly uid = `t${randomBytes(6).toString('hex')}`;
  readonly root = mkdtempSync(join(tmpdir(), 'procman-test-'));
  readonly stateDir = join(this.root, 'state');
  readonly socket = join(this.root, 'control.sock');
  readonly config = join(this.root, 'procman.toml');
  /** Where the test programs keep their locks and logs. */
  readonly playground = join(this.root, 'playground');
  readonly env: NodeJS.ProcessEnv;
  readonly #daemons: Daemon[] = [];

  constructor() {
    mkdirSync(this.playground);
    const { PATH } = process.env;
    this.env = {
      PATH,
      HOME: this.root,
      LANG: 'C.UTF-8',
      PLAYGROUND: this.playground,
      TEST_WORLD: this.uid,
      PROCMAN_SOCKET: this.socket,
    };
  }

  /* ---------------------------------------------------------------- configuration */

  /**
   * @param daemon - further lines of `[daemon]`
   * @param defaults - further lines of `[defaults]`
   */
  configure(processes: readonly string[], daemon = '', defaults = ''): void {
    this.writeConfig(configText(this, processes, daemon, defaults));
  }

  writeConfig(toml: string): void {
    writeFileSync(this.config, toml);
  }

  /* ---------------------------------------------------------------- daemons */

  /** Starts a daemon in the foreground and waits until it answers. */
  async startDaemon(options: StartOptions = {}): Promise<Daemon> {
    const daemon = this.#spawnDaemon(options);
    if (options.wait === false) return daemon;
    let end: string | undefined;
    void daemon.ended.then((ended) => (end = JSON.stringify(ended)));
    const up = await this.waitFor('the daemon to answer', async () => {
      if (end !== undefined) return 'ended';
      return (await this.rpc<PingResult>('ping')).pid === daemon.pid ? 'up' : undefined;
    });
    if (up === 'ended') throw new Error(`the daemon ended: ${end ?? ''}\n${daemon.log()}`);
    return daemon;
  }

  #spawnDaemon({ args = [], env = {}, prefix = [] }: StartOptions): Daemon {
    const logFile = join(this.root, `daemon-${this.#daemons.length}.log`);
    const output = openSync(logFile, 'a');
    const [file = procmand, ...words] = [...prefix, procmand, 'run', this.config, ...args];
    const child = spawn(file, words, {
      env: { ...this.env, ...env },
      stdio: ['ignore', output, output],
      detached: true,
    });
    closeSync(output);
    const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
      child.on('error', () => resolve({ code: null, signal: null }));
      child.on('exit', (code, signalName) => resolve({ code, signal: signalName }));
    });
    const daemon: Daemon = { pid: child.pid ?? 0, ended, log: () => readFileSync(logFile, 'utf8') };
    this.#daemons.push(daemon);
    return daemon;
  }

  /** SIGKILL, and waits until it is gone. */
  async killDaemon(daemon: Daemon): Promise<void> {
    signal(daemon.pid, 'SIGKILL');
    await daemon.ended;
  }

  /** Kills the daemon as a crash would, and starts the next one. */
  async crashDaemon(daemon: Daemon, options: StartOptions = {}): Promise<Daemon> {
    await this.killDaemon(daemon);
    return this.startDaemon(options);
  }

  /* ---------------------------------------------------------------- asking */

  rpc<T>(method: string, params: object = {}): Promise<T> {
    return rpcCall<T>(this.socket, method, params);
  }

  async rows(): Promise<readonly Row[]> {
    return (await this.rpc<StatusResult>('status')).processes;
  }

  async row(name: string): Promise<Row> {
    const found = (await this.rows()).find((row) => row.name === name);
    if (found === undefined) throw new Error(`${name} is not in the status`);
    return found;
  }

  async daemonView(): Promise<DaemonView> {
    return (await this.rpc<StatusResult>('status')).daemon;
  }

  /** Pid of its main process, once it has one. */
  async pidOf(name: string): Promise<number> {
    const { pid } = await this.waitForRow(name, 'a pid', (row) => row.pid !== undefined);
    return pid ?? 0;
  }

  beginCtl(...args: string[]): Running {
    return begin(procmanctl, args, this.env);
  }

  async ctl(...args: string[]): Promise<CtlResult> {
    const finished = await this.beginCtl(...args).finished;
    const json: unknown = args.includes('--json') ? JSON.parse(finished.stdout) : undefined;
    return { ...finished, json };
  }

  /* ---------------------------------------------------------------- waiting */

  /** @param limit - in milliseconds, for what takes longer than anything else */
  waitFor<T>(
    description: string,
    ask: () => T | undefined | null | false | Promise<T | undefined | null | false>,
    limit?: number,
  ): Promise<T> {
    return waitFor(description, ask, () => this.report(), limit);
  }

  /** Until the row is as asked for. */
  waitForRow(name: string, description: string, isWanted: (row: Row) => boolean): Promise<Row> {
    return this.waitFor(`${name}: ${description}`, async () => {
      const row = await this.row(name);
      return isWanted(row) && row;
    });
  }

  waitForState(name: string, ...states: Row['state'][]): Promise<Row> {
    return this.waitForRow(name, states.join(' or '), ({ state }) => states.includes(state));
  }

  /** Until all that is expected to run does. */
  async waitForAll(state: Row['state'], names?: readonly string[]): Promise<readonly Row[]> {
    return this.waitFor(`${names?.join(', ') ?? 'all'} ${state}`, async () => {
      const rows = (await this.rows()).filter(({ name }) => names?.includes(name) ?? true);
      return rows.every((row) => row.state === state) && rows;
    });
  }

  waitForEnd(pid: number, what = `process ${pid}`): Promise<boolean> {
    return this.waitFor(`the end of ${what}`, () => !isAlive(pid));
  }

  /* ---------------------------------------------------------------- what the test programs wrote */

  /** Complaints about second copies; always to be empty. */
  shouts(): string[] {
    return this.lines('shouts');
  }

  /** Lines of a file of the playground; none where it does not exist. */
  lines(file: string): string[] {
    const path = join(this.playground, file);
    return existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [];
  }

  /** Pids of all launches of a service, oldest first. */
  starts(id: string): number[] {
    return this.lines(`log.${id}`).flatMap((line) => (line.startsWith('start ') ? [Number(line.slice(6))] : []));
  }

  /**
   * That it was launched so often, and no more. A program needs a moment until it has written its line, also where the daemon calls it
   * RUNNING already: this waits for the last line that is expected.
   */
  async expectStarts(id: string, count: number): Promise<void> {
    await this.waitFor(`${count} launches of ${id}`, () => this.starts(id).length >= count);
    expect(this.starts(id)).toHaveLength(count);
  }

  /** Writes a file of the playground. */
  write(file: string, text: string): void {
    writeFileSync(join(this.playground, file), text);
  }

  /** Opens a gate that test programs wait at. */
  open(gate: string): void {
    writeFileSync(join(this.playground, gate), '');
  }

  close(gate: string): void {
    rmSync(join(this.playground, gate), { force: true });
  }

  /** Live processes of this world: services, launchers, hooks. */
  marked(): Marked[] {
    return markedProcesses(this.uid);
  }

  /* ---------------------------------------------------------------- failures and the end */

  /** All that helps to understand a failure. */
  async report(): Promise<string> {
    const status = await this.rpc<StatusResult>('status').catch((error: unknown) => String(error));
    const files = readdirSync(this.playground).filter((name) => name.startsWith('log.') || name === 'shouts');
    const logs = readdirSync(this.root)
      .filter((name) => /^daemon.*\.log$/.test(name))
      .sort();
    return [
      `--- status\n${typeof status === 'string' ? status : briefly(status)}`,
      ...logs.map((name) => `--- ${name}\n${tail(readFileSync(join(this.root, name), 'utf8'))}`),
      ...files.map((name) => `--- ${name}\n${tail(this.lines(name).join('\n'))}`),
      `--- processes\n${this.marked()
        .map(({ pid, kind, mark, command }) => `${pid} ${kind} ${mark} ${command}`)
        .join('\n')}`,
    ].join('\n');
  }

  /** Kills and removes everything; tells what could not be. */
  async tearDown(): Promise<void> {
    for (const { pid, ended } of this.#daemons) {
      signal(pid, 'SIGKILL');
      await ended;
    }
    await waitFor(
      'nothing of this test to be left',
      () => this.#killMarked() === 0,
      () => this.report(),
    );
    unmountBelow(this.root);
    rmSync(this.root, { recursive: true, force: true });
    for (const name of [`${this.uid}.json`, `${this.uid}.sock`, `${this.uid}.lock`])
      rmSync(join('/run/procman', name), { force: true });
    const left = existsSync('/run/procman') ? readdirSync('/run/procman') : [];
    for (const name of left.filter((each) => each.startsWith(`${this.uid}.pid.`)))
      rmSync(join('/run/procman', name), { recursive: true, force: true });
  }

  #killMarked(): number {
    const left = this.marked();
    for (const { pid } of left) signal(pid, 'SIGKILL');
    return left.length;
  }
}

const MOST_LINES = 60;

function tail(text: string): string {
  const lines = text.trimEnd().split('\n');
  return lines.slice(-MOST_LINES).join('\n');
}

function briefly({ daemon, processes }: StatusResult): string {
  const rows = processes.map((row) => {
    const { name, state, phase = '', verdict, pid = '-', restarts, reason } = row;
    const exit = row.lastExit === undefined ? '' : ` lastExit ${JSON.stringify(row.lastExit)}`;
    return `${name} ${state} ${phase} ${verdict} pid ${pid} restarts ${restarts} ${JSON.stringify(reason)}${exit}`;
  });
  return [JSON.stringify(daemon), ...rows].join('\n');
}
