/**
 * The daemon's own log. Nothing that happens to the log's destination (a closed terminal, a pipe that nobody reads, a full disk) ever holds up or ends the daemon.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import * as fs from 'node:fs';
import type { Writable } from 'node:stream';
import type { LogLevel } from './supervision/supervisor.ts';

const LEVELS: Readonly<Record<LogLevel, number>> = { debug: 20, info: 30, warning: 40, error: 50, critical: 60 };

export interface Logger {
  log(level: LogLevel, text: string): void;
  setLevel(level: LogLevel): void;
  /** The file may have been moved away: open its path again. */
  reopen(): void;
  /** The file it writes to; undefined for stderr and syslog. */
  readonly path: string | undefined;
}

/** @param destination `-` for stderr, `syslog`, or an absolute path */
export function createLogger(destination: string, level: LogLevel, timeText: (wall: number) => string): Logger {
  const sink =
    destination === 'syslog' ? new SyslogSink() : destination === '-' ? new StderrSink() : new FileSink(destination);
  const isSyslog = destination === 'syslog';
  let threshold = LEVELS[level];
  const log = (at: LogLevel, text: string): void => {
    if (LEVELS[at] < threshold) return;
    // One line per message: what a service or a config contributes must not forge others.
    const shown = text.replace(/[\x00-\x1f\x7f]/g, (char) => (char === '\n' ? '\n    ' : '?'));
    sink.write(isSyslog ? `${at}: ${shown}\n` : `${timeText(Date.now())} ${at.padEnd(8)} ${shown}\n`);
  };
  return {
    log,
    setLevel: (at) => {
      threshold = LEVELS[at];
    },
    reopen: () => sink.reopen(),
    path: sink.path,
  };
}

interface Sink {
  readonly path: string | undefined;
  write(line: string): void;
  reopen(): void;
}

/** A terminal or pipe that does not take any more must not stop supervision: it is opened anew without blocking, where that works. */
class StderrSink implements Sink {
  readonly path = undefined;
  #fd: number | undefined = nonBlocking(2);

  write(line: string): void {
    if (this.#fd === undefined) return;
    try {
      fs.writeSync(this.#fd, line);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      // EAGAIN: full just now, the line is lost. Else the reader is gone for good: never touch it again.
      if (code !== 'EAGAIN') this.#fd = undefined;
    }
  }

  reopen(): void {
    // Nothing to open again.
  }
}

function nonBlocking(fd: number): number {
  try {
    return fs.openSync(`/proc/self/fd/${fd}`, fs.constants.O_WRONLY | fs.constants.O_APPEND | fs.constants.O_NONBLOCK);
  } catch {
    // A socket cannot be opened by path.
    return fd;
  }
}

class FileSink implements Sink {
  readonly path: string;
  #fd: number | undefined;

  constructor(path: string) {
    this.path = path;
    this.#fd = this.#open();
  }

  #open(): number {
    const { O_WRONLY, O_CREAT, O_APPEND, O_NOFOLLOW } = fs.constants;
    return fs.openSync(this.path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0o600);
  }

  write(line: string): void {
    try {
      this.#fd ??= this.#open();
      fs.writeSync(this.#fd, line);
    } catch {
      // A full disk: the line is lost, the services are not.
    }
  }

  reopen(): void {
    if (this.#fd !== undefined) fs.closeSync(this.#fd);
    this.#fd = undefined;
    try {
      this.#fd = this.#open();
    } catch {
      // Tried again with the next line.
    }
  }
}

/** No more bytes than this wait for `logger`. */
const MOST_WAITING = 1024 * 1024;

/** Through `logger` of util-linux, which knows where the system's log is. */
class SyslogSink implements Sink {
  readonly path = undefined;
  #child: ChildProcess | undefined;

  write(line: string): void {
    this.#child ??= this.#start();
    const { stdin } = this.#child;
    // One that takes nothing any more must not fill the daemon's memory: lines are lost instead.
    if (stdin !== null && stdin.writableLength < MOST_WAITING) stdin.write(line);
  }

  #start(): ChildProcess {
    const child = spawn('logger', ['-t', 'procmand'], { stdio: ['pipe', 'ignore', 'ignore'] });
    const gone = (): void => {
      this.#child = undefined;
    };
    child.on('error', gone).on('exit', gone).unref();
    // Without a free descriptor there is a child object, but nothing to write to.
    (child.stdin as Writable | null)?.on('error', gone);
    return child;
  }

  reopen(): void {
    this.#child?.stdin?.end();
    this.#child = undefined;
  }
}
