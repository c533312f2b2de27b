/** A line that is being typed: the filter of the list, or what is searched for in a log. It takes effect with each character. */
import { found } from './log.ts';
import type { Key } from './inputs.ts';
import { stay, type Step } from './step.ts';
import { type Prompt, type State, topView, without, withTop } from './state.ts';

const LONGEST = 200;

export function onPromptKey(state: State, prompt: Prompt, key: Key): Step {
  if (key === 'enter' || key === 'up' || key === 'down') return stay(without(state, 'prompt'));
  if (key === 'escape')
    return { state: without(typed(state, { ...prompt, text: prompt.before }), 'prompt'), effects: [] };
  if (key === 'backspace')
    return { state: typed(state, { ...prompt, text: Array.from(prompt.text).slice(0, -1).join('') }), effects: [] };
  // Names of keys have more than one character.
  if (Array.from(key).length !== 1 || prompt.text.length >= LONGEST) return stay(state);
  return { state: typed(state, { ...prompt, text: prompt.text + key }), effects: [] };
}

function typed(state: State, prompt: Prompt): State {
  const next: State = { ...state, prompt };
  if (prompt.what === 'filter') return { ...next, list: { ...next.list, filter: prompt.text, top: 0 } };
  const view = topView(next);
  if (view?.kind !== 'details') return next;
  const log = { ...view.log, search: prompt.text };
  return withTop(next, { ...view, log: prompt.text === '' ? without(log, 'hit') : found(next, log, 'here') });
}
