/** The real terminal, pipes and environment. */
import { writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { type Io, OutputClosed, SCREEN_SIGNALS } from './io.ts';

export type Loaders = Pick<
  Io,
  | 'offline'
  | 'interactive'
  | 'reports'
  | 'completions'
  | 'live'
  | 'examination'
  | 'tui'
  | 'unsupervised'
  | 'importing'
  | 'exporting'
  | 'backups'
>;

/** Of a terminal that does not know its size (a serial line, a fresh container). */
const WIDTH_UNKNOWN = 80;
const HEIGHT_UNKNOWN = 24;

/** Descriptors are written directly: `process.stdout` costs more to create than all else that `status` does. */
export function processIo(loaders: Loaders): Io {
  return {
    ...loaders,
    out: (text) => writeAll(1, text),
    err: (text) => {
      try {
        writeAll(2, text);
      } catch {
        // Nobody reads complaints: go on without them.
      }
    },
    stdinIsTerminal: isatty(0),
    stdoutIsTerminal: isatty(1),
    columns: () => process.stdout.columns || sizeFrom(process.env.COLUMNS) || WIDTH_UNKNOWN,
    rows: () => process.stdout.rows || sizeFrom(process.env.LINES) || HEIGHT_UNKNOWN,
    env: process.env,
    now: () => new Date(),
    onInterrupt: (react) => {
      process.on('SIGINT', react);
      return () => void process.off('SIGINT', react);
    },
    onScreenSignal: (react) => {
      for (const signal of SCREEN_SIGNALS) process.on(signal, react);
      return () => {
        for (const signal of SCREEN_SIGNALS) process.off(signal, react);
      };
    },
    raise: (signal) => void process.kill(process.pid, signal),
  };
}

/** What the environment says of the terminal's size; 0 where that makes no sense. */
function sizeFrom(text: string | undefined): number {
  return text !== undefined && /^[1-9]\d{0,3}$/.test(text) ? Number(text) : 0;
}

function writeAll(descriptor: number, text: string): void {
  const bytes = Buffer.from(text);
  let written = 0;
  while (written < bytes.length) {
    try {
      written += writeSync(descriptor, bytes, written);
    } catch (error) {
      const { code } = error as { code?: unknown };
      if (code !== 'EAGAIN') throw code === 'EPIPE' ? new OutputClosed('the reader has gone') : error;
      // Somebody made the shared pipe non-blocking: wait until its reader has made room.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}
