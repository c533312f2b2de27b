/** What comes by itself: retries, and what the timeline foretells. */
import type { Next } from '../describe.ts';
import type { WallTime } from '../model.ts';
import { processById } from '../process-by-id.ts';
import { timelineOf } from '../timeline.ts';
import type { Facts } from './facts.ts';

export interface Upcoming {
  readonly at: WallTime;
  readonly action: Next['action'];
}

const MOST = 5;
/** A yearly window is within it. */
const AHEAD = 400 * 24 * 3_600_000;

/** Soonest first. */
export function explainUpcoming({ survey, target, instance, view }: Facts): readonly Upcoming[] {
  const { wall } = survey.now;
  const process = target.effective === undefined ? undefined : processById(survey.world.config, target.id);
  const { hold } = instance;
  const held = hold === undefined ? {} : { hold };
  const { entries } =
    process === undefined
      ? { entries: [] }
      : timelineOf([{ name: target.name, process, ...held }], wall, wall + AHEAD, MOST);
  const retry: Upcoming[] = view.retryAt === undefined ? [] : [{ at: view.retryAt, action: 'retry' }];
  return [...retry, ...entries.map(({ at, action }) => ({ at, action }))].sort((a, b) => a.at - b.at).slice(0, MOST);
}
