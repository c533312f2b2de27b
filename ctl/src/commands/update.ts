import { clientExit } from '@procman/protocol/exit-codes';
import type { UpdateResult } from '@procman/protocol/views';
import type { Command, Given } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { endingsOf, renderUpdate } from '../render/update.ts';
import { declined } from './act.ts';

export const update: Command = {
  name: 'update',
  aliases: ['reload'],
  summary: 'load the configuration again and put it into effect',
  operands: [],
  options: [{ long: 'plan', value: 'HASH', summary: 'only if the plan is still this one ("plan --json": hash)' }],
  details: [
    'With errors in the configuration nothing changes: all of them are printed, exit code 6.',
    'On a terminal you are shown the plan first where something would stop. "plan" only shows it.',
    'With --plan HASH nothing is done where the configuration, or what runs, is no longer as it was for that plan.',
  ],
  examples: ['update', 'update -y', 'update --plan 5f2d9c'],
  run: async (context, given) => {
    const hash = await agreedHash(context, given);
    if (hash === undefined) return declined(context);
    const result = await context.call('update', hash === '' ? {} : { hash });
    context.print(result, () => renderUpdate(result, 'did', context.style));
    return exitOf(result);
  },
};

/** The plan that may be carried out: empty for any, undefined after a "no". */
async function agreedHash(context: CommandContext, given: Given): Promise<string | undefined> {
  const asked = given.values.get('plan');
  if (asked !== undefined || !context.canAsk) return asked ?? '';
  const plan = await context.call('plan', {});
  const endings = endingsOf(plan);
  if (!plan.ok || endings === undefined) return '';
  context.io.out(renderUpdate(plan, 'would', context.style));
  return (await context.confirm(`This would ${endings}. Go on?`)) ? plan.hash : undefined;
}

export function exitOf(result: UpdateResult): number {
  return result.ok ? clientExit.ok : clientExit.config;
}
