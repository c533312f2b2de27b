import type { Effect } from './inputs.ts';
import type { State } from './state.ts';

/** What an input has led to. */
export interface Step {
  readonly state: State;
  readonly effects: readonly Effect[];
}

/** Nothing is to be done. */
export const stay = (state: State): Step => ({ state, effects: [] });
