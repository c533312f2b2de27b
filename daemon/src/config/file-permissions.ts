/** Who else could write the configuration (SPEC 2.4): whoever can decides what the daemon runs. */
import type { Stats } from 'node:fs';
import type { Problem } from './problem.ts';

/** Problems of a file's mode and owner. Only root's daemon gives more power than its file's writers have already. */
export function permissionProblems(path: string, stats: Pick<Stats, 'mode' | 'uid'>, euid: number): Problem[] {
  if (euid !== 0) return [];
  const problems: Problem[] = [];
  const found = `mode ${(stats.mode & 0o7777).toString(8).padStart(4, '0')}`;
  if ((stats.mode & 0o002) !== 0) {
    const message = 'anybody may write this file, and the daemon is root';
    problems.push({ severity: 'error', file: path, message, found, hint: `mend it with: chmod o-w ${path}` });
  } else if ((stats.mode & 0o020) !== 0) {
    const message = "the file's group may write it, and the daemon is root";
    problems.push({ severity: 'warning', file: path, message, found, hint: `if it need not: chmod g-w ${path}` });
  }
  if (stats.uid !== euid) {
    const message = 'the file belongs to another user, and the daemon is root';
    const hint = `if that is not meant: chown root ${path}`;
    problems.push({ severity: 'warning', file: path, message, found: `uid ${stats.uid}`, hint });
  }
  return problems;
}
