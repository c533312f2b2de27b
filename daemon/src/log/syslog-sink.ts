/**
 * The daemon's log in the system's log, through `logger` of util-linux, which knows where that is. One long-lived child, fed by a pipe: it
 * ends with the daemon, however that ends, because the pipe does.
 */
import { spawn, spawnSync, type ChildProcess, type SpawnOptions } from 'node:child_process';
import type { Writable } from 'node:stream';
import { findProgram } from '../find-program.ts';
import type { LogLevel, Sink } from './sink.ts';

/** Severities of syslog(3), with the facility `daemon`. */
const PRIORITY: Readonly<Record<LogLevel, number>> = { critical: 26, error: 27, warning: 28, info: 30, debug: 31 };

/** No more characters than this wait for `logger`. */
const MOST_WAITING = 1024 * 1024;
/** Longer lines are cut: syslog daemons take no more than 8 KiB as they come. */
const LONGEST = 7_000;
/** A `logger` that ends is started again after this, twice as long each time, in milliseconds. */
const FIRST_DELAY = 1_000;
const LONGEST_DELAY = 60_000;

export class SyslogSink implements Sink {
  readonly path = undefined;
  readonly place = 'the system log (`journalctl -t procmand`, or /var/log/syslog)';
  readonly #program: string;
  readonly #args: readonly string[];
  readonly #knowsPriorities: boolean;
  #child: ChildProcess | undefined;
  #waiting: string[] = [];
  #waitingSize = 0;
  #delay = FIRST_DELAY;
  #notBefore = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @throws an error that says what is missing */
  constructor(path = process.env['PATH'] ?? '') {
    this.#program = findLogger(path);
    this.#knowsPriorities = knowsPriorities(this.#program);
    this.#args = this.#knowsPriorities
      ? ['-t', 'procmand', `--id=${process.pid}`, '--size', '8KiB', '--prio-prefix']
      : ['-t', 'procmand', '-p', 'daemon.info'];
    this.#start();
  }

  write(level: LogLevel, text: string): string | undefined {
    // Each line of a text is a message of its own there.
    const lines = text.split('\n').map((line) => this.#message(level, line));
    const size = lines.reduce((sum, line) => sum + line.length, 0);
    // A `logger` that takes nothing must not fill the daemon's memory.
    if (this.#waitingSize + size > MOST_WAITING) return '`logger` takes nothing';
    this.#waiting.push(...lines);
    this.#waitingSize += size;
    this.#feed();
    return undefined;
  }

  #message(level: LogLevel, line: string): string {
    const prefix = this.#knowsPriorities ? `<${PRIORITY[level]}>` : '';
    const shown = line.length > LONGEST ? `${line.slice(0, LONGEST)}...` : line;
    return `${prefix}${level}: ${shown}\n`;
  }

  #feed(): void {
    if (this.#waiting.length === 0) return;
    const stdin = this.#child === undefined ? this.#start() : this.#child.stdin;
    // It is still to be started, or has not yet taken what it was given: what waits goes out with `drain`.
    if (!stdin || stdin.writableNeedDrain) return;
    const text = this.#waiting.join('');
    this.#waiting = [];
    this.#waitingSize = 0;
    stdin.write(text);
  }

  #start(): Writable | undefined {
    const wait = this.#notBefore - performance.now();
    if (wait > 0) {
      this.#feedLater(wait);
      return undefined;
    }
    this.#notBefore = performance.now() + this.#delay;
    try {
      return this.#follow(spawn(this.#program, this.#args, OPTIONS));
    } catch {
      // No process or descriptor is free just now.
      this.#feedLater(this.#delay);
      return undefined;
    }
  }

  #feedLater(milliseconds: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#feed();
    }, milliseconds).unref();
  }

  #follow(child: ChildProcess): Writable | undefined {
    const startedAt = performance.now();
    const gone = (): void => {
      if (this.#child !== child) return;
      this.#child = undefined;
      const lasted = performance.now() - startedAt > LONGEST_DELAY;
      this.#delay = lasted ? FIRST_DELAY : Math.min(LONGEST_DELAY, this.#delay * 2);
      const text = '`logger` ended and was started again: lines before this one may be missing';
      if (!this.#waiting.some((line) => line.includes(text))) this.#waiting.unshift(this.#message('warning', text));
      this.#feed();
    };
    this.#child = child;
    child.on('error', gone).on('exit', gone).unref();
    // Without a free descriptor there is a child object, but nothing to write to.
    const { stdin } = child;
    stdin?.on('error', gone).on('drain', () => this.#feed());
    (stdin as unknown as { unref?: () => void } | null)?.unref?.();
    return stdin ?? undefined;
  }

  reopen(): void {
    const child = this.#child;
    // Not a death to be told of: it is replaced.
    this.#child = undefined;
    child?.stdin?.end();
    this.#delay = FIRST_DELAY;
    this.#notBefore = 0;
    this.#start();
  }
}

/** A session of its own: a Ctrl-C for the daemon must not take its last lines away. Nothing of the daemon's environment is its business. */
const OPTIONS: SpawnOptions = {
  stdio: ['pipe', 'ignore', 'ignore'],
  detached: true,
  cwd: '/',
  env: { PATH: process.env['PATH'] ?? '' },
};

function findLogger(path: string): string {
  const found = findProgram('logger', path);
  if (found !== undefined) return found;
  throw new Error(
    `"syslog" needs the program logger, which is in no folder of PATH (${path}): install it (package bsdutils or util-linux), or name a file`,
  );
}

/** That of busybox has one priority for all lines. */
function knowsPriorities(program: string): boolean {
  const { stdout } = spawnSync(program, ['--help'], {
    encoding: 'utf8',
    timeout: 5_000,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return typeof stdout === 'string' && stdout.includes('--prio-prefix');
}
