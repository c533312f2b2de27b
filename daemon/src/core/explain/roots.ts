/** Whose trouble is behind a dependency that is not met: followed down the chain, each instance once. */
import { isMet } from '../dependencies.ts';
import type { Dependency, InstanceKey } from '../model.ts';
import type { Target } from '../targets.ts';
import { firstCause } from './first-cause.ts';
import { factsOf, shownSince, type Cause, type Facts } from './facts.ts';

/** So many lines say enough; the rest is told in a number. */
const MOST = 8;
const MOST_ROOTS = 3;

export interface RootCauses {
  /** A line for each instance in the way, the nearest first. */
  readonly causes: readonly Cause[];
  /** Those that wait for nobody, where they are further away than what it names itself: `db (BACKOFF)`. */
  readonly roots: readonly string[];
}

export function rootCauses(facts: Facts): RootCauses {
  const seen = new Set<InstanceKey>([facts.target.key]);
  const inTheWay: Facts[] = [];
  const roots: string[] = [];
  let level = troubled(facts, seen);
  for (let isNear = true; level.length > 0; isNear = false) {
    inTheWay.push(...level);
    if (!isNear) roots.push(...level.filter(isRoot).map(({ target, view }) => `${target.name} (${view.state})`));
    level = level.flatMap((each) => troubled(each, seen));
  }
  const absent = facts.unmet.filter(({ id }) => !facts.survey.byId.has(id)).map(absentCause);
  const causes = [...absent, ...inTheWay.slice(0, MOST).map(causeOf)];
  const more = inTheWay.length - MOST;
  if (more > 0) causes.push({ code: 'dependency', message: `and ${more} more behind it` });
  return { causes, roots: roots.slice(0, MOST_ROOTS) };
}

const isRoot = ({ view }: Facts): boolean => view.state !== 'PENDING' || view.reason.code !== 'dependency';

/** The instances that keep a dependency from being met. */
function troubled(facts: Facts, seen: Set<InstanceKey>): Facts[] {
  return facts.unmet.flatMap((dependency) =>
    membersNotMeeting(facts, dependency)
      .filter(({ key }) => !seen.has(key))
      .map((target) => {
        seen.add(target.key);
        return factsOf(facts.survey, facts.describer, target, facts.tell);
      }),
  );
}

function membersNotMeeting({ survey }: Facts, dependency: Dependency): Target[] {
  const members = (survey.byId.get(dependency.id) ?? []).filter(({ target }) => target.effective !== undefined);
  return members
    .filter((member) => !isMet(dependency, new Map([[dependency.id, [member]]]), survey.world, survey.now))
    .map(({ target }) => target);
}

function causeOf(facts: Facts): Cause {
  const { target, view } = facts;
  const { code, message } = firstCause(facts);
  const phase = view.phase === undefined ? '' : ` (${view.phase})`;
  return { code, message: `${target.name} is ${view.state}${phase}: ${message}`, ...shownSince(facts) };
}

const absentCause = ({ id }: Dependency): Cause => ({ code: 'not-in-config', message: `nothing is known of ${id}` });
