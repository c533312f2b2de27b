/** How many columns a text takes on a terminal, and how to fit it in. */

// Ranges of East Asian Width W and F (Unicode UAX #11), joined where the gaps between them are unassigned.
const WIDE =
  /[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\u4dbf\u4e00-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u;
/** Shown as pictures, which are wide wherever they stand among narrow signs. */
const PICTURE = /\p{Emoji_Presentation}/u;
/** Joined to what is before: marks, joiners, and the vowels and final consonants of Hangul syllables. */
const NO_WIDTH = /[\p{Mn}\p{Me}\p{Cf}\u1160-\u11ff]/u;
/** A half of a flag: two of them are one picture of two columns. */
const REGIONAL = /[\u{1f1e6}-\u{1f1ff}]/u;
const ASCII = /^[\x20-\x7e]*$/;
/** They must not reach a terminal: controls, and what turns the direction of writing. */
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g;

export function displayWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const char of text) width += characterWidth(char);
  return width;
}

function characterWidth(char: string): number {
  if (NO_WIDTH.test(char)) return 0;
  return (WIDE.test(char) || PICTURE.test(char)) && !REGIONAL.test(char) ? 2 : 1;
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)));
}

/** Cuts a text to so many columns; a cut one ends in `…`. */
export function truncate(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  if (width < 1) return '';
  let kept = '';
  let used = 1;
  for (const char of text) {
    used += characterWidth(char);
    if (used > width) break;
    kept += char;
  }
  return `${kept}…`;
}

const HANGING = '  ';

/** A text in pieces of so many columns, the further ones indented; nothing of it is lost. */
export function breakInto(text: string, width: number): string[] {
  if (displayWidth(text) <= width) return [text];
  const indent = width > 3 * HANGING.length ? HANGING : '';
  const lines: string[] = [];
  let line = '';
  let used = 0;
  for (const char of text) {
    const wide = characterWidth(char);
    if (used + wide > width && line !== indent && line !== '') {
      lines.push(line);
      line = indent;
      used = indent.length;
    }
    line += char;
    used += wide;
  }
  return [...lines, line];
}

/** On one line, and unable to steer the terminal: names and command lines of others go through this. */
export function printable(text: string): string {
  return ASCII.test(text) ? text : text.replace(CONTROL, ' ');
}
