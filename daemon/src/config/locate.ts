import { dirname, resolve } from 'node:path';

/**
 * Where the daemon looks for its configuration when it is given none, in this order (SPEC 8, after Taskmaster).
 *
 * @param commandPath - the command as it was called; relative to `cwd` where it is not absolute
 */
export function configCandidates(commandPath: string, cwd: string): string[] {
  const folder = dirname(resolve(cwd, commandPath));
  const candidates = [
    resolve(folder, '../etc/procman.toml'),
    resolve(folder, '../procman.toml'),
    resolve(cwd, 'procman.toml'),
    resolve(cwd, 'etc/procman.toml'),
    '/etc/procman.toml',
    '/etc/procman/procman.toml',
  ];
  return [...new Set(candidates)];
}
