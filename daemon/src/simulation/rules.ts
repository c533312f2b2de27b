/** The names of what must hold. A broken one is told by its name, so that a shrunk history breaks the same as the whole one did. */
export const RULES = [
  /** Never two live copies; nothing of a run, or of its hooks, beside the next. */
  'one live copy',
  /** No launch is started, or runs, twice. */
  'a launch runs once',
  /** A launch that the daemon has given up does not begin later. */
  'what is given up never runs',
  /** Nothing is signalled that is not proven to belong to a run, or to one of its hooks. */
  'only the proven are signalled',
  /** Nothing is stopped or killed without a cause on record, and that cause is one. */
  'no stop without a cause',
  /** Nothing is killed before its time. */
  'its time to stop is given',
  /** Each exit that a launcher has recorded is reported once, as it was. */
  'an exit is reported once',
  /** What an operator stopped is not started. */
  'holds are kept',
  /** Nothing runs outside its window; a one-shot no more often than its ledger allows. */
  'a one-shot runs once',
  'windows are kept',
  /** While the clock is not to be trusted it stops nothing. */
  'a doubtful clock stops nothing',
  /** A hook lasts no longer than its timeout. */
  'hooks end in time',
  /** Who looks while no daemon runs is told the truth, and changes nothing. */
  'what is told is true',
  /** One daemon per state directory. */
  'one daemon',
  /** Whatever is due is done, or the daemon will wake up for it. */
  'nothing due is forgotten',
  /** When all faults have ended, the world becomes what is expected, within bounded time. */
  'it comes right',
  /** No exception leaves the daemon's code. */
  'the daemon does not fail',
] as const;

export type Rule = (typeof RULES)[number];

export interface Violation {
  readonly rule: Rule;
  readonly text: string;
}
