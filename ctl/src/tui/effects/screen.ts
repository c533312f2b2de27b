/**
 * The terminal: entered and left cleanly, and written to only where a line differs from what is there. Ink hands over each frame
 * whole; its own way to redraw would erase all lines first, and clear the history of the terminal where a frame is as high as that.
 */
import { EventEmitter } from 'node:events';
import type { Io } from '../../io.ts';
import { displayWidth } from '../../text/width.ts';
import { LineTokens, TOKEN_WIDTH } from './line-tokens.ts';
import { unpainted } from '../../render/style.ts';

/** Alternate screen, no cursor, no wrapping; and back (xterm(1), "Functions using CSI"). */
const ENTER = '\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[2J';
const LEAVE = '\u001b[0m\u001b[?7h\u001b[?25h\u001b[?1049l';
/** Shown at once where the terminal can do that; others pass it over. */
const BEGIN = '\u001b[?2026h';
const END = '\u001b[?2026l';
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';

const at = (line: number): string => `\u001b[${line + 1};1H`;

/** What Ink takes for its standard output. */
export class Screen extends EventEmitter {
  /** Ink writes escape sequences of its own to a terminal. */
  readonly isTTY = false;
  readonly #io: Pick<Io, 'out' | 'columns' | 'rows'>;
  readonly #tokens = new LineTokens();
  #drawn: readonly string[] = [];
  #isEntered = false;

  constructor(io: Pick<Io, 'out' | 'columns' | 'rows'>) {
    super();
    this.#io = io;
  }

  /** As wide as Ink has to know: it lays out tokens. */
  get columns(): number {
    return TOKEN_WIDTH;
  }

  get rows(): number {
    return this.#io.rows();
  }

  /** What Ink is given for the lines of a frame. */
  tokensOf(lines: readonly string[]): readonly string[] {
    return this.#tokens.tokensOf(lines);
  }

  /** A whole frame of tokens, parted by newlines. */
  write(frame: string, done?: () => void): boolean {
    if (this.#isEntered && frame !== '') this.#draw(this.#tokens.linesOf(frame).slice(0, this.rows));
    done?.();
    return true;
  }

  enter(): void {
    if (this.#isEntered) return;
    this.#isEntered = true;
    this.#drawn = [];
    this.#io.out(ENTER);
  }

  /** Twice does no harm. */
  leave(): void {
    if (!this.#isEntered) return;
    this.#isEntered = false;
    this.#io.out(LEAVE);
  }

  /** Something else may have written there: all of it is drawn next. */
  forget(): void {
    this.#drawn = [];
  }

  /** The cursor stays on the last column then, and clearing would take what stands there. */
  #isFull(line: string): boolean {
    return displayWidth(unpainted(line)) >= this.#io.columns();
  }

  #draw(lines: readonly string[]): void {
    const changed = lines.flatMap((line, index) =>
      line === this.#drawn[index] ? [] : [`${at(index)}${line}${this.#isFull(line) ? '' : CLEAR_LINE}`],
    );
    const rest =
      lines.length < this.#drawn.length || this.#drawn.length === 0 ? `${at(lines.length)}${CLEAR_BELOW}` : '';
    this.#drawn = lines;
    // Below a full screen there is nothing to clear, and the last line would be hit.
    const below = lines.length < this.rows ? rest : '';
    if (changed.length > 0 || below !== '') this.#io.out(`${BEGIN}${changed.join('')}${below}${END}`);
  }
}
