/** Who has a file open for writing: what is renamed away under a writer loses what he writes. */
import * as fs from 'node:fs/promises';

/** O_WRONLY or O_RDWR (bits 0 and 1 of the flags in fdinfo, octal). */
const WRITES = 3;

/**
 * The pids of processes that have a file open for writing; of those whose descriptors may be seen. One link per descriptor of the
 * machine is read, in between others get their turn.
 *
 * @param except - a pid whose own descriptors do not count
 */
export async function writersOf(
  file: { readonly dev: number; readonly ino: number },
  except: number,
): Promise<number[]> {
  const pids = (await fs.readdir('/proc')).filter((name) => /^\d+$/.test(name) && name !== String(except));
  const writers: number[] = [];
  for (const pid of pids) if (await hasOpen(pid, file)) writers.push(Number(pid));
  return writers;
}

async function hasOpen(pid: string, { dev, ino }: { readonly dev: number; readonly ino: number }): Promise<boolean> {
  const names = await fs.readdir(`/proc/${pid}/fd`).catch(() => []);
  for (const name of names) {
    // Most are pipes and sockets: those links are told from files without a look at the file system.
    const link = await fs.readlink(`/proc/${pid}/fd/${name}`).catch(() => '');
    if (!link.startsWith('/') || link === '/dev/null') continue;
    const stats = await fs.stat(`/proc/${pid}/fd/${name}`).catch(() => undefined);
    if (stats?.ino === ino && stats.dev === dev && (await mayWrite(pid, name))) return true;
  }
  return false;
}

async function mayWrite(pid: string, name: string): Promise<boolean> {
  const text = await fs.readFile(`/proc/${pid}/fdinfo/${name}`, 'utf8').catch(() => '');
  const [, flags] = /^flags:\s*([0-7]+)$/m.exec(text) ?? [];
  return flags !== undefined && (Number.parseInt(flags, 8) & WRITES) !== 0;
}
