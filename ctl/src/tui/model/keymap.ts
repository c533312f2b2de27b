/** The keys of each view: the line at the bottom, the help and the documents are made of this. */
import type { State, View } from './state.ts';

export interface Binding {
  /** As people read it: `Enter`, `x`. */
  readonly keys: string;
  /** One word, or two, for the line at the bottom. */
  readonly short: string;
  readonly meaning: string;
}

const binding = (keys: string, short: string, meaning: string): Binding => ({ keys, short, meaning });

const MOVE = binding(
  '↑↓ PgUp PgDn',
  'move',
  'move by a line or a page; Home and End to the first and the last; j and k do as well',
);
const BACK = binding('Esc', 'back', 'back to where you came from (also Backspace)');
const HELP = binding('?', 'help', 'all keys');
const QUIT = binding('q', 'quit', 'leave; nothing is stopped by that. Ctrl-C leaves from anywhere');

const ACTIONS: readonly Binding[] = [
  binding('s', 'start', 'start it, and release its hold'),
  binding('x', 'stop', 'stop it and hold it stopped; you are asked, and told all that would stop'),
  binding('r', 'restart', 'stop it and start it again; you are asked'),
  binding('b', 'unblock', 'clear the counters of BLOCKED, BACKOFF and FATAL and try again'),
];

export const LIST_KEYS: readonly Binding[] = [
  MOVE,
  binding('Enter', 'details', 'details of the instance; folds a group'),
  ...ACTIONS,
  binding('/', 'filter', 'show only what has these words in name, state, expectation or reason; Esc ends it'),
  binding('Space', 'fold', 'fold the group, or unfold it; F folds all of them, or unfolds'),
  binding('R', 'reload', 'look at what a reload of the configuration would do, and do it'),
  binding('t', 'day', 'what will start and stop within a day, as a picture'),
  binding('d', 'daemons', 'choose another daemon'),
  binding('c', 'cpu', 'CPU and memory: show them, or do not ask for them'),
  HELP,
  QUIT,
];

export const DETAILS_KEYS: readonly Binding[] = [
  MOVE,
  binding('←→ Tab', 'tab', 'another tab: why, links, config, events, log; also 1 to 5'),
  binding('Enter', 'go', 'links: go on to that instance'),
  ...ACTIONS,
  BACK,
  HELP,
  QUIT,
];

export const LOG_KEYS: readonly Binding[] = [
  binding('↑↓ PgUp PgDn', 'move', 'move; upwards stops following'),
  binding('f', 'follow', 'keep the newest line in sight, or stay (End follows as well)'),
  binding('/', 'search', 'search in the log; n and N go to the next and the one before'),
  binding('e', 'stderr', 'the error stream, or the output again'),
  binding('< >', 'sideways', 'the rest of long lines'),
  binding('←→ Tab', 'tab', 'another tab'),
  BACK,
  HELP,
  QUIT,
];

export const PAGE_KEYS: readonly Binding[] = [MOVE, BACK, QUIT];
export const QUESTION_KEYS: readonly Binding[] = [
  binding('y', 'yes', 'do it'),
  binding('n', 'no', 'do nothing (also Esc)'),
  MOVE,
];
export const PLAN_KEYS: readonly Binding[] = [
  binding('y', 'put into effect', 'carry out this plan, and no other'),
  binding('n', 'leave', 'change nothing (also Esc)'),
  MOVE,
];
export const DAEMONS_KEYS: readonly Binding[] = [MOVE, binding('Enter', 'choose', 'look at that daemon'), BACK, QUIT];
export const PROMPT_KEYS: readonly Binding[] = [
  binding('Enter', 'keep', 'keep what is typed'),
  binding('Esc', 'cancel', 'as it was before'),
];

/** For the help: a heading for each. */
export const KEY_SECTIONS: readonly { readonly title: string; readonly bindings: readonly Binding[] }[] = [
  { title: 'In the list', bindings: LIST_KEYS },
  { title: 'In the details', bindings: DETAILS_KEYS },
  { title: 'In a log', bindings: LOG_KEYS },
  { title: 'Where you are asked', bindings: QUESTION_KEYS },
];

/** For terminals that have no arrows. */
export function keysText(keys: string, unicode: boolean): string {
  return unicode ? keys : keys.replace('↑↓', 'Up Down').replace('←→', 'Left Right');
}

/** Those that do something now. */
export function bindingsOf({ views, prompt }: Pick<State, 'views' | 'prompt'>): readonly Binding[] {
  if (prompt) return PROMPT_KEYS;
  const view = views.at(-1);
  return view === undefined ? LIST_KEYS : bindingsOfView(view);
}

function bindingsOfView(view: View): readonly Binding[] {
  switch (view.kind) {
    case 'details':
      return view.tab === 'log' ? LOG_KEYS : DETAILS_KEYS;
    case 'question':
      return QUESTION_KEYS;
    case 'plan':
      return view.plan?.ok === true ? PLAN_KEYS : PAGE_KEYS;
    case 'daemons':
      return DAEMONS_KEYS;
    case 'text':
    case 'timeline':
    case 'help':
      return PAGE_KEYS;
  }
}
