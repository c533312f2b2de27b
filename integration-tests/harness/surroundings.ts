/** What /proc says of a process's surroundings: all that a launch sets, and all that it could leak. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const NO_IDS: readonly number[] = [];

export interface Surroundings {
  /** Real, effective, saved and file system ids. */
  readonly uids: readonly number[];
  readonly gids: readonly number[];
  /** Supplementary groups, in order. */
  readonly groups: readonly number[];
  readonly umask: string;
  readonly nice: number;
  readonly session: number;
  readonly processGroup: number;
  /** 0: none. */
  readonly terminal: number;
  readonly workDir: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly descriptors: Readonly<Record<string, string>>;
  /** Masks of blocked, ignored and caught signals. */
  readonly signals: readonly string[];
  readonly oomScoreAdj: number;
}

/** undefined where a living process has closed it since it was listed. */
function targetOf(descriptor: string): string | undefined {
  try {
    return readlinkSync(descriptor);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

export function surroundingsOf(pid: number): Surroundings {
  const status = Object.fromEntries(lines(pid, 'status').map((line) => line.split(/:\s*/, 2) as [string, string]));
  const ids = (name: string): readonly number[] =>
    status[name]?.trim().split(/\s+/).filter(Boolean).map(Number) ?? NO_IDS;
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // From the third field on: proc(5).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const descriptors = readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    const target = targetOf(`/proc/${pid}/fd/${fd}`);
    return target === undefined ? [] : [[fd, target] as const];
  });
  return {
    uids: ids('Uid'),
    gids: ids('Gid'),
    groups: [...ids('Groups')].sort((a, b) => a - b),
    umask: status['Umask'] ?? '',
    nice: Number(fields[16]),
    session: Number(fields[3]),
    processGroup: Number(fields[2]),
    terminal: Number(fields[4]),
    workDir: readlinkSync(`/proc/${pid}/cwd`),
    environment: environmentOf(pid),
    descriptors: Object.fromEntries(descriptors),
    signals: ['SigBlk', 'SigIgn', 'SigCgt'].map((name) => status[name]?.trim() ?? ''),
    oomScoreAdj: Number(lines(pid, 'oom_score_adj')[0]),
  };
}

export function environmentOf(pid: number): Readonly<Record<string, string>> {
  const entries = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').filter(Boolean);
  return Object.fromEntries(
    entries.map((entry) => [entry.split('=', 1)[0] ?? '', entry.slice(entry.indexOf('=') + 1)]),
  );
}

/** Soft and hard limit, by the name that the kernel has for it: `Max open files`. */
export function limitsOf(pid: number): Readonly<Record<string, string>> {
  const rows = lines(pid, 'limits').slice(1);
  return Object.fromEntries(
    rows.map((row) => [row.slice(0, 26).trim(), row.slice(26, 68).trim().split(/\s+/).join(' ')]),
  );
}

function lines(pid: number, file: string): string[] {
  return readFileSync(`/proc/${pid}/${file}`, 'utf8').trimEnd().split('\n');
}
