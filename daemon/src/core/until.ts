/** When the hold of `stop --until TIME` ends by itself. */
import type { ProcessVersion, WallTime } from './model.ts';
import { MOMENT_FORMS, resolveMoment, type Resolved } from './moment.ts';
import { standingOf } from './time/standing.ts';

/**
 * `next-window`, `reboot`, or a moment to come.
 *
 * @param text - as written by the operator
 * @param version - the effective version, else the one that is shown; undefined where there is none
 * @param timezone - that of `[daemon]`: for what has no zone of its own
 */
export function resolveUntil(
  text: string,
  version: ProcessVersion | undefined,
  timezone: string,
  now: WallTime,
): Resolved<WallTime | 'reboot'> {
  const word = text.trim().toLowerCase();
  if (word === 'reboot') return { ok: true, value: 'reboot' };
  if (word === 'next-window') return nextWindow(version, now);
  const moment = resolveMoment(text, version?.schedule?.timezone ?? timezone, now);
  if (!moment.ok) return failed(`"${text}" is no time; write next-window, reboot, ${MOMENT_FORMS}`);
  return moment.value > now ? moment : failed(`"${text}" has gone by`);
}

function nextWindow(version: ProcessVersion | undefined, now: WallTime): Resolved<WallTime> {
  if (version?.schedule === undefined) return failed('it has no schedule, so there is no next window');
  const { nextStart } = standingOf(version.schedule, version.oneShot ? 'one-shot' : 'service', now);
  if (nextStart !== undefined) return { ok: true, value: nextStart };
  return failed(`its schedule (${version.schedule.text}) has no next window`);
}

const failed = (problem: string): { ok: false; problem: string } => ({ ok: false, problem });
