import { clientExit } from '@procman/protocol/exit-codes';
import type { Command } from '../command.ts';
import { UsageError } from '../failure.ts';
import { confirmAll, declined, finishAct, goesOn } from './act.ts';
import { ANY_NAMES, namesOf, WAITING_OPTIONS, waitingParams } from './options.ts';

export const restart: Command = {
  name: 'restart',
  summary: 'stop processes and start them again, as they are defined now',
  operands: ANY_NAMES,
  options: [
    {
      long: 'stale',
      summary: 'only those that run otherwise than they are defined now; of all where no NAME is given',
    },
    ...WAITING_OPTIONS,
  ],
  details: ['Nothing is stopped where the start is sure to fail: a missing program, for one.'],
  examples: ['restart nginx', 'restart worker', 'restart all -y', 'restart --stale', 'restart web:* --stale'],
  run: async (context, given) => {
    const names = namesOf(given);
    const stale = given.switches.has('stale');
    if (names.length === 0 && !stale) throw new UsageError('"restart" needs a NAME ("all" for all), or --stale');
    const params = {
      ...(names.length === 0 ? {} : { names }),
      ...(stale ? { stale } : {}),
      ...waitingParams(given),
    };
    const isWanted = stale || (await confirmAll(context, 'restart', names));
    if (!isWanted) return declined(context);
    const result = await context.call('restart', params, goesOn('restart'));
    if (result.results.length > 0 || context.json) return finishAct(context, 'restart', result);
    context.io.out('nothing is stale: all that runs is as it is defined now\n');
    return clientExit.ok;
  },
};
