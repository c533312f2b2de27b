/** Signals by name and number, as Linux has them on x86 and ARM (signal(7)). */

import type { SignalName } from '../core/model.ts';

/** In the order of their numbers, from 1. */
const NAMES: readonly SignalName[] = (
  'HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU ' +
  'XFSZ VTALRM PROF WINCH IO PWR SYS'
).split(' ');

const ALIASES: Readonly<Record<string, SignalName>> = { IOT: 'ABRT', POLL: 'IO', CLD: 'CHLD', UNUSED: 'SYS' };

/** The first real-time signal that programs may use: glibc keeps 32 and 33 for itself. */
const REAL_TIME_MIN = 34;
const REAL_TIME_MAX = 64;

/** The name of a signal, without SIG; one that has none is given by its number. */
export function signalName(number: number): SignalName {
  const name = NAMES[number - 1];
  if (name !== undefined) return name;
  if (number === REAL_TIME_MAX) return 'RTMAX';
  if (number < REAL_TIME_MIN || number > REAL_TIME_MAX) return String(number);
  return number === REAL_TIME_MIN ? 'RTMIN' : `RTMIN+${number - REAL_TIME_MIN}`;
}

/** The number of a signal, or undefined where there is none of that name. Also takes `RTMAX-n` and plain numbers. */
export function signalNumber(name: SignalName): number | undefined {
  const index = NAMES.indexOf(ALIASES[name] ?? name);
  if (index >= 0) return index + 1;
  const match = /^(?:(RTMIN)(?:\+(\d+))?|(RTMAX)(?:-(\d+))?|(\d+))$/.exec(name);
  if (match === null) return undefined;
  const [, min, above, max, below, plain] = match;
  if (plain !== undefined) return within(Number(plain), 1);
  if (min !== undefined) return within(REAL_TIME_MIN + Number(above ?? 0), REAL_TIME_MIN);
  return max === undefined ? undefined : within(REAL_TIME_MAX - Number(below ?? 0), REAL_TIME_MIN);
}

function within(number: number, least: number): number | undefined {
  return number >= least && number <= REAL_TIME_MAX ? number : undefined;
}
