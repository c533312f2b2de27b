/** A line of the screen in pieces, each with its paint, and exactly as wide as asked for. */
import { paint, type Paint, type Style } from '../../render/style.ts';
import { displayWidth, padEnd, truncate } from '../../text/width.ts';

export interface Segment {
  readonly text: string;
  readonly paint?: Paint | undefined;
}

/** Cut to so many columns, or filled up to them: what was there before is covered. */
export function fit(text: string, width: number): string {
  return padEnd(truncate(text, width), width);
}

export function fitRight(text: string, width: number): string {
  const cut = truncate(text, width);
  return ' '.repeat(Math.max(0, width - displayWidth(cut))) + cut;
}

/** @param isSelected - the cursor is on it: inverse as a whole */
export function lineOf(segments: readonly Segment[], style: Style, isSelected = false): string {
  let left = style.columns;
  const parts = segments.map(({ text, paint: colour }) => {
    const shown = truncate(text, left);
    left -= displayWidth(shown);
    const painted = paint(shown, colour, style);
    return isSelected ? paint(painted, 'inverse', style) : painted;
  });
  const rest = isSelected ? paint(' '.repeat(Math.max(0, left)), 'inverse', style) : '';
  return parts.join('') + rest;
}
