/** Who else could write the configuration (SPEC 2.4): whoever can decides what the daemon runs. */
import { realpathSync, statSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
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

/**
 * Problems of the folders that files are in: who may write there may put another file in the place of this one. In a sticky
 * folder, such as /tmp, nobody may, but anybody may add one, which a pattern in `include` would find.
 *
 * @param files - absolute
 * @param searched - absolute: folders in which patterns look for files
 */
export function folderProblems(files: readonly string[], searched: readonly string[], euid: number): Problem[] {
  if (euid !== 0) return [];
  const replaceable = files.flatMap((file) =>
    foldersAbove(dirname(file)).filter(({ mode }) => isOpen(mode) && !isSticky(mode)),
  );
  const open = searched.flatMap((folder) =>
    foldersAbove(folder)
      .slice(0, 1)
      .filter(({ mode }) => isOpen(mode)),
  );
  const found = new Map([...replaceable, ...open].map((folder) => [folder.path, folder.mode]));
  return [...found].map(([path, mode]) => ({
    severity: 'error' as const,
    file: path,
    message: 'anybody may write to this folder, which holds the configuration, and the daemon is root',
    found: `mode ${(mode & 0o7777).toString(8).padStart(4, '0')}`,
    hint: `mend it with: chmod o-w ${path}`,
  }));
}

const isOpen = (mode: number): boolean => (mode & 0o002) !== 0;
const isSticky = (mode: number): boolean => (mode & 0o1000) !== 0;

/** A folder and all above it, links followed; none where it cannot be looked at: then its files cannot be read either. */
function foldersAbove(folder: string): { path: string; mode: number }[] {
  try {
    const path = realpathSync(folder);
    const above = path === '/' ? [] : foldersAbove(dirname(path));
    return [{ path, mode: statSync(path).mode }, ...above];
  } catch {
    return [];
  }
}
