/** The first line: whose daemon, how its processes fare, and how old that is. */
import { displayWidth, printable } from '../../text/width.ts';
import { isNarrow } from '../model/layout.ts';
import type { State } from '../model/state.ts';
import { styleOf } from './content.ts';
import { lineOf, type Segment } from './segments.ts';
import { compactUptime } from './short-times.ts';

/** Milliseconds without a sign of life, after which the data counts as stale. */
export const STALE_AFTER = 10_000;

export function titleLine(state: State): string {
  const style = styleOf(state);
  const age = ageSegment(state);
  const room = style.columns - displayWidth(age.text) - 1;
  const left: Segment[] = [{ text: `procman ${uidOf(state)}`, paint: 'bold' }, ...countSegments(state)];
  const cut = lineOf(left, { ...style, columns: room });
  const width = Math.min(
    room,
    left.reduce((sum, { text }) => sum + displayWidth(text), 0),
  );
  return cut + ' '.repeat(Math.max(1, style.columns - width - displayWidth(age.text))) + lineOf([age], style);
}

function uidOf({ status }: State): string {
  return status === undefined ? '' : printable(status.daemon.uid);
}

function countSegments(state: State): Segment[] {
  const { status } = state;
  if (status === undefined) return [];
  const rows = status.processes;
  const number = (verdict: 'ok' | 'pending' | 'problem'): number =>
    rows.filter((row) => row.verdict === verdict).length;
  const problems = number('problem');
  const held = rows.filter((row) => row.held).length;
  const pid = status.daemon.pid === null ? 'no daemon' : `pid ${status.daemon.pid}`;
  // With less room how they fare is worth more than whose they are.
  const whole = isNarrow(state) ? ' ' : `  ${pid}  ${rows.length} process${rows.length === 1 ? '' : 'es'}:`;
  return [
    { text: whole },
    { text: ` ${number('ok')} ok` },
    ...(number('pending') > 0 ? [{ text: `, ${number('pending')} pending`, paint: 'yellow' as const }] : []),
    ...(problems > 0 ? [{ text: `, ${problems} problem${problems === 1 ? '' : 's'}`, paint: 'red' as const }] : []),
    ...(held > 0 ? [{ text: `; ${held} held` }] : []),
  ];
}

/** Small ages are not counted out: a figure that changes each second draws the eye to where nothing happens. */
function ageSegment({ link, now, heardAt, status }: State): Segment {
  if (status === undefined)
    return { text: link.kind === 'lost' ? 'NO DATA' : 'connecting', paint: link.kind === 'lost' ? 'red' : undefined };
  const age = Math.max(0, now - heardAt);
  const text = age < 5000 ? 'now' : `${compactUptime(age / 1000)} ago`;
  if (link.kind === 'unsupervised') return { text: `UNSUPERVISED, files read ${text}`, paint: 'red' };
  if (link.kind === 'lost') return { text: `STALE, data of ${text}`, paint: 'red' };
  return age > STALE_AFTER
    ? { text: `STALE, data of ${text}`, paint: 'red' }
    : { text: `data of ${text}`, paint: 'dim' };
}
