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
  [80, 'run 03-02 04:00', 'retry 12:00:10'],
  [60, 'run 04:00', 'retry 12:00 '],
])('shows at %d columns when something happens by itself, with pids of five digits', (columns, run, retry) => {
  const lines = new Scene({ size: { columns, rows: 12 } })
    .connected([
      {
        ...running('a-long-name-of-a-service', 40_000, 60),
        next: { at: '2026-03-02T04:00:00.000+00:00', action: 'run' },
      },
      { ...running('crash', 40_001, 60), retryAt: '2026-03-01T12:00:10.000+00:00' },
    ])
    .frame();
  expect(lines).toContain(run);
  expect(lines.replaceAll('\n', ' \n')).toContain(retry);
});

it('rather is coarse than cut: the clock within a day, else the day; and the widest pid decides', () => {
  const at = (time: string) => ({ at: `${time}:00.000+00:00`, action: 'run' as const });
  const lines = new Scene({ size: { columns: 80, rows: 12 } })
    .connected([
      { ...running('a', 4_194_304, 60), next: at('2026-03-02T04:00') },
      { ...running('b', 4_194_305, 60), next: at('2026-03-02T12:00') },
    ])
    .frame();
  expect(lines).toContain('4194304');
  expect(lines).toMatch(/run 04:00\n/);
  expect(lines).toMatch(/run 03-02\n/);
});

it('tells of problems in 60 columns, too, and how old the data is', () => {
  const scene = new Scene({ size: { columns: 60, rows: 12 } }).connected(shop());
  scene.now += 6000;
  const [title] = scene.take({ kind: 'tick' }).frame().split('\n');
  expect(title).toContain('6 ok, 1 pending, 1 problem');
  expect(title).toContain('6s ago');
});

it('names a few of many that are to be stopped, and each of them once below', () => {
  const names = Array.from({ length: 40 }, (_, at) => `pool:pool_${at}`);
  const scene = new Scene({ size: { columns: 80, rows: 60 } }).connected(
    names.map((name, at) => ({ ...running(name, 100 + at, 60), group: 'pool' })),
  );
  const frame = scene.press('home', 'x').frame();
  expect(frame).toContain('stop these 40: pool:pool_0, pool:pool_1, pool:pool_2, pool:pool_3 and 36 more?');
  for (const name of names) expect(frame).toContain(`  ${name}\n`);
});

it('breaks the sentences of the timeline where they are wider than the screen', () => {
  const sentence =
    'nothing will change by itself from Sat 2026-11-28 23:14:02 +00:00 to Sun 2026-11-29 23:14:02 +00:00';
  const scene = new Scene({ size: { columns: 80, rows: 24 } })
    .connected(shop())
    .press('t')
    .take({ kind: 'timeline', lines: [sentence] });
  for (const line of frameOf(scene.state)) expect(displayWidth(line)).toBeLessThanOrEqual(80);
  expect(scene.frame().replace(/\s+/g, ' ')).toContain(sentence);
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
