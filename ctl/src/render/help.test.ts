import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../command-table.ts';
import { displayWidth } from '../text/width.ts';
import { parseCommandLine } from '../parse.ts';
import { splitLine } from '../text/words.ts';
import { TOPICS } from '../topics.ts';
import { findTopic, renderCommandHelp, renderHelp, renderTopic } from './help.ts';

const visible = COMMANDS.filter(({ hidden }) => !hidden);

describe.each([60, 80, 100])('at %i columns', (columns) => {
  const texts = [
    renderHelp(COMMANDS, columns),
    ...TOPICS.map((topic) => renderTopic(topic, columns)),
    // Examples are to be copied: they are never broken.
    ...visible.map((command) => renderCommandHelp(command, columns).replace(/Examples:[\s\S]*/, '')),
  ];
  it.each(texts)('nothing is wider: %#', (text) => {
    for (const line of text.split('\n')) expect(displayWidth(line), line).toBeLessThanOrEqual(columns);
  });
});

it.each([1, 20, 30])('says everything on %i columns', (columns) => {
  const words = renderHelp(COMMANDS, columns).split(/\s+/);
  for (const { name } of visible) expect(words).toContain(name);
  expect(words).not.toContain('__complete');
});

it.each(visible)('$name has examples that are command lines', ({ name, examples }) => {
  expect(examples.length).toBeGreaterThan(0);
  for (const example of examples) {
    const line = example.replace(/^.*procmanctl /, '').replace(/\)$/, '');
    const { words } = splitLine(line);
    const end = words.findIndex(({ isOperator }) => isOperator);
    const own = (end < 0 ? words : words.slice(0, end)).map(({ text }) => text);
    const { command, given } = parseCommandLine(own, COMMANDS);
    if (!given.switches.has('version')) expect(command?.name, example).toBe(name);
  }
});

it('knows its topics', () => {
  expect(renderTopic(findTopic('exit-codes')!, 80)).toContain('  4    no process has this name');
  expect(findTopic('start')).toBeUndefined();
  for (const { name } of TOPICS) expect(COMMANDS.some((command) => command.name === name)).toBe(false);
});
