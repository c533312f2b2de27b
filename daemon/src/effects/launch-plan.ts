/**
 * The plan of a launch: what the launcher's child does between its run record and its exec, as sh text.
 *
 * It is one straight line without functions or variables of its own that matter, because the service's environment may
 * clobber any variable. Before each step `$2` is set to what the exit file shall say if the step ends the shell
 * (`$1` is the exit file, `$3` the common part of the launch's file names until it is used for something else): see launch.sh.
 *
 * With another user it has two parts: root's, and the user's, which a shell of that user reads from the same file. `$4` tells
 * them apart: it is set in the second one.
 *
 * A text file without `#!` is run by sh, as POSIX says for ENOEXEC: that counts as launched, also if sh makes nothing of it.
 */
import { isObject } from '../core/is-object.ts';
import type { Limits } from '../core/model.ts';
import { asUser, becomeUser, openPlan, quote, setLimits, step, withoutExitFile } from './launch-steps.ts';
import { markLine, type LogMark } from './last-words.ts';
import type { LaunchAccount } from './service-account.ts';

export { quote };

export interface LogFile {
  readonly path: string;
  /** In a folder of our own, or one that others may write to: a symbolic link there is refused. */
  readonly auto: boolean;
  /** Opened as the service's user: what it may not write to, it cannot have written to by root. */
  readonly byUser?: boolean;
}

/** What a run shares with its hooks and checks. */
export interface LaunchGround {
  readonly workDir: string;
  /** All of it, `PROCMAN_RUN` included. Names that are no shell identifiers are left out. */
  readonly environment: Readonly<Record<string, string>>;
  readonly umask?: number;
  /** Absolute priority, -20 to 19. */
  readonly nice?: number;
  readonly limits?: Limits;
  /** As whom it runs; undefined: as the daemon does. */
  readonly account?: LaunchAccount;
}

export interface LaunchPlan extends LaunchGround {
  /** A program without a slash is looked up in the service's own PATH. */
  readonly argv: readonly string[];
  /** null: /dev/null. `capture`: the launch's `.out` file, which has to be prepared (`LaunchFiles.prepare`). */
  readonly stdout: LogFile | 'capture' | null;
  readonly stderr: LogFile | 'stdout' | null;
  /** Where its error stream goes, and where that log stands now. */
  readonly errorLog?: LogMark | undefined;
  /** On a terminal of its own; `stderr` goes where `stdout` goes then. The launch has to be prepared with `terminalText`. */
  readonly terminal?: boolean;
}

/** A hook or a command check. */
export interface HookCommand {
  readonly command: string;
  /** What it has beside its run's variables: `PROCMAN_HOOK` (required), `PROCMAN_PID`, `PROCMAN_EXIT_CODE`... */
  readonly environment: Readonly<Record<string, string>> & { readonly PROCMAN_HOOK: string };
  readonly stdout: LaunchPlan['stdout'];
  readonly stderr: LaunchPlan['stderr'];
}

/** Where programs are looked for by a service without a PATH. */
const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin';

/** Read-only or changing by themselves in some shell: `env` sets them, after the shell is gone. */
const SHELL_OWNED =
  /^(?:BASH.*|_|COMP_WORDBREAKS|DIRSTACK|E?UID|EPOCH.*|FUNCNAME|GROUPS|HISTCMD|LINENO|OPTIND|PPID|S?RANDOM|SECONDS|SHELLOPTS|SHLVL)$/;

/** Whether some shell keeps the variable for itself. */
export function isShellOwned(name: string): boolean {
  return SHELL_OWNED.test(name);
}

/** What the launcher has in its environment, or a shell adds to it. */
const LAUNCHER_OWNED = 'LC_ALL PATH PWD OLDPWD SHLVL PROCMAN_LAUNCHER PROCMAN_PID_NAMESPACE';

const TERMINAL_ROWS = 24;
const TERMINAL_COLUMNS = 80;

/** What the comment on a plan's first line begins with. */
const GROUND = '# ';

/**
 * The plan as sh text. Its first line is a comment with the ground as JSON, for hooks that come later: by then the definition
 * may have changed, or be gone. A second one tells where its error log stood: see `last-words.ts`. Never throws: what cannot be launched makes a plan that fails.
 */
export function planText(plan: LaunchPlan): string {
  const mark = plan.errorLog === undefined ? [] : [markLine(plan.errorLog)];
  return `${[groundLine(plan), ...mark, ...linesOf(plan)].join('\n')}\n`;
}

