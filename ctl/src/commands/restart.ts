import type { Command } from '../command.ts';
import { confirmAll, declined, finishAct, goesOn } from './act.ts';
import { namesOf, SOME_NAMES, WAITING_OPTIONS, waitingParams } from './options.ts';

export const restart: Command = {
  name: 'restart',
  summary: 'stop processes and start them again, as they are defined now',
  operands: SOME_NAMES,
  options: [...WAITING_OPTIONS, { long: 'stale', later: true, summary: '' }],
  details: ['Nothing is stopped where the start is sure to fail: a missing program, for one.'],
  examples: ['restart nginx', 'restart worker', 'restart all -y'],
  run: async (context, given) => {
    const names = namesOf(given);
    const params = { names, ...waitingParams(given) };
    if (!(await confirmAll(context, 'restart', names))) return declined(context);
    return finishAct(context, 'restart', await context.call('restart', params, goesOn('restart')));
  },
};
