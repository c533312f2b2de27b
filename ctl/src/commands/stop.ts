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
    {
      long: 'until',
      value: 'TIME',
      summary: 'start it again by itself then: 18:00, next-window, reboot, 2026-12-01T08:00',
    },
    ...WAITING_OPTIONS,
  ],
  details: [
    'The hold lasts over reloads, daemons and reboots, until an operator starts the process again, or until TIME.',
    'TIME is in the zone of the process: 18:00 is the next 18:00, a date means its midnight, next-window when its schedule opens next.',
    'What depends on the process stops with it, and starts again after it; on a terminal you are asked first.',
  ],
  examples: ['stop nginx', 'stop worker:*', 'stop all -y', 'stop stuck --now', 'stop shop --until 18:00'],
  run: async (context, given) => {
    const names = namesOf(given);
    const until = given.values.get('until');
    const params = {
      names,
      ...(until === undefined ? {} : { until }),
      ...(given.switches.has('now') ? { now: true } : {}),
      ...waitingParams(given),
    };
    const isWanted = (await confirmAll(context, 'stop', names)) && (await confirmDependents(context, names));
    if (!isWanted) return declined(context);
    const result = await context.call('stop', params, goesOn('stop'));
    const exitCode = finishAct(context, 'stop', result);
    const hint = stopHint(result.results, until);
    if (hint !== undefined && !context.json && context.style.terminal) context.io.out(hint);
    return exitCode;
  },
};
