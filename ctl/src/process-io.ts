/** The real terminal, pipes and environment. */
import { writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { type Io, OutputClosed } from './io.ts';

export type Loaders = Pick<Io, 'offline' | 'interactive' | 'reports' | 'unsupervised'>;

const WIDTH_UNKNOWN = 80;

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
    columns: () => process.stdout.columns || WIDTH_UNKNOWN,
    env: process.env,
    now: () => new Date(),
    onInterrupt: (react) => {
      process.on('SIGINT', react);
      return () => void process.off('SIGINT', react);
    },
  };
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
