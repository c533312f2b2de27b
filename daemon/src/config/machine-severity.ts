import type { Draft } from './draft.ts';
import type { RuleInput } from './rules.ts';

/**
 * How grave it is that something which a version needs is not on this machine: a warning where there is time left to mend it,
 * or where the configuration was in force already (SPEC 2.4).
 */
export function machineSeverity({ standings, context }: RuleInput, draft: Draft): 'error' | 'warning' {
  return context.wasApplied === true || standings.get(draft) === 'future' ? 'warning' : 'error';
}

/** Whether the machine has to be ready for this version: neither a fake one nor one of the past. */
export function isComing({ standings }: RuleInput, draft: Draft): boolean {
  return ['effective', 'future'].includes(standings.get(draft) ?? '');
}
