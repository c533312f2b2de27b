/** Keys that act on instances: the same in the list and in the details. */
import type { Key, Verb } from './inputs.ts';
import { stay, type Step } from './step.ts';
import type { State } from './state.ts';
import { stopsOf } from './stops.ts';

const VERBS: Readonly<Record<Key, Verb>> = { s: 'start', x: 'stop', r: 'restart', b: 'unblock' };

/** Undefined: the key is none of these. */
export function actKey(state: State, names: readonly string[], key: Key): Step | undefined {
  const verb = Object.hasOwn(VERBS, key) ? VERBS[key] : undefined;
  if (verb === undefined) return undefined;
  if (names.length === 0) return stay(state);
  if (state.link.kind !== 'connected') {
    const text = `${verb} needs a daemon, and none runs; start one with "procmand run FILE"`;
    return { state: { ...state, notice: { text, isError: true } }, effects: [] };
  }
  if (verb === 'stop' || verb === 'restart') {
    const stops = stopsOf(state.status?.processes ?? [], names);
    if (stops.length > 0) {
      return {
        state: { ...state, views: [...state.views, { kind: 'question', verb, names, stops, top: 0 }] },
        effects: [],
      };
    }
  }
  const what = names.length === 1 ? (names[0] ?? '') : `${names.length} of them`;
  const notice = { text: `${verb} ${what}...`, isError: false };
  return { state: { ...state, notice }, effects: [{ kind: 'act', verb, names }] };
}
