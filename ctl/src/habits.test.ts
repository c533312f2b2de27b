import { describe, expect, it } from 'vitest';
import { COMMANDS } from './command-table.ts';
import { HABITS, habitHint } from './habits.ts';
import { parseCommandLine } from './parse.ts';

describe('words of other tools', () => {
  it.each(Object.entries(HABITS))('%s leads to command lines that there are', (word, { use }) => {
    for (const line of use) {
      // A label stands for any word, but the one of "help COMMAND".
      const words = line.split(' ').map((each) => (each === 'COMMAND' ? 'status' : each));
      expect(() => parseCommandLine(words, COMMANDS), `${word}: ${line}`).not.toThrow();
    }
  });

  it.each(Object.keys(HABITS))('%s is no command of ours: the table would win', (word) => {
    expect(COMMANDS.some(({ name, aliases }) => name === word || aliases?.includes(word))).toBe(false);
  });

  it('are answered in the error', () => {
    expect(habitHint('maintail')).toBe(`supervisorctl's "maintail" is "logs --daemon" or "logs --daemon -f" here`);
    expect(habitHint('top')).toBe(`other tools' "top" is "status --resources" here`);
    expect(() => parseCommandLine(['daemon-reload'], COMMANDS)).toThrow(`systemctl's "daemon-reload" is "update"`);
    expect(habitHint('constructor')).toBeUndefined();
  });

  it.each(Object.keys(HABITS))('%s with an option of that tool gets the same answer', (word) => {
    expect(() => parseCommandLine([word, '--now', 'web'], COMMANDS)).toThrow(`"${word}" is`);
  });
});
