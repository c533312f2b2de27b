/** Steps of a launch plan that root's daemon takes for a service: its limits, and its user. See `launch-plan.ts`. */
import type { Limits } from '../core/model.ts';
import type { LaunchAccount } from './service-account.ts';

/** The longest failure text: the exit file stays within one block. */
const LONGEST_TEXT = 400;

/** Quotes a text for sh: one word, whatever it holds (but NUL, which no sh can hold). */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Says what the exit file shall tell if the lines that follow end the shell. */
export function step(name: string, text: string): string[] {
  const plain = text.replaceAll(/[\x00-\x1f\x7f]/g, '?').slice(0, LONGEST_TEXT);
  return [`set -- "$1" ${quote(`failed ${name} ${plain}`)} "$3"`];
}

/** The options of prlimit(1). */
const LIMIT_OPTIONS = { nofile: 'nofile', nproc: 'nproc', core: 'core', memory: 'as', cpu: 'cpu' } as const;

/** Of this very shell, soft and hard; all at once, because the first may forbid to start a second prlimit. */
export function setLimits(limits: Limits): string[] {
  const names = Object.keys(LIMIT_OPTIONS) as (keyof Limits)[];
  const given = names.flatMap((name) => (limits[name] === undefined ? [] : [[name, limitText(limits, name)] as const]));
  if (given.length === 0) return [];
  const told = given.map(([name, value]) => `${name} ${value}`).join(', ');
  const options = given.map(([name, value]) => `--${LIMIT_OPTIONS[name]}=${value}`).join(' ');
  return [
    ...step('limits', `cannot set the limits (${told}): more than is allowed here?`),
    `prlimit --pid $$ ${options} || exit 125`,
  ];
}

/** Counts and bytes as they are; a started second is a whole one. */
function limitText(limits: Limits, name: keyof Limits): string {
  const value = limits[name] ?? 'unlimited';
  if (value === 'unlimited') return value;
  return String(name === 'cpu' ? Math.max(Math.ceil(value / 1000), 1) : value);
}

/** The plan itself, on descriptor 7, while its path is still right: what the user's shell will read. */
export const openPlan = 'exec 7<"$3.plan"';

/**
 * Ends root's part of a plan, to be followed by `asUser`: the same text is read again by a shell of the user, on its stdin, so
 * that nothing of it is ever seen in an argument or a file that somebody else can read. Tried out first, because what setpriv
 * says cannot be told from the service's own exit.
 */
export function becomeUser({ uid, gid, initGroups }: LaunchAccount): string[] {
  const setpriv = `setpriv --reuid ${uid} --regid ${gid} ${initGroups ? '--init-groups' : '--clear-groups'}`;
  return [
    ...step('user', `cannot become user ${uid}, group ${gid}: no right to, or more processes than its nproc allows?`),
    `${setpriv} true || exit 125`,
    `exec ${setpriv} sh -s "$1" "$2" "" "$entered" 8<>"$1" <&7 7<&-`,
  ];
}

/** The lines of the user's own shell, which has the exit file on descriptor 8: it may not open it. `stdin`: what it has for one. */
export function asUser(stdin: '</dev/null' | '<&1', lines: readonly string[]): string[] {
  return [
    '{',
    // What reads this text stays with it to the end of the block.
    `exec ${stdin}`,
    'left() { printf "%-60s end\\n" "$2" >&8; }',
    'trap \'left "$1" "$2"\' EXIT',
    '[ -z "${BASH_VERSION-}" ] || shopt -s execfail',
    ...lines,
    'left "$1" "$2"',
    'trap - EXIT',
    'exit 125',
    '}',
  ];
}

/** An exec without the exit file. A shell opens it again where the exec fails. */
export function withoutExitFile(exec: string): string {
  return `{ ${exec}; } 8>&-`;
}
