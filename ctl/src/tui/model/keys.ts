/** What a key does, by the view that is seen. */
import { actKey } from './act.ts';
import { onDetailsKey } from './details.ts';
import type { Key } from './inputs.ts';
import { onListKey } from './list.ts';
import { bodyRows } from './layout.ts';
import { onPromptKey } from './prompt.ts';
import { scrolledBy } from './page.ts';
import { stay, type Step } from './step.ts';
import { clamp, stepOf } from './scroll.ts';
import { type DaemonsView, type PlanView, type QuestionView, type State, topView, withTop } from './state.ts';
import { stopsOf } from './stops.ts';

/** As a shell reports the end by Ctrl-C. */
const INTERRUPTED = 130;

export function onKey(state: State, key: Key): Step {
  if (key === 'ctrl-c') return { state, effects: [{ kind: 'quit', code: INTERRUPTED }] };
  if (key === 'ctrl-z') return { state, effects: [{ kind: 'suspend' }] };
  if (state.prompt) return onPromptKey(state, state.prompt, key);
  const view = topView(state);
  if (view?.kind === 'question') return onQuestionKey(state, view, key);
  if (view?.kind === 'plan' && view.plan?.ok === true) return onPlanKey(state, view, key);
  if (key === 'q') return { state, effects: [{ kind: 'quit', code: 0 }] };
  if (key === '?' && view?.kind !== 'help')
    return stay({ ...state, views: [...state.views, { kind: 'help', top: 0 }] });
  if (view === undefined) return onListKey(state, key);
  if (isBack(key)) return back(state);
  if (view.kind === 'details') return actKey(state, [view.name], key) ?? onDetailsKey(state, view, key);
  if (view.kind === 'daemons') return onDaemonsKey(state, view, key);
  return stay(scrolledBy(state, view, key));
}

const isBack = (key: Key): boolean => key === 'escape' || key === 'backspace';

/** The view below; a log that was left is not followed any more, one that is come back to is. */
export function back(state: State): Step {
  const left = topView(state);
  const next: State = { ...state, views: state.views.slice(0, -1) };
  const seen = topView(next);
  if (seen?.kind === 'details' && left?.kind === 'details') {
    if (seen.tab === 'log')
      return { state: next, effects: [{ kind: 'follow', name: seen.name, stream: seen.log.stream }] };
    return { state: next, effects: [{ kind: 'unfollow' }, { kind: 'explain', name: seen.name }] };
  }
  return { state: next, effects: left?.kind === 'details' && left.tab === 'log' ? [{ kind: 'unfollow' }] : [] };
}

/** A yes counts for what was shown: where more would stop meanwhile, it is asked again. */
function onQuestionKey(state: State, view: QuestionView, key: Key): Step {
  if (key === 'y' || key === 'Y') {
    const stops = stopsOf(state.status?.processes ?? [], view.names);
    if (stops.some((name) => !view.stops.includes(name))) {
      const asked = withTop(state, { ...view, stops, top: 0 });
      return stay({ ...asked, notice: { text: 'meanwhile more would stop: look again', isError: true } });
    }
    const { state: next, effects } = back(state);
    return { state: next, effects: [...effects, { kind: 'act', verb: view.verb, names: view.names }] };
  }
  if (key === 'n' || key === 'N' || key === 'q' || isBack(key)) return declined(state);
  return stay(scrolledBy(state, view, key));
}

function onPlanKey(state: State, view: PlanView, key: Key): Step {
  if (key === 'y' || key === 'Y') {
    const { state: next } = back(state);
    return { state: next, effects: [{ kind: 'update', hash: view.plan?.hash ?? '' }] };
  }
  if (key === 'n' || key === 'N' || key === 'q' || isBack(key)) return declined(state);
  return stay(scrolledBy(state, view, key));
}

function declined(state: State): Step {
  const { state: next, effects } = back(state);
  return { state: { ...next, notice: { text: 'nothing was done', isError: false } }, effects };
}

function onDaemonsKey(state: State, view: DaemonsView, key: Key): Step {
  const choices = view.choices ?? [];
  const step = stepOf(key, bodyRows(state));
  if (step !== undefined) {
    return stay(withTop(state, { ...view, selected: clamp(view.selected + step, 0, Math.max(0, choices.length - 1)) }));
  }
  const chosen = choices[view.selected];
  if (key !== 'enter' || chosen === undefined) return stay(state);
  return { state: { ...state, views: [] }, effects: [{ kind: 'unfollow' }, { kind: 'switch', socket: chosen.socket }] };
}
