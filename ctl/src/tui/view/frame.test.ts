import { describe, expect, it } from 'vitest';
import { displayWidth } from '../../text/width.ts';
import { running } from '../../testing/fake-daemon.ts';
import { manyRows, Scene, shop, shopUsage } from '../testing/scene.ts';
import { frameOf } from './frame.ts';

process.env.TZ = 'UTC';

const SIZES = [
  { columns: 80, rows: 24 },
  { columns: 200, rows: 60 },
] as const;
const ROWS = { none: [], one: [running('web', 4102, 93_784)], many: manyRows(500), shop: shop() } as const;

const STYLES = /\u001b\[[\d;]*m/g;

describe.each(SIZES)('at $columns x $rows', (size) => {
  it.each(Object.keys(ROWS) as (keyof typeof ROWS)[])('with %s', async (name) => {
    const scene = new Scene({ size }).connected(ROWS[name]).take({ kind: 'usage', usage: shopUsage() });
    await expect(scene.frame()).toMatchFileSnapshot(`frames/${name}-${size.columns}x${size.rows}.txt`);
  });

  it.each([
    ['the help', ['?']],
    ['a question', ['down', 'down', 'x']],
    ['details', ['enter']],
    ['the daemons', ['d']],
    ['a filter', ['/', 'w']],
  ])('fills the screen exactly: %s', (_, keys) => {
    const lines = frameOf(new Scene({ size, color: true }).connected(shop()).press(...keys).state);
    expect(lines).toHaveLength(size.rows);
    for (const line of lines) expect(displayWidth(line.replace(STYLES, ''))).toBeLessThanOrEqual(size.columns);
  });
});

it.each([
  [60, 10],
  [61, 11],
  [79, 24],
  [100, 30],
  [133, 50],
  [400, 100],
])('never is wider or higher than %d x %d, and its columns are one below the other', (columns, rows) => {
  const lines = frameOf(new Scene({ size: { columns, rows } }).connected(shop()).state);
  expect(lines).toHaveLength(rows);
  for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(columns);
  const columnOf = (line: string, what: string): number => displayWidth(line.slice(0, line.indexOf(what)));
  const state = columnOf(lines[1] ?? '', 'STATE');
  for (const line of lines.filter((each) => each.includes('RUNNING  running')))
    expect(columnOf(line, 'RUNNING')).toBe(state);
});

it.each([
  [59, 24],
  [80, 9],
  [1, 1],
  [20, 2],
])('says that %d x %d is too small', (columns, rows) => {
  const lines = frameOf(new Scene({ size: { columns, rows } }).connected(shop()).press('enter', 'down', '?').state);
  expect(lines.length).toBeLessThanOrEqual(rows);
  expect('too small: '.startsWith((lines[0] ?? '').slice(0, 10).replace('…', ''))).toBe(true);
  for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(columns);
});

it('is red only where state and expectation differ', () => {
  const red = new Scene({ color: true })
    .connected(shop())
    .press('end')
    .frame()
    .split('\n')
    .flatMap((line) => Array.from(line.matchAll(/\u001b\[31m([^\u001b]*)/g), (match) => match[1]?.trim()));
  expect(red).toEqual([', 1 problem', 'FATAL', 'running']);
});

it('does without colours, and shows the cursor all the same', () => {
  const frame = new Scene().connected(shop()).frame();
  expect(frame).not.toContain('\u001b');
  expect(frame).toContain('\n> mailer');
});

it('lets nothing through that steers the terminal', () => {
  const evil = {
    ...running('web', 1, 1),
    state: 'FATAL' as const,
    reason: { code: 'exit' as const, message: 'a\u001b[2Jb\nc' },
  };
  const scene = new Scene({ size: { columns: 200, rows: 24 } }).connected([evil]);
  expect(scene.frame()).not.toContain('\u001b[2J');
  scene
    .press('enter', '5')
    .take({ kind: 'log', name: 'web', log: { stream: 'stdout', path: '/l', lines: ['x\u001b[31m\u0007y'] } });
  expect(scene.frame()).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
});
