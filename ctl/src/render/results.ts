/** One line per target of `start`, `stop`, `restart`, `unblock`, `signal`, `shutdown` (SPEC 9.1). */
import type { Proc, TargetResult } from '@procman/protocol/views';
import { formatTime } from '../text/time.ts';
import { printable } from '../text/width.ts';
import { paint, type Style } from './style.ts';

export type Verb = 'start' | 'stop' | 'restart' | 'unblock' | 'signal' | 'shutdown';

const DONE: Readonly<Record<Verb, string>> = {
  start: 'started',
  stop: 'stopped',
  restart: 'restarted',
  unblock: 'unblocked',
  signal: 'signalled',
  shutdown: 'stopped',
};

type Ending = (result: TargetResult, verb: Verb) => string;

const withReason =
  (word: string): Ending =>
  ({ message }) =>
    message ? `${word} (${printable(message)})` : word;
const failed = withReason('ERROR');

/** What each code that counts as success is called; every other one is an ERROR. */
const ENDINGS: Readonly<Partial<Record<TargetResult['code'], Ending>>> = {
  done: (_, verb) => DONE[verb],
  already: ({ state }, verb) => {
    // It may have been about to start by itself: that it will not now is what has changed.
    if (verb === 'stop') return 'already stopped; held until `start`';
    if (verb === 'shutdown') return 'already stopped';
    return state === 'EXITED' ? 'already finished' : 'already running';
  },
  released: withReason('released'),
  requested: (_, verb) => `${verb} requested`,
  skipped: withReason('skipped'),
  nothing: () => 'nothing to unblock',
};

export function renderResults(results: readonly TargetResult[], verb: Verb, style: Style, now: Date): string {
  return results
    .flatMap((result) => resultLines(result, verb, style, now))
    .map((line) => `${line}\n`)
    .join('');
}

function resultLines(result: TargetResult, verb: Verb, style: Style, now: Date): string[] {
  const ending = result.ok ? (ENDINGS[result.code] ?? withReason(DONE[verb])) : failed;
  const line = `${printable(result.name)}: ${ending(result, verb)}`;
  const also = result.alsoStopped ?? [];
  return [
    paint(line, result.ok ? undefined : 'red', style),
    ...(also.length > 0 ? [`  also stopped, for they depend on it: ${also.map(printable).join(', ')}`] : []),
    ...processLines('still alive', result.survivors, now),
    ...processLines('may be it', result.candidates, now),
  ];
}

function processLines(what: string, processes: readonly Proc[] | undefined, now: Date): string[] {
  return (processes ?? []).map(({ pid, user, startedAt, command, marked }) => {
    const mark = marked ? '' : ', not marked as of this run';
    return `  ${what}: pid ${pid}, user ${printable(user)}, since ${formatTime(startedAt, now)}${mark}: ${printable(command)}`;
  });
}

/** What a person should know after a `stop`: that it lasts. */
export function stopHint(results: readonly TargetResult[], until?: string): string | undefined {
  const held = results.filter(({ code }) => code === 'done' || code === 'already' || code === 'requested');
  if (held.length === 0) return undefined;
  const them = held.length === 1 ? 'it stays' : 'they stay';
  if (until === 'reboot') return `${them} stopped until "start" or the next boot, also over reloads\n`;
  const end = until === undefined ? '' : ` or ${until === 'next-window' ? 'the next window' : printable(until)}`;
  return `${them} stopped until "start"${end}, also over reloads and reboots\n`;
}
