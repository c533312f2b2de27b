/** Whose trouble is behind a dependency that is not met: followed down the chain, each instance once. */
import { isMet } from '../dependencies.ts';
import type { Dependency, InstanceKey } from '../model.ts';
import type { Target } from '../targets.ts';
import { firstCause } from './first-cause.ts';
import { factsOf, shownSince, type Cause, type Facts } from './facts.ts';

/** So many lines say enough; the rest is told in a number. */
const MOST = 8;

export function rootCauses(facts: Facts): readonly Cause[] {
  const seen = new Set<InstanceKey>([facts.target.key]);
  const causes: Cause[] = [];
  let level: readonly Facts[] = [facts];
  while (level.length > 0) {
    const next = level.flatMap((each) => troubled(each, seen));
    causes.push(...next.map(causeOf));
    level = next;
  }
  const absent = facts.unmet.filter(({ id }) => !facts.survey.byId.has(id)).map(absentCause);
  const all = [...absent, ...causes];
  if (all.length <= MOST) return all;
  return [...all.slice(0, MOST), { code: 'dependency', message: `and ${all.length - MOST} more behind it` }];
}

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
