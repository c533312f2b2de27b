/** Breaks texts at blanks, for the width of the terminal. */
import { displayWidth, padEnd } from './width.ts';

/** Texts wider than this are tiresome to read, however wide the terminal is. */
const WIDEST = 100;
/** A line narrower than this says nothing: the terminal wraps it instead. */
const NARROWEST = 20;
/** A longer term stands on a line of its own. */
const WIDEST_TERM = 26;

export function readableWidth(columns: number): number {
  return Math.min(columns, WIDEST);
}

/**
 * Words on lines of at most so many columns, the first of which begins with `first`, the further ones with `hanging`. A word that is
 * longer than a line is cut, as names and command lines may be; blanks at the beginning stay.
 */
export function wrap(text: string, columns: number, first = '', hanging = first): string[] {
  const lines: string[] = [];
  let line = first;
  let isEmpty = true;
  const indent = Math.max(displayWidth(first), displayWidth(hanging));
  const room = Math.max(NARROWEST, columns - indent);
  for (const word of text.split(' ').flatMap((each) => pieces(each, room))) {
    if (!isEmpty && displayWidth(line) + 1 + displayWidth(word) > room + indent) {
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

/** Two columns, the right one wrapped; where there is no room for both, the right one comes below. */
export function wrapPairs(rows: readonly (readonly [string, string])[], width: number): string[] {
  const widths = rows.map(([term]) => displayWidth(term)).filter((each) => each <= WIDEST_TERM);
  const left = Math.max(0, ...widths) + 4;
  const isNarrow = width - left < NARROWEST;
  const indent = ' '.repeat(isNarrow ? 6 : left);
  return rows.flatMap(([term, meaning]) => {
    const isAlone = isNarrow || displayWidth(term) > left - 4;
    return isAlone
      ? [`  ${term}`, ...wrap(meaning, width, indent)]
      : wrap(meaning, width, padEnd(`  ${term}`, left), indent);
  });
}
