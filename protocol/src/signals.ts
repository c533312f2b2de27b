/** Signals as people write them (`TERM`, `SIGTERM`, `15`) and as they are shown (`SIGTERM`). */

/** Linux, all architectures but MIPS, SPARC, Alpha and PA-RISC (signal(7)). */
export const signalNumbers = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  ILL: 4,
  TRAP: 5,
  ABRT: 6,
  BUS: 7,
  FPE: 8,
  KILL: 9,
  USR1: 10,
  SEGV: 11,
  USR2: 12,
  PIPE: 13,
  ALRM: 14,
  TERM: 15,
  STKFLT: 16,
  CHLD: 17,
  CONT: 18,
  STOP: 19,
  TSTP: 20,
  TTIN: 21,
  TTOU: 22,
  URG: 23,
  XCPU: 24,
  XFSZ: 25,
  VTALRM: 26,
  PROF: 27,
  WINCH: 28,
  IO: 29,
  PWR: 30,
  SYS: 31,
} as const;

/** A signal without its prefix: `TERM`. */
export type SignalName = keyof typeof signalNumbers;

/** `TERM`, `SIGTERM`, `sigterm`, `15` -> `TERM`; `undefined` for what is no signal. */
export function parseSignal(text: string): SignalName | undefined {
  const names = Object.keys(signalNumbers) as SignalName[];
  if (/^[0-9]+$/.test(text)) return names.find((name) => signalNumbers[name] === Number(text));
  const bare = text.toUpperCase().replace(/^SIG/, '');
  return names.find((name) => name === bare);
}

/** `TERM` -> `SIGTERM`, as all output has it. */
export function showSignal(name: string): string {
  return name.startsWith('SIG') ? name : `SIG${name}`;
}
