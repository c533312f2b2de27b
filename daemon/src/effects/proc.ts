/** Processes as /proc tells of them. */
import * as fs from 'node:fs';
import { openFilesOf, usageOf } from './process-usage.ts';
import { statFields } from './stat-fields.ts';
import type { PidCursor, ProcessMarks, ProcessStat, ProcessUsage } from './system.ts';
import { attempt } from './system-failure.ts';

/** The methods are those of `System`. */
export class Proc {
  /** Grows to the largest text read from /proc, and is used again: reading /proc is most of a sweep. */
  #buffer = Buffer.allocUnsafe(16 * 1024);

  pids(): number[] {
    const names = attempt('list', '/proc', () => fs.readdirSync('/proc'));
    return names.map(Number).filter((pid) => Number.isInteger(pid) && pid > 0);
  }

  /** proc(5): the last field of /proc/loadavg, and `processes` in /proc/stat. */
  pidCursor(): PidCursor | undefined {
    const last = Number(readOptional('/proc/loadavg').trim().split(' ')[4]);
    const forks = Number(/^processes (\d+)$/m.exec(readOptional('/proc/stat'))?.[1]);
    // Some sandboxes have these files filled with zeros.
    return last > 0 && forks > 0 ? { last, forks } : undefined;
  }

  stat(pid: number): ProcessStat | undefined {
    const read = this.#read(pid, 'stat');
    if (read === undefined) return undefined;
    const fields = statFields(read.bytes.toString('latin1'));
    const startTicks = Number(fields[19]);
    if (!Number.isInteger(startTicks)) return undefined;
    return {
      pid,
      parent: Number(fields[1]),
      processGroup: Number(fields[2]),
      session: Number(fields[3]),
      startTicks,
      ended: hasEnded(pid, fields[0] ?? ''),
      uid: read.uid,
    };
  }

  marks(pid: number): ProcessMarks {
    const environ = this.#read(pid, 'environ')?.bytes;
    if (environ?.includes('PROCMAN_') !== true) return {};
    const run = variable(environ, 'PROCMAN_RUN=');
    const hook = variable(environ, 'PROCMAN_HOOK=');
    const launcher = variable(environ, 'PROCMAN_LAUNCHER=');
    return {
      ...(run !== undefined && { run }),
      ...(hook !== undefined && { hook }),
      ...(launcher !== undefined && { launcher }),
    };
  }

  usage(pid: number): ProcessUsage | undefined {
    const usage = usageOf(this.#read(pid, 'stat')?.bytes.toString('latin1') ?? '');
    if (usage === undefined) return undefined;
    const openFiles = openFilesOf(pid);
    return { ...usage, ...(openFiles === undefined ? {} : { openFiles }) };
  }

  commandLine(pid: number): string {
    const words = this.#read(pid, 'cmdline')?.bytes.toString('utf8').replace(/\0+$/, '').replaceAll('\0', ' ') ?? '';
    return words === '' ? readOptional(`/proc/${pid}/comm`).trimEnd() : words;
  }

  workingDirectory(pid: number): { path: string; deleted: boolean } | undefined {
    const path = linkTarget(`/proc/${pid}/cwd`);
    if (path === undefined) return undefined;
    const deleted = path.endsWith(' (deleted)') && !fs.existsSync(path);
    return { path: deleted ? path.slice(0, -' (deleted)'.length) : path, deleted };
  }

  /** The content of a file of /proc, valid until the next read, and the owner of the process; undefined if it is gone or not ours to read. */
  #read(pid: number, name: string): { bytes: Buffer; uid: number } | undefined {
    let fd: number | undefined;
    try {
      fd = fs.openSync(`/proc/${pid}/${name}`, 'r');
      let length = 0;
      for (;;) {
        const count = fs.readSync(fd, this.#buffer, length, this.#buffer.length - length, null);
        length += count;
        if (count === 0) break;
        // A short read of /proc is not always the end of it, but stat is far shorter than a page.
        if (name === 'stat') break;
        if (length === this.#buffer.length) this.#buffer = Buffer.concat([this.#buffer], this.#buffer.length * 2);
      }
      return { bytes: this.#buffer.subarray(0, length), uid: name === 'stat' ? fs.fstatSync(fd).uid : 0 };
    } catch {
      return undefined; // gone in the meantime (ENOENT, ESRCH), or another user's (EACCES)
    } finally {
      if (fd !== undefined) fs.closeSync(fd);
    }
  }
}

/** Empty where it is gone, or not ours to read. */
export function readOptional(path: string): string {
  try {
    return fs.readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** undefined where it is no link, gone, or not ours to read. */
export function linkTarget(path: string): string | undefined {
  try {
    return fs.readlinkSync(path);
  } catch {
    return undefined;
  }
}

function hasEnded(pid: number, state: string): boolean {
  if (state === 'X' || state === 'x') return true;
  if (state !== 'Z') return false;
  try {
    return fs.readdirSync(`/proc/${pid}/task`).length <= 1;
  } catch {
    return true;
  }
}

/** The value of `NAME=` in an environment as /proc has it: entries divided by NUL. */
function variable(environ: Buffer, assignment: string): string | undefined {
  let at = environ.indexOf(assignment);
  while (at > 0 && environ[at - 1] !== 0) at = environ.indexOf(assignment, at + 1);
  if (at < 0) return undefined;
  const end = environ.indexOf(0, at);
  return environ.toString('utf8', at + assignment.length, end < 0 ? environ.length : end);
}
