/** Moving through a view that is text. */
import { contentOf } from '../view/content.ts';
import type { Key } from './inputs.ts';
import { bodyRows } from './layout.ts';
import { scrolled, stepOf } from './scroll.ts';
import { type State, type View, withTop } from './state.ts';

export function scrolledBy(state: State, view: View, key: Key): State {
  const page = bodyRows(state);
  const step = stepOf(key, page);
  const lines = contentOf(state, view);
  if (step === undefined || lines === undefined || !('top' in view)) return state;
  return withTop(state, { ...view, top: scrolled(view.top, step, lines.length, page) });
}
