/** What processes use, as /proc tells it (proc(5)). */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { statFields } from './stat-fields.ts';
import type { ProcessUsage } from './system.ts';

/** Reads the fields of /proc/PID/stat; undefined for a text that is none. */
export function usageOf(stat: string): Omit<ProcessUsage, 'openFiles'> | undefined {
  const fields = statFields(stat).map(Number);
  // Counted from the third field on, the state: utime is the 14th, stime the 15th, cutime and cstime follow; num_threads the 20th, starttime the 22nd, rss the 24th.
  const [user = NaN, system = NaN, userOfChildren = NaN, systemOfChildren = NaN] = fields.slice(11, 15);
  const [threads = NaN, , startTicks = NaN, , pages = NaN] = fields.slice(17, 22);
  if (![user, system, userOfChildren, systemOfChildren, threads, startTicks, pages].every(Number.isInteger))
    return undefined;
  const waitedTicks = userOfChildren + systemOfChildren;
  return { startTicks, cpuTicks: user + system, waitedTicks, threads, rssBytes: pages * pageSize() };
}

/** How many files a process has open; undefined where that may not be read (another user's), or it is gone. */
export function openFilesOf(pid: number): number | undefined {
  try {
    // From Linux 6.2 on it is the folder's size: a server with 100,000 connections is not listed for it.
    const { size } = statSync(`/proc/${pid}/fd`);
    return size > 0 ? size : readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return undefined;
  }
}

let knownPageSize: number | undefined;

function pageSize(): number {
  return (knownPageSize ??= readPageSize() ?? 4096);
}

/** AT_PAGESZ of the auxiliary vector (getauxval(3)): pairs of 64-bit numbers; Node runs on little-endian machines, but for s390x. */
function readPageSize(): number | undefined {
  const AT_PAGESZ = 6n;
  const bytes = readFileSync('/proc/self/auxv');
  for (let at = 0; at + 16 <= bytes.length; at += 16) {
    if (bytes.readBigUInt64LE(at) === AT_PAGESZ) return Number(bytes.readBigUInt64LE(at + 8));
  }
  return undefined;
}
