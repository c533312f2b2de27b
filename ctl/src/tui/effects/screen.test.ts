import type { Key as InkKey } from 'ink';
import { describe, expect, it } from 'vitest';
import { keysOf } from './key-names.ts';
import { Screen } from './screen.ts';

describe('Screen', () => {
  const begun = (rows = 3): { write: (frame: string) => void; screen: Screen; printed: () => string } => {
    let text = '';
    const screen = new Screen({ out: (more) => void (text += more), columns: () => 10, rows: () => rows });
    screen.enter();
    const printed = (): string => {
      const all = text;
      text = '';
      return all;
    };
    printed();
    const write = (frame: string): void => void screen.write(screen.tokensOf(frame.split('\n')).join('\n'));
    return { write, screen, printed };
  };

  it('writes lines that differ, and no others', () => {
    const { write, printed } = begun();
    write('one\ntwo\nthree');
    expect(printed()).toContain('\u001b[1;1Hone\u001b[K\u001b[2;1Htwo\u001b[K\u001b[3;1Hthree\u001b[K');
    write('one\n2\nthree');
    expect(printed()).toBe('\u001b[?2026h\u001b[2;1H2\u001b[K\u001b[?2026l');
    write('one\n2\nthree');
    expect(printed()).toBe('');
  });

  it('does not clear behind a full line, where the cursor still stands on its last sign', () => {
    const { write, printed } = begun();
    write('\u001b[7m0123456789\u001b[0m\nx\ny');
    expect(printed()).toContain('\u001b[1;1H\u001b[7m0123456789\u001b[0m\u001b[2;1H');
  });

  it('clears what is left below, and never writes below the screen', () => {
    const { write, printed } = begun();
    write('a\nb\nc\nd');
    expect(printed()).not.toContain('d');
    write('a');
    expect(printed()).toContain('\u001b[2;1H\u001b[J');
  });

  it('leaves once, and draws nothing any more', () => {
    const { write, screen, printed } = begun();
    screen.leave();
    expect(printed()).toBe('\u001b[0m\u001b[?7h\u001b[?25h\u001b[?1049l');
    screen.leave();
    write('late');
    expect(printed()).toBe('');
  });
});

describe('keysOf', () => {
  const key = (pressed: Partial<InkKey> = {}): InkKey => pressed as InkKey;

  it.each<[string, Partial<InkKey>, string[]]>([
    ['x', {}, ['x']],
    ['', { upArrow: true }, ['up']],
    ['', { pageDown: true }, ['pagedown']],
    ['', { return: true }, ['enter']],
    ['', { escape: true }, ['escape']],
    ['', { delete: true }, ['backspace']],
    ['c', { ctrl: true }, ['ctrl-c']],
    ['l', { ctrl: true }, []],
    // Typed so quickly that it came in one piece.
    ['ab\r', {}, ['a', 'b', 'enter']],
    ['x\u0003', {}, ['x', 'ctrl-c']],
    ['é支\u007f', {}, ['é', '支', 'backspace']],
    ['\u0001', {}, []],
    // Escape and a key, so quickly that they came in one piece.
    ['R', { meta: true }, ['escape', 'R']],
    ['', { meta: true, downArrow: true }, ['escape', 'down']],
    ['', { meta: true, escape: true }, ['escape']],
  ])('%j', (input, pressed, keys) => {
    expect(keysOf(input, key(pressed))).toEqual(keys);
  });
});
