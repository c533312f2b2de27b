/**
 * Short stand-ins for lines. Ink takes every sign of a frame apart, also of lines that are as before: 54 ms of processor for 200x60. It
 * is given two signs for each line instead, and the screen puts the lines in their place.
 */

/** Signs of the Private Use Area (Unicode 23.5): one column each, and in no text that is meant to be read. */
const FIRST = 0xe000;
const COUNT = 0x1900;

/** Columns of a token. */
export const TOKEN_WIDTH = 2;

export class LineTokens {
  #tokens = new Map<string, string>();
  #lines = new Map<string, string>();
  #next = 0;

  /** The same line gets the same token as in the frame before. What that frame had and this one has not is forgotten. */
  tokensOf(lines: readonly string[]): readonly string[] {
    const before = this.#tokens;
    this.#tokens = new Map();
    const found = lines.map((line) => {
      const token = this.#tokens.get(line) ?? before.get(line) ?? this.#newToken();
      this.#tokens.set(line, token);
      return token;
    });
    this.#lines = new Map(Array.from(this.#tokens, ([line, token]) => [token, line]));
    return found;
  }

  /** A frame that Ink has made of the latest tokens, in lines. */
  linesOf(frame: string): readonly string[] {
    return frame.split('\n').map((token) => this.#lines.get(token) ?? '');
  }

  #newToken(): string {
    const number = this.#next;
    this.#next = (number + 1) % (COUNT * COUNT);
    return String.fromCharCode(FIRST + Math.floor(number / COUNT), FIRST + (number % COUNT));
  }
}
