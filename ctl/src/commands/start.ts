import type { Command } from '../command.ts';
import { finishAct, goesOn } from './act.ts';
import { namesOf, SOME_NAMES, WAITING_OPTIONS, waitingParams } from './options.ts';

export const start: Command = {
  name: 'start',
  summary: 'start processes, and let go of the hold of an earlier "stop"',
  operands: SOME_NAMES,
  options: [{ long: 'force', summary: 'also outside its schedule, until the next window closes' }, ...WAITING_OPTIONS],
  details: ['Waits until each one runs or has failed (a one-shot: until it ended), and prints a line for each.'],
  examples: ['start nginx', 'start all', 'start "example process 2" --timeout 30s', 'start backup --force'],
  run: async (context, given) => {
    const force = given.switches.has('force') ? { force: true } : {};
    const params = { names: namesOf(given), ...force, ...waitingParams(given) };
    return finishAct(context, 'start', await context.call('start', params, goesOn('start')));
  },
};
