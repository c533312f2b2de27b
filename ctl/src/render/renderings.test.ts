/** What people see, kept as a snapshot: each table at three widths, with and without colour, and in a pipe. */
import type { Row, StatusAtResult, TargetResult, TimelineResult, UpdateResult } from '@procman/protocol/views';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../command-table.ts';
import { row, running, statusOf, target } from '../testing/fake-daemon.ts';
import { displayWidth } from '../text/width.ts';
import { renderCommandHelp, renderHelp } from './help.ts';
import { renderResults } from './results.ts';
import { renderStatus } from './status.ts';
import { renderStatusAt } from './status-at.ts';
import { renderTimeline } from './timeline.ts';
import { renderUpdate } from './update.ts';
import type { Style } from './style.ts';

process.env.TZ = 'UTC';
const now = new Date('2026-03-01T12:00:00Z');
const AT = '2026-03-01T13:30:00.000+01:00';

const LONG = 'a-service-whose-name-somebody-has-made-of-all-that-is-to-be-known-about-it';
const rows: readonly Row[] = [
  running('nginx', 1234, 323),
  { ...running(`${LONG}:one`, 1235, 90_320), stale: true },
  running(`${LONG}:two`, 1236, 90_320),
  row({
    name: 'データベース',
    state: 'BACKOFF',
    verdict: 'problem',
    reason: { code: 'exit', message: 'it exited with code 7 before it had settled; tried again after a delay' },
    retryAt: '2026-03-01T12:00:08.000+00:00',
  }),
  row({
    name: 'cafe\u0301 🚀',
    state: 'STOPPED',
    expected: 'stopped',
    held: true,
    hold: { since: AT },
    reason: { code: 'manual', message: 'stopped by an operator; held until `start`' },
  }),
  row({
    name: 'trading',
    state: 'STOPPED',
    expected: 'stopped',
    reason: { code: 'schedule', message: 'outside its window (08:00 to 17:30)' },
    next: { action: 'start', at: '2026-03-02T08:00:00.000+00:00' },
  }),
  row({
    name: 'migrate',
    state: 'EXITED',
    expected: 'finished',
    reason: { code: 'finished', message: 'finished' },
    lastExit: { code: 0, at: '2026-03-01T11:32:07.000+00:00' },
  }),
  row({ name: 'api', state: 'STARTING', phase: 'settle', verdict: 'pending', pid: 77 }),
];
const used = { cpuPercent: 12.3, rssBytes: 45 * 1024 ** 2, threads: 11, openFiles: 20, processes: 2 };
const many = Array.from({ length: 500 }, (_, at) => running(`service_${at}`, at + 1, at));

const update: UpdateResult = {
  ok: true,
  applied: false,
  hash: '5f2d9c',
  added: ['データベース'],
  removed: ['old'],
  restarted: ['nginx'],
  stale: [`${LONG}:one`, 'example process 2'],
  changed: ['api'],
  unchanged: ['trading'],
  actions: [
    { name: 'old', action: 'stop', reason: { code: 'not-in-config', message: 'no longer in the configuration' } },
    { name: 'nginx', action: 'restart', reason: { code: 'new-version', message: 'a new version' } },
    { name: 'データベース', action: 'start', reason: { code: 'wanted', message: 'wanted' } },
  ],
  daemon: [{ key: 'socket', takesEffect: 'next-start' }],
  problems: [
    { severity: 'warning', file: '/etc/p.toml', line: 3, column: 1, process: 'api', key: 'nice', message: 'is odd' },
  ],
  held: { stops: ['old'] },
};
const broken: UpdateResult = {
  ...update,
  ok: false,
  hash: '',
  problems: [{ severity: 'error', file: '/etc/p.toml', line: 3, column: 1, key: 'uid', message: 'is missing' }],
};
const results: readonly TargetResult[] = [
  target('nginx'),
  target('db', { code: 'already' }),
  target('データベース', { ok: false, code: 'failed', message: 'it exited with code 7' }),
  target(`${LONG}:one`, { alsoStopped: ['api', 'worker:worker_00'] }),
  target('x', {
    ok: false,
    code: 'survivors',
    message: 'something outlived it',
    survivors: [{ pid: 9, user: 'root', startedAt: AT, command: 'sh -c "x\u001b[2J"', marked: true }],
  }),
];
const at: StatusAtResult = {
  at: AT,
  processes: [
    { name: 'shop', id: 'shop', expected: 'running', reason: { code: 'wanted', message: 'inside its window' } },
    {
      name: `${LONG}:one`,
      id: 'one',
      expected: 'stopped',
      reason: { code: 'schedule', message: 'outside its window (08:00 to 17:30)' },
      applyOn: '2026-01-01',
      next: { at: '2026-03-02T08:00:00.000+01:00', action: 'start' },
    },
  ],
};
const timeline: TimelineResult = {
  from: AT,
  to: '2026-03-02T13:30:00.000+01:00',
  entries: [
    { at: AT, name: 'shop', id: 'shop', action: 'start', applyOn: '2026-01-01' },
    { at: AT, name: 'データベース', id: 'x', action: 'run', note: 'dst-skipped' },
    { at: AT, name: `${LONG}:one`, id: 'one', action: 'stop', note: 'dst-repeated' },
  ],
  truncated: false,
};
const nothing: TimelineResult = { ...timeline, entries: [] };