function linesOf(plan: LaunchPlan): string[] {
  if (holdsNul(plan)) return [...step('plan', 'a value holds a NUL character'), 'exit 125'];
  const { account, workDir } = plan;
  // Priority first: renice is a process, and a limit on these may forbid it.
  const byRoot = [...(plan.nice === undefined ? [] : setNice(plan.nice)), ...setLimits(plan.limits ?? {})];
  const cannotEnter = step('cd', `cannot change to ${workDir}`);
  const enter = `cd -- ${quote(workDir)}`;
  if (account === undefined) {
    const output = plan.terminal === true ? onTerminal() : redirections(plan, () => true);
    const before = [...output, ...maskOf(plan), ...byRoot];
    return [...before, ...cannotEnter, `${enter} || exit 125`, ...execute(plan)];
  }
  return [
    '[ -n "${4-}" ] || {',
    openPlan,
    ...(plan.terminal === true ? [...onTerminal(), ...giveTerminal(account)] : redirections(plan, isByRoot)),
    ...byRoot,
    // Where root may not enter (NFS) the user may.
    `entered=no; ${enter} 2>/dev/null && entered=yes`,
    ...becomeUser(account),
    '}',
    ...asUser(plan.terminal === true ? '<&1' : '</dev/null', [
      `[ "$4" = yes ] || { ${cannotEnter.join('; ')}; ${enter} || exit 125; }`,
      ...(plan.terminal === true ? [] : redirections(plan, (log) => !isByRoot(log))),
      ...maskOf(plan),
      ...execute(plan),
    ]),
  ];
}

/**
 * What is done before the terminal of a plan is made, as sh text: `script` copies what is written there to its own output. undefined
 * for a plan without one.
 */
export function terminalText(plan: LaunchPlan): string | undefined {
  if (plan.terminal !== true) return undefined;
  const lines = holdsNul(plan)
    ? [...step('plan', 'a value holds a NUL character'), 'exit 125']
    : scriptOutput(plan.stdout);
  return `${lines.join('\n')}\n`;
}

