/** Moving through more lines than the screen has. */
import type { Key } from './inputs.ts';

/** Lines that a key moves by; undefined: it is none of those that move. */
export function stepOf(key: Key, page: number): number | undefined {
  switch (key) {
    case 'up':
    case 'k':
      return -1;
    case 'down':
    case 'j':
      return 1;
    case 'pageup':
      return -Math.max(1, page - 1);
    case 'pagedown':
      return Math.max(1, page - 1);
    case 'home':
      return -Infinity;
    case 'end':
      return Infinity;
    default:
      return undefined;
  }
}

export function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, value));
}

/** The first line in sight after a step, of `count` lines on a page of `page`. */
export function scrolled(top: number, step: number, count: number, page: number): number {
  return clamp(top + step, 0, Math.max(0, count - page));
}

/** The first line in sight so that the one at `index` is. */
export function keepInSight(top: number, index: number, count: number, page: number): number {
  const most = Math.max(0, count - page);
  if (index < top) return clamp(index, 0, most);
  if (index >= top + page) return clamp(index - page + 1, 0, most);
  return clamp(top, 0, most);
}
