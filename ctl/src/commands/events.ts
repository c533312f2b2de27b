import type { Params } from '@procman/protocol/contract';
import { clientExit } from '@procman/protocol/exit-codes';
import type { Event } from '@procman/protocol/views';
import { type EventType, eventTypes } from '@procman/protocol/vocabulary';
import type { Command, Given } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { Failure, UsageError } from '../failure.ts';
import { follow } from '../follow.ts';
import { ANY_NAMES, chosenWord, durationOf, namesOf } from './options.ts';

export const events: Command = {
  name: 'events',
  summary: 'what has happened: states, exits, commands, reloads',
  operands: ANY_NAMES,
  options: [
    {
      long: 'since',
      value: 'TIME',
      summary: 'from then on: 18:00 (the last), 2h (so long ago), 2026-12-01, 2026-12-01T08:00',
    },
    { long: 'until', value: 'TIME', summary: 'before that time, written alike' },
    {
      long: 'type',
      value: 'TYPE',
      valueKind: 'text',
      values: eventTypes,
      summary: 'only these, parted by commas',
    },
    {
      long: 'lines',
      short: 'n',
      value: 'NUMBER',
      summary: 'the last so many; 50 unless told, with --since or --until 1000',
    },
    { long: 'follow', short: 'f', summary: 'go on printing what comes, until Ctrl-C' },
  ],
  details: [
    'Without NAME: of all processes, the daemon and the configuration. Names of processes that are gone are known here, too.',
    'Times are those of [daemon] timezone. Red: a problem began, or a run failed.',
  ],
  examples: [
    'events',
    'events web --since 2h',
    'events --type exit,problem --since 2026-12-01',
    'events -f',
    'events web --json | jq .events[].message',
  ],
  withoutDaemon: true,
  run: async (context, given) => {
    const params = eventsParams(context, given);
    if (given.switches.has('follow')) return followEvents(context, params);
    const result = await context.call('events', params);
    const { renderEvents } = await context.io.reports();
    context.print(result, () => renderEvents(result.events, context.style, context.io.now()));
    if (context.json) return clientExit.ok;
    if (result.events.length === 0) context.io.err('procmanctl: nothing of this kind is on record\n');
    if (result.more)
      context.io.err(`procmanctl: there is more before these: -n ${(params.limit ?? 0) * 10}, or --until\n`);
    return clientExit.ok;
  },
};

const NO_DAEMON = { exitCode: clientExit.unreachable, code: 'no-daemon' } as const;
const DEFAULT_LINES = 50;
const DEFAULT_OF_SPAN = 1_000;
const MOST_LINES = 100_000;

function eventsParams(context: CommandContext, given: Given): Params<'events'> {
  const names = namesOf(given);
  const since = momentOf(context, given, 'since');
  const until = momentOf(context, given, 'until');
  const types = typesOf(given);
  const isSpan = since !== undefined || until !== undefined;
  return {
    ...(names.length > 0 ? { names } : {}),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
    ...(types === undefined ? {} : { types }),
    limit: linesOf(given) ?? (isSpan ? DEFAULT_OF_SPAN : DEFAULT_LINES),
  };
}

/** A length of time is so long ago; all else the daemon understands, for it knows the zone. */
function momentOf(context: CommandContext, given: Given, option: 'since' | 'until'): string | undefined {
  const text = given.values.get(option);
  if (text === undefined || !/^\d+(\.\d+)?\s*[a-z]/i.test(text)) return text;
  const ago = durationOf(option, text, '30m, 2h, 7d, or a time: 18:00, 2026-12-01T08:00');
  return new Date(context.io.now().getTime() - ago).toISOString();
}

function typesOf(given: Given): EventType[] | undefined {
  const text = given.values.get('type');
  if (text === undefined) return undefined;
  return text.split(',').map((each) => chosenWord('--type', each.trim(), eventTypes));
}

function linesOf(given: Given): number | undefined {
  const text = given.values.get('lines');
  if (text === undefined) return undefined;
  const lines = /^[1-9]\d{0,5}$/.test(text) ? Number(text) : NaN;
  if (lines <= MOST_LINES) return lines;
  throw new UsageError(`--lines: "${text}" is no number of events; allowed: 1 to ${MOST_LINES}`);
}

/** First what was, then what comes: their numbers say where one goes over into the other. */
async function followEvents(context: CommandContext, params: Params<'events'>): Promise<never> {
  if (params.until !== undefined) throw new UsageError('--follow and --until exclude each other');
  const { renderEvents } = await context.io.reports();
  const show = (events: readonly Event[]): void => {
    if (context.json) for (const event of events) context.print(event, () => '');
    else context.io.out(renderEvents(events, { ...context.style, terminal: false }, context.io.now()));
  };
  // Asked first: where nothing was of what is wanted, its number says from where on to listen.
  const newest = await context.call('events', { limit: 1 });
  const was = await context.call('events', params);
  show(was.events);
  const { names, types } = params;
  const wanted = { ...(names === undefined ? {} : { names }), ...(types === undefined ? {} : { types }) };
  if (context.isUnsupervised()) throw new Failure('no daemon runs: nothing new will be told', NO_DAEMON);
  const afterSeq = Math.max(0, ...[...newest.events, ...was.events].map(({ seq }) => seq));
  return follow(context, {
    method: 'subscribe',
    params: { ...wanted, afterSeq },
    notification: 'event',
    onResult: () => undefined,
    onNotification: (event) => show([event]),
  });
}
