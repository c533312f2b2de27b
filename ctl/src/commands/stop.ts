import type { Command } from '../command.ts';
import { stopHint } from '../render/results.ts';
import { confirmAll, confirmDependents, declined, finishAct, goesOn } from './act.ts';
import { namesOf, SOME_NAMES, WAITING_OPTIONS, waitingParams } from './options.ts';

export const stop: Command = {
  name: 'stop',
  summary: 'stop processes, and hold them stopped until "start"',
  operands: SOME_NAMES,
  options: [
    { long: 'now', summary: 'no grace: SIGKILL at once' },
    { long: 'until', value: 'TIME', later: true, summary: '' },
    ...WAITING_OPTIONS,
  ],
  details: [
    'The hold lasts over reloads, daemons and reboots, until an operator starts the process again.',
    'What depends on the process stops with it, and starts again after it; on a terminal you are asked first.',
  ],
  examples: ['stop nginx', 'stop worker:*', 'stop all -y', 'stop stuck --now'],
  run: async (context, given) => {
    const names = namesOf(given);
    const params = { names, ...(given.switches.has('now') ? { now: true } : {}), ...waitingParams(given) };
    const isWanted = (await confirmAll(context, 'stop', names)) && (await confirmDependents(context, names));
    if (!isWanted) return declined(context);
    const result = await context.call('stop', params, goesOn('stop'));
    const exitCode = finishAct(context, 'stop', result);
    const hint = stopHint(result.results);
    if (hint !== undefined && !context.json && context.style.terminal) context.io.out(hint);
    return exitCode;
  },
};
