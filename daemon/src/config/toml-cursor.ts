/** Reads a TOML text from left to right. It expects text that smol-toml accepts; on other text it never throws. */
export class TomlCursor {
  readonly text: string;
  at = 0;

  constructor(text: string) {
    this.text = text;
    if (text.startsWith('\uFEFF')) this.at = 1;
  }

  get done(): boolean {
    return this.at >= this.text.length;
  }

  peek(): string {
    return this.text.charAt(this.at);
  }

  /** Blanks, line ends and comments. */
  skipBlank(): void {
    this.skipBlankAnd('');
  }

  skipBlankAnd(also: string): void {
    for (; !this.done; this.at += 1) {
      const char = this.peek();
      if (char === '#') this.skipLine();
      else if (!' \t\r\n'.includes(char) && char !== also) return;
    }
  }

  /** To the end of the line, exclusive. */
  skipLine(): void {
    const end = this.text.indexOf('\n', this.at);
    this.at = end === -1 ? this.text.length : end;
  }

  /** A number, truth value or date: up to what ends a value. */
  skipScalar(): void {
    while (!this.done && !',]}#\r\n'.includes(this.peek())) this.at += 1;
  }

  /** `a . "b c" . d`, each with its offset. */
  readKeys(): { name: string; start: number }[] {
    const keys: { name: string; start: number }[] = [];
    for (;;) {
      this.skipSpaces();
      const start = this.at;
      const char = this.peek();
      const name = char === '"' || char === "'" ? this.readString() : this.readBareKey();
      if (this.at === start) return keys;
      keys.push({ name, start });
      this.skipSpaces();
      if (this.peek() !== '.') return keys;
      this.at += 1;
    }
  }

  /** Any of the four kinds of strings. Escapes are decoded as JSON has them: enough for keys. */
  readString(): string {
    const mark = this.peek();
    const start = this.at;
    const isLong = this.text.startsWith(mark.repeat(3), start);
    this.at += isLong ? 3 : 1;
    const contentStart = this.at;
    const end = this.findStringEnd(mark, isLong);
    this.at = end.after;
    const content = this.text.slice(contentStart, end.content);
    return mark === '"' && content.includes('\\') ? decode(content) : content;
  }

  private findStringEnd(mark: string, isLong: boolean): { content: number; after: number } {
    const close = isLong ? mark.repeat(3) : mark;
    for (let at = this.at; at < this.text.length; at += 1) {
      if (mark === '"' && this.text.charAt(at) === '\\') at += 1;
      else if (this.text.startsWith(close, at)) {
        let after = at + close.length;
        // Up to two quotation marks may stand before the closing three.
        while (isLong && after < at + 5 && this.text.charAt(after) === mark) after += 1;
        return { content: after - close.length, after };
      }
    }
    return { content: this.text.length, after: this.text.length };
  }

  private readBareKey(): string {
    const start = this.at;
    while (!this.done && /[A-Za-z0-9_-]/.test(this.peek())) this.at += 1;
    return this.text.slice(start, this.at);
  }

  private skipSpaces(): void {
    while (this.peek() === ' ' || this.peek() === '\t') this.at += 1;
  }
}

function decode(content: string): string {
  try {
    const decoded: unknown = JSON.parse(`"${content}"`);
    return typeof decoded === 'string' ? decoded : content;
  } catch {
    return content;
  }
}
