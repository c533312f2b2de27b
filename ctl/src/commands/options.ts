/** Operands and options that several commands share. */
import { parseDuration } from '@procman/daemon/config/durations';
import type { Given, Operand, Option } from '../command.ts';
import { UsageError } from '../failure.ts';
import { nearest } from '../text/nearest.ts';

export const SOME_NAMES: readonly Operand[] = [{ label: 'NAME', kind: 'name', repeated: true }];
export const ANY_NAMES: readonly Operand[] = [{ label: 'NAME', kind: 'name', repeated: true, optional: true }];

export const WAITING_OPTIONS: readonly Option[] = [
  { long: 'no-wait', summary: 'only ask for it; do not wait until it is done' },
  {
    long: 'timeout',
    value: 'DURATION',
    summary: 'wait so long at most: 90, 30s, 1m 30s (the operation goes on behind)',
  },
];

/** Params that `WAITING_OPTIONS` stand for. */
export function waitingParams(given: Given): { wait?: boolean; timeoutSeconds?: number } {
  const text = given.values.get('timeout');
  const wait = given.switches.has('no-wait') ? { wait: false } : {};
  if (text === undefined) return wait;
  return { ...wait, timeoutSeconds: durationOf('timeout', text, TIMEOUT_FORMS, 'some') / 1000 };
}

export const TIMEOUT_FORMS = 'seconds (90) or 500ms, 30s, 1m 30s, 2h';

/**
 * A length of time, in milliseconds.
 *
 * @param forms - how to write it, for the error
 * @param least - `some`: none at all is refused
 * @throws UsageError
 */
export function durationOf(option: string, text: string, forms: string, least: 'none' | 'some' = 'none'): number {
  const parsed = parseDuration(text);
  if ('ms' in parsed && (parsed.ms > 0 || least === 'none')) return parsed.ms;
  const problem = 'ms' in parsed ? 'is no time at all' : parsed.problem;
  throw new UsageError(`--${option}: "${text}" ${problem}; write ${forms}`);
}

/** One of a few words; what is near one is proposed. */
export function chosenWord<Word extends string>(option: string, text: string, words: readonly Word[]): Word {
  const found = words.find((word) => word === text.toLowerCase());
  if (found !== undefined) return found;
  const meant = nearest(text, words);
  const proposal = meant === undefined ? '' : `; did you mean "${meant}"?`;
  throw new UsageError(`${option}: "${text}" is none of ${words.join(', ')}${proposal}`);
}

export function namesOf(given: Given): string[] {
  return [...given.operands];
}
