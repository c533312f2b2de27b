/** The chain of reasons: the state's own first, then what is behind it, then all else that applies. Nothing is said twice. */
import { conditions } from './conditions.ts';
import { applyingDeciders } from './deciders.ts';
import { firstCause } from './first-cause.ts';
import { closedGates } from './gates.ts';
import { rootCauses } from './roots.ts';
import type { Cause, Facts } from './facts.ts';

export function because(facts: Facts): readonly Cause[] {
  const first = firstCause(facts);
  const rest = [...applyingDeciders(facts), ...closedGates(facts), ...conditions(facts)];
  const told = new Set([first.code, ...(SAME[first.code] ?? [])]);
  const others = rest.filter(({ code }) => {
    const isNew = !told.has(code);
    told.add(code);
    return isNew;
  });
  const isWaiting = [first, ...others].some(({ code }) => code === 'dependency');
  if (!isWaiting) return [first, ...others];
  const { causes, roots } = rootCauses(facts);
  return [withRoots(first, roots), ...causes, ...others];
}

/** Its own line has to do for the answer: what it waits for may be waiting itself. */
function withRoots(first: Cause, roots: readonly string[]): Cause {
  if (first.code !== 'dependency' || roots.length === 0) return first;
  return { ...first, message: `${first.message}; at the root: ${roots.join(', ')}` };
}

/** Words of the rest that say what these codes have said already. */
const SAME: Readonly<Partial<Record<string, readonly string[]>>> = {
  finished: ['done'],
  exit: ['done', 'restarts'],
  interrupted: ['done'],
  'window-ended': ['done', 'schedule'],
  missed: ['done', 'schedule'],
  operator: ['autostart'],
  'new-version': ['version'],
  fallback: ['version'],
};
