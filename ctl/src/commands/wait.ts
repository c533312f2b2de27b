import type { Command, Given } from '../command.ts';
import { follow } from '../follow.ts';
import type { Goal } from '../live/goal.ts';
import { chosenWord, durationOf, namesOf, SOME_NAMES, TIMEOUT_FORMS } from './options.ts';

/** `right` is what is meant where nothing is said: it has no word on the command line. */
const STATES = ['running', 'stopped', 'finished'] as const satisfies readonly Goal[];

export const wait: Command = {
  name: 'wait',
  summary: 'until processes run, have stopped, or have finished: for deploy scripts',
  operands: SOME_NAMES,
  options: [
    {
      long: 'for',
      value: 'STATE',
      valueKind: 'text',
      values: STATES,
      summary: 'for this one; without it: until each is as it should be, as "status" sees it',
    },
    { long: 'timeout', value: 'DURATION', summary: 'so long at most: 90, 30s, 1m 30s; without it there is no limit' },
  ],
  details: [
    'Changes nothing. A line for each instance as soon as it is decided; exit code 0 when all of them have reached it.',
    'Exit code 1 at the timeout, or where one never will by itself: FATAL, or EXITED while it should be running, for one.',
    'running: RUNNING and healthy. stopped: nothing of it runs or is about to. finished: a one-shot that ended well.',
  ],
  examples: ['wait all --timeout 2m', 'wait server worker --for running', 'wait migrate --for finished --timeout 10m'],
  run: async (context, given) => {
    const names = namesOf(given);
    const options = { names, goal: goalOf(given), ...timeoutOf(given) };
    return (await context.io.live()).wait(context, { follow }, options);
  },
};

function goalOf(given: Given): Goal {
  const text = given.values.get('for');
  return text === undefined ? 'right' : chosenWord('--for', text, STATES);
}

function timeoutOf(given: Given): { timeoutMs?: number } {
  const text = given.values.get('timeout');
  if (text === undefined) return {};
  return { timeoutMs: durationOf('timeout', text, TIMEOUT_FORMS) };
}
