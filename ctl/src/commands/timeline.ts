import { parseDuration } from '@procman/daemon/config/durations';
import { clientExit } from '@procman/protocol/exit-codes';
import type { Command, Given } from '../command.ts';
import { UsageError } from '../failure.ts';
import { ANY_NAMES, namesOf } from './options.ts';

export const timeline: Command = {
  name: 'timeline',
  summary: 'what will start, stop and take over, and when',
  operands: ANY_NAMES,
  options: [
    { long: 'for', value: 'DURATION', summary: 'so far ahead: 90m, 12h, 7d; a day unless told' },
    {
      long: 'from',
      value: 'TIME',
      summary: 'from then on: 18:00 (the next), 2026-12-01, 2026-12-01T08:00; now unless told',
    },
  ],
  details: [
    'Schedules, versions and holds that end by themselves; times are those of the zone of each process.',
    'A time that the change of clocks skips or repeats is marked.',
  ],
  examples: ['timeline', 'timeline shop --for 7d', 'timeline --from 2026-12-24 --for 3d', 'timeline --json'],
  withoutDaemon: true,
  run: async (context, given) => {
    const names = namesOf(given);
    const from = given.values.get('from');
    const result = await context.call('timeline', {
      ...(names.length > 0 ? { names } : {}),
      ...(from === undefined ? {} : { from }),
      ...secondsOf(given),
    });
    const { renderTimeline, truncationNote } = await context.io.reports();
    context.print(result, () => renderTimeline(result, context.style));
    const note = truncationNote(result);
    if (note !== undefined && !context.json) context.io.err(`procmanctl: ${note}\n`);
    return clientExit.ok;
  },
};

function secondsOf(given: Given): { seconds?: number } {
  const text = given.values.get('for');
  if (text === undefined) return {};
  const parsed = parseDuration(text);
  const problem = 'problem' in parsed ? parsed.problem : parsed.ms === 0 ? 'is no time at all' : undefined;
  if (problem !== undefined) throw new UsageError(`--for: "${text}" ${problem}; write 90m, 12h, 7d, at most ten years`);
  return 'ms' in parsed ? { seconds: parsed.ms / 1000 } : {};
}
