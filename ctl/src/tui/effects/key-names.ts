/** Keys as the reducer knows them, of what Ink reports. */
import type { Key as InkKey } from 'ink';
import type { Key } from '../model/inputs.ts';

const NAMES: readonly (readonly [keyof InkKey, Key])[] = [
  ['upArrow', 'up'],
  ['downArrow', 'down'],
  ['leftArrow', 'left'],
  ['rightArrow', 'right'],
  ['pageUp', 'pageup'],
  ['pageDown', 'pagedown'],
  ['home', 'home'],
  ['end', 'end'],
  ['return', 'enter'],
  ['tab', 'tab'],
  ['backspace', 'backspace'],
  // Most terminals send DEL for the backspace key, which Ink calls delete.
  ['delete', 'backspace'],
];

const CONTROLS: Readonly<Record<string, Key>> = {
  '\r': 'enter',
  '\n': 'enter',
  '\t': 'tab',
  '\u007f': 'backspace',
  '\b': 'backspace',
  '\u0003': 'ctrl-c',
  '\u001a': 'ctrl-z',
};

/** Several where they came in one piece: typed quickly, or pasted. */
export function keysOf(input: string, key: InkKey): readonly Key[] {
  // Escape and what was pressed right after it came in one piece, and look like Alt with that key, which means nothing here.
  const before: readonly Key[] = key.meta && !key.escape ? ['escape'] : [];
  const named = NAMES.find(([flag]) => key[flag] === true);
  if (named) return [...before, named[1]];
  if (key.escape && input === '') return ['escape'];
  if (key.ctrl) return input === 'c' || input === 'z' ? [`ctrl-${input}`] : [];
  const typed = Array.from(input).flatMap((char) => {
    const control = CONTROLS[char];
    if (control !== undefined) return [control];
    return /\p{Cc}/u.test(char) ? [] : [char];
  });
  return [...before, ...typed];
}
