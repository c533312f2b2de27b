/** Takes note of how subjects are found: troubles begin, come again, and are over. */
import { matches } from '../selectors.ts';
import type { MonotonicTime } from '../model.ts';
import type { NoticeKind, NoticeSubject, NotifyRule, NotifyState, Sighting, Trouble, TroubleKind } from './model.ts';

/** Far more than anybody could read: what there is no room for is counted. */
export const MOST_TROUBLES = 2_000;

export const NOTHING_YET: NotifyState = { troubles: [], sent: [], left: 0, undelivered: 0, notBefore: -Infinity };

/** It happens, and is over at once. */
export const isIncident = (kind: NoticeKind): boolean => kind === 'daemon-restarted';

export function sight(
  state: NotifyState,
  rule: NotifyRule,
  sightings: readonly Sighting[],
  now: MonotonicTime,
): NotifyState {
  const asked = sightings.filter(({ subject }) => isAsked(rule, subject));
  if (asked.length === 0) return state;
  // Looked up, not searched: a whole machine may go down in one turn.
  const known = new Map<string, readonly Trouble[]>();
  for (const trouble of state.troubles)
    known.set(trouble.subject.key, [...(known.get(trouble.subject.key) ?? []), trouble]);
  let [count, left] = [state.troubles.length, state.left];
  for (const sighting of asked) {
    const before = known.get(sighting.subject.key) ?? [];
    const after = withSighting(before, rule, sighting, now);
    const isTooMany = after.length > before.length && count >= MOST_TROUBLES;
    if (isTooMany) left += 1;
    else count += after.length - before.length;
    if (after.length > 0) known.set(sighting.subject.key, isTooMany ? after.slice(0, before.length) : after);
  }
  return { ...state, troubles: [...known.values()].flat(), left };
}

export function isAsked({ processes }: Pick<NotifyRule, 'processes'>, { name, id }: NoticeSubject): boolean {
  if (name === undefined || id === undefined) return true;
  const instanceName = name.slice(name.indexOf(':') + 1);
  return processes.some((selector) => matches({ id, name, instanceName }, selector));
}

/** The troubles of one subject; a new one comes last. */
function withSighting(
  troubles: readonly Trouble[],
  rule: NotifyRule,
  sighting: Sighting,
  now: MonotonicTime,
): readonly Trouble[] {
  const { subject, kinds, text } = sighting;
  // One of them is enough: `problem` is what has no name of its own.
  const kind = kinds.find((each) => rule.on.includes(each));
  const isWell = kinds.length === 0;
  const seen = troubles.map((trouble) => {
    const named = { ...trouble, subject };
    if (trouble.kind === kind) return cameAgain(named, rule, sighting, now);
    return isWell ? isOver(named, text, now) : { ...named, isOn: false };
  });
  if (kind === undefined || troubles.some((trouble) => trouble.kind === kind)) return seen;
  return [...seen, begun(subject, kind, text, now)];
}

function begun(subject: NoticeSubject, kind: TroubleKind, text: string, now: MonotonicTime, relapses = 0): Trouble {
  return { subject, kind, since: now, text, untold: 1, isOn: !isIncident(kind), relapses };
}

function cameAgain(trouble: Trouble, rule: NotifyRule, { text, isNews }: Sighting, now: MonotonicTime): Trouble {
  const { wellSince, wellText: _over, closed, ...rest } = trouble;
  if (closed !== undefined) {
    const isSoon = now - closed < rule.repeatInterval;
    return begun(trouble.subject, trouble.kind, text, now, isSoon ? trouble.relapses + 1 : 0);
  }
  const isAnew = !trouble.isOn && (isNews || wellSince !== undefined);
  const isCounted = isAnew || (isNews && isRepeated(trouble.kind));
  return { ...rest, text, isOn: !isIncident(trouble.kind), untold: trouble.untold + (isCounted ? 1 : 0) };
}

/** Each is news of its own, also where it was so before: a file that is refused once more. */
const isRepeated = (kind: TroubleKind): boolean => kind === 'reload-failed' || isIncident(kind);

function isOver(trouble: Trouble, text: string, now: MonotonicTime): Trouble {
  if (trouble.closed !== undefined) return trouble;
  return { ...trouble, isOn: false, wellSince: trouble.wellSince ?? now, wellText: text };
}
