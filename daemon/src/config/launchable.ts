/** Can a version be launched? Asked at load, and before a `restart` stops anything (SPEC 2.4, 5). */
import { accessSync, constants, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { inheritedEnvironment } from '../core/inherited-environment.ts';
import type { ProcessVersion } from '../core/model.ts';
import { systemAccounts, type AccountLookup } from '../effects/accounts.ts';
import { resolveAccount, type DaemonIds } from '../effects/service-account.ts';
import { SystemError } from '../effects/system.ts';
import { holdsPlaceholder } from '../core/placeholders.ts';
import { quote } from './problem.ts';

/** Where a program is looked for when neither the service nor the daemon has a PATH. */
const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin';

/** What stands in the way of a launch. */
export interface LaunchObstacle {
  readonly key: 'command' | 'work-dir' | 'user' | 'group-name' | 'limits';
  readonly message: string;
  readonly hint: string;
}

/** The machine and the daemon that it is to be launched by. */
export interface LaunchPlace {
  /** The daemon's own; the version's `env` wins. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** As whom the daemon runs; this process unless given. */
  readonly ids?: DaemonIds;
  /** The system's unless given. */
  readonly accounts?: AccountLookup;
}

/** Where the launcher looks for its tools, whatever PATH says. */
export const TOOL_FOLDERS = ['/usr/bin', '/bin', '/usr/sbin', '/sbin'];

/** Why a version cannot be launched, in a sentence that says what to do; undefined where nothing is in the way. */
export function launchProblem(version: ProcessVersion, place: LaunchPlace): string | undefined {
  const [first] = launchObstacles(version, place);
  return first === undefined ? undefined : `${first.message}: ${first.hint}`;
}

/** Everything that stands in the way of a launch. */
export function launchObstacles(version: ProcessVersion, place: LaunchPlace): LaunchObstacle[] {
  const folder = folderProblem(version.workDir);
  const program = programProblem(version, place.environment);
  return [
    ...(folder === undefined ? [] : [{ key: 'work-dir' as const, ...folder }]),
    ...(program === undefined ? [] : [{ key: 'command' as const, ...program }]),
    ...accountObstacles(version, place),
    ...(version.limits === undefined ? [] : missingTool('prlimit', 'limits')),
  ];
}

function accountObstacles(
  version: ProcessVersion,
  { ids = ownIds(), accounts = systemAccounts }: LaunchPlace,
): LaunchObstacle[] {
  const key = version.user === undefined ? 'group-name' : 'user';
  try {
    const resolved = resolveAccount(version, ids, accounts);
    if ('problem' in resolved) return [resolved.problem];
    return resolved.account.launch === undefined ? [] : missingTool('setpriv', key);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    return [{ key, message: error.message, hint: 'see that the directory of accounts answers' }];
  }
}

function missingTool(name: 'prlimit' | 'setpriv', key: 'limits' | 'user' | 'group-name'): LaunchObstacle[] {
  if (isTool(name, TOOL_FOLDERS)) return [];
  const message = `the system tool ${name} is missing in ${TOOL_FOLDERS.join(', ')}`;
  return [{ key, message, hint: `install util-linux, or take ${key} out` }];
}

/** Is the tool in one of the folders? */
export function isTool(name: string, folders: readonly string[]): boolean {
  return folders.some((folder) => isExecutable(`${folder}/${name}`));
}

function ownIds(): DaemonIds {
  return { euid: process.geteuid?.() ?? 0, egid: process.getegid?.() ?? 0 };
}

type Obstacle = Omit<LaunchObstacle, 'key'>;

function folderProblem(path: string): Obstacle | undefined {
  if (holdsPlaceholder(path)) return undefined;
  const what = inspect(path);
  if (what === 'folder') return undefined;
  return what === 'missing'
    ? { message: `the work-dir ${quote(path)} does not exist`, hint: `make it with: mkdir -p ${path}` }
    : {
        message: `the work-dir ${quote(path)} is not a folder that can be entered`,
        hint: 'name a folder that it may enter',
      };
}

function programProblem(
  version: ProcessVersion,
  environment: Readonly<Record<string, string | undefined>>,
): Obstacle | undefined {
  return programObstacle(version.command.argv[0] ?? '', version, environment);
}

/**
 * Why a program could not be run as the version runs its own: with its work-dir and its PATH.
 *
 * @param environment - the daemon's own; the version's `env` wins
 */
export function programObstacle(
  program: string,
  version: ProcessVersion,
  environment: Readonly<Record<string, string | undefined>>,
): Obstacle | undefined {
  // Another path for each instance: the launch will tell.
  if (holdsPlaceholder(program) || holdsPlaceholder(version.workDir)) return undefined;
  if (program.includes('/')) return fileProblem(resolve(version.workDir, program));
  const inherited = inheritedEnvironment(environment, version.inheritEnv);
  const path = version.env['PATH'] ?? inherited['PATH'] ?? DEFAULT_PATH;
  const candidates = path.split(':').map((folder) => resolve(version.workDir, folder, program));
  if (candidates.some((candidate) => inspect(candidate) === 'executable')) return undefined;
  const present = candidates.find((candidate) => inspect(candidate) === 'file');
  if (present !== undefined) return fileProblem(present);
  return {
    message: `the program ${quote(program)} is in none of the folders of PATH`,
    hint: hintOfPath(version),
  };
}

/** Where the PATH comes from in which it was looked for. */
function hintOfPath({ env, inheritEnv }: ProcessVersion): string {
  if (env['PATH'] !== undefined) return 'install it, write its whole path, or mend PATH in env';
  const isInherited = inheritEnv === true || (inheritEnv !== false && inheritEnv.includes('PATH'));
  return isInherited
    ? 'install it, write its whole path, or set PATH in env'
    : 'PATH is not inherited (inherit-env): write its whole path, or set PATH in env';
}

function fileProblem(path: string): Obstacle | undefined {
  switch (inspect(path)) {
    case 'executable':
      return undefined;
    case 'missing':
      return { message: `the program ${quote(path)} does not exist`, hint: 'install it, or mend the path' };
    case 'folder':
      return { message: `the program ${quote(path)} is a folder`, hint: 'name the program in it' };
    default:
      return { message: `the program ${quote(path)} is not executable`, hint: `make it so with: chmod +x ${path}` };
  }
}

type Kind = 'missing' | 'folder' | 'executable' | 'file';

/** What a path is, symbolic links followed. What cannot be looked at counts as missing. */
function inspect(path: string): Kind {
  try {
    const stats = statSync(path);
    const isEnterable = isExecutable(path);
    if (stats.isDirectory()) return isEnterable ? 'folder' : 'file';
    return stats.isFile() && isEnterable ? 'executable' : 'file';
  } catch {
    return 'missing';
  }
}

/** May this user execute the file, or enter the folder? */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Is there a folder at this path? */
export function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
