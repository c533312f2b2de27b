/** Text in lines of so many columns, as wide characters count two. */
import { displayWidth } from './width.ts';

/** A line narrower than this says nothing: the terminal wraps it instead. */
const NARROWEST = 24;

/**
 * Words on lines; a word that is longer than a line is cut. What begins a line in `first` is a part of the first line, `hanging`
 * of the others.
 */
export function wrap(text: string, columns: number, first = '', hanging = first): string[] {
  const lines: string[] = [];
  let line = first;
  let isEmpty = true;
  const indent = Math.max(displayWidth(first), displayWidth(hanging));
  const room = Math.max(NARROWEST, columns - indent);
  const limit = room + indent;
  for (const word of text.split(' ').flatMap((each) => pieces(each, room))) {
    if (!isEmpty && displayWidth(line) + 1 + displayWidth(word) > limit) {
      lines.push(line.trimEnd());
      line = hanging;
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line.trimEnd()];
}

function pieces(word: string, columns: number): string[] {
  if (displayWidth(word) <= columns) return [word];
  const found: string[] = [];
  let piece = '';
  for (const char of word) {
    if (displayWidth(piece + char) > columns) {
      found.push(piece);
      piece = '';
    }
    piece += char;
  }
  return [...found, piece];
}
