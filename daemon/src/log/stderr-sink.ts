/** The daemon's log on its standard error. */
import * as fs from 'node:fs';
import { openNonBlocking } from '../effects/non-blocking.ts';
import { errorCode, lineOf, type LogLevel, type Sink } from './sink.ts';

/** The reader is gone for good. Anything else (a full pipe, a full disk) may be over with the next line. */
const GONE = new Set(['EPIPE', 'EIO', 'EBADF', 'ECONNRESET']);

/** A terminal or pipe that does not take any more must not stop supervision: it is opened anew without blocking, where that works. */
export class StderrSink implements Sink {
  readonly path = undefined;
  #fd: number | undefined = openNonBlocking(2) ?? 2;
  /** The last line was cut off in its middle. */
  #isTorn = false;

  get place(): string {
    const file = regularFile(2);
    if (file !== undefined) return `the daemon's stderr, the file ${file}`;
    return process.env['JOURNAL_STREAM'] === undefined
      ? "the daemon's stderr"
      : `the daemon's stderr, which is systemd's journal (\`journalctl _PID=${process.pid}\`)`;
  }

  write(level: LogLevel, text: string, time: () => string): string | undefined {
    if (this.#fd === undefined) return undefined;
    const bytes = Buffer.from((this.#isTorn ? '\n' : '') + lineOf(level, text, time));
    let done = 0;
    try {
      while (done < bytes.length) done += fs.writeSync(this.#fd, bytes, done);
      this.#isTorn = false;
      return undefined;
    } catch (error) {
      const code = errorCode(error);
      // Never touch a dead terminal again.
      if (GONE.has(code)) this.#fd = undefined;
      if (done > 0) this.#isTorn = true;
      return code === 'EAGAIN' ? 'the reader of stderr did not read' : `stderr: ${code}`;
    }
  }

  reopen(): void {
    // Nothing to open again.
  }
}

function regularFile(fd: number): string | undefined {
  try {
    return fs.fstatSync(fd).isFile() ? fs.readlinkSync(`/proc/self/fd/${fd}`) : undefined;
  } catch {
    return undefined;
  }
}
