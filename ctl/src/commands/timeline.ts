import { clientExit } from '@procman/protocol/exit-codes';
import type { StatusAtResult, TimelineResult } from '@procman/protocol/views';
import type { Command, Given } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { UsageError } from '../failure.ts';
import { ANY_NAMES, durationOf, namesOf } from './options.ts';

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
    { long: 'list', summary: 'no picture, on a terminal either' },
    { long: 'picture', summary: 'the picture alone, in a pipe too' },
  ],
  details: [
    'Schedules, versions and holds that end by themselves; times are those of the zone of each process.',
    'A time that the change of clocks skips or repeats is marked.',
    'On a terminal, for two days at most, a picture comes first: a line for each process, its windows along the hours.',
  ],
  examples: [
    'timeline',
    'timeline shop --for 7d',
    'timeline --from 2026-12-24 --for 3d',
    'timeline --picture',
    'timeline --json',
  ],
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
    const picture = wantsPicture(context, given, result) ? await drawn(context, names, result) : '';
    const list = (): string =>
      picture !== '' && given.switches.has('picture') ? '' : renderTimeline(result, context.style);
    context.print(result, () => [picture, list()].filter((part) => part !== '').join('\n'));
    const note = truncationNote(result);
    if (note !== undefined && !context.json) context.io.err(`procmanctl: ${note}\n`);
    return clientExit.ok;
  },
};

const LONGEST_PICTURE = 2 * 86_400_000;

function wantsPicture(
  { json, style }: CommandContext,
  given: Given,
  { from, to, truncated, entries }: TimelineResult,
): boolean {
  const { switches } = given;
  if (switches.has('list') && switches.has('picture')) throw new UsageError('--list and --picture exclude each other');
  const isShort = Date.parse(to) - Date.parse(from) <= LONGEST_PICTURE && !truncated;
  if (switches.has('picture') && !isShort)
    throw new UsageError('--picture: two days are the most that it shows; use --for 2d');
  return (
    !json && isShort && entries.length > 0 && (switches.has('picture') || (style.terminal && !switches.has('list')))
  );
}

async function drawn(context: CommandContext, names: readonly string[], result: TimelineResult): Promise<string> {
  const { tracksOf, renderPicture, hasUnicode, offsetsAlong } = await context.io.reports();
  const expectedAt = (at: string): Promise<StatusAtResult> =>
    context.call('status', { at, ...(names.length > 0 ? { names: [...names] } : {}) });
  const tracks = tracksOf(result, await expectedAt(result.from), await expectedAt(result.to));
  return renderPicture(tracks, {
    from: Date.parse(result.from),
    to: Date.parse(result.to),
    now: context.io.now().getTime(),
    offsetAt: offsetsAlong([result.from, result.to]),
    style: context.style,
    unicode: hasUnicode(context.io.env),
  });
}

function secondsOf(given: Given): { seconds?: number } {
  const text = given.values.get('for');
  if (text === undefined) return {};
  return { seconds: durationOf('for', text, '90m, 12h, 7d, at most ten years', 'some') / 1000 };
}