/** What the launch of a plan shares with its hooks; undefined for a text that does not tell. */
export function groundOf(text: string): LaunchGround | undefined {
  const [line = ''] = text.split('\n', 1);
  if (!line.startsWith(GROUND)) return undefined;
  try {
    const value: unknown = JSON.parse(line.slice(GROUND.length));
    return isGround(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The plan of a hook or a command check: sh on the ground of its run, with the mark of a hook in place of the run's. */
export function hookPlan(ground: LaunchGround, { command, environment, stdout, stderr }: HookCommand): LaunchPlan {
  const { PROCMAN_RUN: _run, ...shared } = ground.environment;
  return {
    ...ground,
    argv: ['/bin/sh', '-c', command],
    environment: { ...shared, ...environment },
    stdout,
    stderr,
  };
}

/** JSON has no raw newline, so the comment ends where the line does, whatever the values hold. */
function groundLine({ workDir, environment, umask, nice, limits, account }: LaunchGround): string {
  return GROUND + JSON.stringify({ workDir, environment, umask, nice, limits, account });
}

function isGround(value: unknown): value is LaunchGround {
  if (!isObject(value)) return false;
  const { workDir, environment, umask, nice, limits, account } = value;
  return (
    typeof workDir === 'string' &&
    isObject(environment) &&
    Object.values(environment).every((each) => typeof each === 'string') &&
    [umask, nice].every((each) => each === undefined || Number.isInteger(each)) &&
    (limits === undefined || isLimits(limits)) &&
    (account === undefined || isAccount(account))
  );
}

function isLimits(value: unknown): value is Limits {
  return isObject(value) && Object.values(value).every((each) => each === 'unlimited' || Number.isInteger(each));
}

function isAccount(value: unknown): value is LaunchAccount {
  if (!isObject(value)) return false;
  const { uid, gid, initGroups } = value;
  return Number.isInteger(uid) && Number.isInteger(gid) && typeof initGroups === 'boolean';
}

function holdsNul(plan: LaunchPlan): boolean {
  const logs = [plan.stdout, plan.stderr].map((log) => (typeof log === 'object' ? (log?.path ?? '') : log));
  const texts = [...plan.argv, plan.workDir, ...Object.entries(plan.environment).flat(), ...logs];
  return texts.some((text) => text.includes('\0'));
}

/** Those that the chosen log files need; what is no file is opened with the first of them. */
function redirections({ stdout, stderr }: LaunchPlan, isChosen: (log: LogFile) => boolean): string[] {
  const isHere = (target: LaunchPlan['stdout']): boolean =>
    isLogFile(target) ? isChosen(target) : isChosen({ path: '', auto: false });
  return [
    ...(isHere(stdout) ? redirect(1, 'stdout', stdout) : []),
    ...(isHere(stderr === 'stdout' ? stdout : stderr) ? redirect(2, 'stderr', stderr) : []),
  ];
}

const isByRoot = ({ byUser }: LogFile): boolean => byUser !== true;

/** `script` writes the log, and it is the daemon's: a file that only the service's user may open safely is none for it. */
function scriptOutput(target: LaunchPlan['stdout']): string[] {
  if (!isLogFile(target) || isByRoot(target)) return redirect(1, 'stdout', target);
  const why = `${target.path} lies where others than root may write: with pty name a log elsewhere`;
  return [...step('stdout', why), 'exit 125'];
}

/** Or the service could not open it by its name. */
function giveTerminal({ uid }: LaunchAccount): string[] {
  return [...step('pty', 'cannot give the terminal to its user'), `chown ${uid} "$(tty)" || exit 125`];
}

function isLogFile(target: LaunchPlan['stdout']): target is LogFile {
  return typeof target === 'object' && target !== null;
}

/**
 * Lines of a log end in a newline alone, as in any file. The size is that of a terminal which nobody has resized: some programs
 * divide by the width. (launch.sh has taken descriptor 2 off the terminal.)
 */
function onTerminal(): string[] {
  return [
    ...step('pty', 'stty cannot set the terminal'),
    `stty -onlcr rows ${TERMINAL_ROWS} cols ${TERMINAL_COLUMNS} || exit 125`,
    'exec 2>&1',
  ];
}

function redirect(
  descriptor: 1 | 2,
  name: 'stdout' | 'stderr',
  target: LogFile | 'capture' | 'stdout' | null,
): string[] {
  if (target === null) return [`exec ${descriptor}>/dev/null`];
  if (target === 'stdout') return [`exec ${descriptor}>&1`];
  if (target === 'capture') {
    // $3 is still what the launch's files are called. Appended, so that `echo x >/dev/stderr` leaves no hole.
    return [...step(name, 'cannot write the output file'), `exec ${descriptor}>>"$3.out" || exit 125`];
  }
  const path = quote(target.path);
  const noLink = [...step(name, `${target.path} is a symbolic link`), `[ ! -L ${path} ] || exit 125`];
  return [
    ...(target.auto ? noLink : []),
    ...step(name, `cannot append to ${target.path}`),
    `exec ${descriptor}>>${path} || exit 125`,
  ];
}

function maskOf({ umask }: LaunchPlan): string[] {
  if (umask === undefined) return [];
  const octal = umask.toString(8).padStart(4, '0');
  return [...step('umask', `cannot set umask ${octal}`), `umask ${octal} || exit 125`];
}

/** Without `-n`, which adds to the priority in some versions. It changes this process, so nothing stays behind. */
function setNice(nice: number): string[] {
  return [...step('nice', `cannot set priority ${nice}`), `renice ${nice} -p $$ >/dev/null || exit 125`];
}

/** Environment and exec come last: the service's PATH or LD_PRELOAD touches no tool of the launcher. */
function execute(plan: LaunchPlan): string[] {
  const entries = Object.entries(plan.environment).filter(([name]) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name));
  const assign = ([name, value]: [string, string]): string => `${name}=${quote(value)}`;
  const exports = entries.filter(([name]) => !isShellOwned(name)).map((entry) => `export ${assign(entry)}`);
  const owned = entries.filter(([name]) => isShellOwned(name)).map(assign);
  const [program = '', ...rest] = plan.argv;
  const { lines, word } = findProgram(program, plan.environment['PATH']);
  const wrap = plan.account === undefined ? (exec: string): string => exec : withoutExitFile;
  // `env` would take a program with `=` in its name for a variable.
  const viaEnv = owned.length > 0 && !program.includes('=') ? ['/usr/bin/env', ...owned] : [];
  return [
    ...lines,
    ...step('environment', 'cannot set the environment'),
    // Quiet, because bash warns of locales that it does not know.
    `{ unset ${LAUNCHER_OWNED}`,
    ...exports,
    '} 2>/dev/null',
    ...step('exec', `${program}: cannot be executed (wrong format, or its interpreter is missing?)`),
    wrap(['exec', ...viaEnv, word, ...rest.map(quote)].join(' ')),
  ];
}

/** Lines that test the program, and the word to execute: only real files count, also for names of builtins. */
function findProgram(program: string, searchPath: string | undefined): { lines: string[]; word: string } {
  if (program === '' || program.includes('/')) {
    const path = quote(program);
    const lines = [
      ...[...step('exec', `${program}: not found`), `[ -e ${path} ] || exit 125`],
      ...[...step('exec', `${program}: is a directory`), `[ ! -d ${path} ] || exit 125`],
      ...[...step('exec', `${program}: not executable`), `[ -x ${path} ] || exit 125`],
    ];
    return { lines, word: path };
  }
  const folders = (searchPath ?? DEFAULT_PATH).split(':').map((folder) => (folder === '' ? '.' : folder));
  const candidate = `"$dir"/${quote(program)}`;
  const isProgram = `[ -f ${candidate} ] && [ -x ${candidate} ]`;
  const lines = [
    ...step('exec', `${program}: not found in PATH`),
    `for dir in ${folders.map(quote).join(' ')}; do ${isProgram} && break; done`,
    `${isProgram} || exit 125`,
  ];
  // By its bare name, which is what it sees as its own. Without a PATH there is nothing for exec to search.
  const bare = searchPath !== undefined && !program.startsWith('-');
  return bare ? { lines, word: quote(program) } : { lines: [...lines, `set -- "$1" "$2" ${candidate}`], word: '"$3"' };
}