type Rendering = (style: Style) => string;

/** Tables: on a terminal none of their lines may wrap. */
const TABLES: Readonly<Record<string, Rendering>> = {
  status: (style) => renderStatus(statusOf(rows), style, now),
  'status --problems': (style) => renderStatus(statusOf(rows), style, now, { problems: true }),
  'status of none': (style) => renderStatus(statusOf([]), style, now),
  'status of one': (style) => renderStatus(statusOf(rows.slice(0, 1)), style, now),
  'status --resources': (style) => {
    const measured = rows.map((one) => (one.pid === undefined ? one : { ...one, resources: used, zombies: 1 }));
    return renderStatus(statusOf(measured), style, now, { resources: true });
  },
  'status of 500': (style) => {
    const lines = renderStatus(statusOf(many), style, now).split('\n');
    expect(lines.length).toBeGreaterThan(500);
    return [...lines.slice(0, 4), '...', ...lines.slice(-4)].join('\n');
  },
  'status --at': (style) => renderStatusAt(at, style),
  timeline: (style) => renderTimeline(timeline, style),
};

/** Sentences, which a terminal may wrap. */
const TEXTS: Readonly<Record<string, Rendering>> = {
  'timeline of nothing': (style) => renderTimeline(nothing, style),
  plan: (style) => renderUpdate(update, 'would', style),
  update: (style) => renderUpdate(update, 'did', style),
  'a plan with errors': (style) => renderUpdate(broken, 'would', style),
  'results of start': (style) => renderResults(results, 'start', style, now),
  'results of stop': (style) => renderResults(results, 'stop', style, now),
};

const STYLES: readonly (readonly [string, Style])[] = [
  ...[60, 80, 160].flatMap((columns): (readonly [string, Style])[] => [
    [`${columns} columns`, { terminal: true, columns, color: false }],
    [`${columns} columns, coloured`, { terminal: true, columns, color: true }],
  ]),
  ['a pipe', { terminal: false, columns: Infinity, color: false }],
];

const COLOUR = /\u001b\[\d+m/g;

describe.each(STYLES)('%s', (_, style) => {
  it.each(Object.entries({ ...TABLES, ...TEXTS }))('%s', (_name, render) => {
    const text = render(style);
    if (!style.color) expect(text).not.toContain('\u001b');
    expect(text).toMatchSnapshot();
  });

  it.each(Object.entries(TABLES))('%s: no line wraps', (_name, render) => {
    for (const line of render(style).split('\n')) {
      expect(displayWidth(line.replace(COLOUR, ''))).toBeLessThanOrEqual(style.columns);
    }
  });
});

it.each([1, 5, 12, 20, 30, 45])('nothing wraps, and no name is lost, on %d columns', (columns) => {
  const lines = renderStatus(statusOf(rows), { terminal: true, columns, color: false }, now).split('\n');
  for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(Math.max(columns, 2));
  const joined = lines.map((line) => line.replace(/ {2}[A-Z].*$/, '').trim()).join('');
  if (columns >= 20) for (const name of [`${LONG}:one`, `${LONG}:two`]) expect(joined).toContain(name);
});

it('red is for problems alone', () => {
  const painted = renderStatus(statusOf(rows), { terminal: true, columns: 200, color: true }, now).split('\n');
  const red = painted.filter((line) => line.includes('\u001b[31m'));
  expect(red).toHaveLength(1);
  expect(red[0]).toContain('データベース');
});

it('help', () => expect(renderHelp(COMMANDS, 80)).toMatchSnapshot());
it.each(COMMANDS.map((command) => [command.name, command] as const))('help %s', (_, command) => {
  expect(renderCommandHelp(command, 80)).toMatchSnapshot();
});
