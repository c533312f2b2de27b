import type { StatusAtResult, TimelineEntry, TimelineResult } from '@procman/protocol/views';
import { describe, expect, it } from 'vitest';
import { offsetsAlong } from '../text/offsets.ts';
import { displayWidth } from '../text/width.ts';
import { hasUnicode, renderPicture } from './timeline-picture.ts';
import { tracksOf } from './timeline-tracks.ts';

const entry = (
  at: string,
  name: string,
  action: TimelineEntry['action'],
  more: Partial<TimelineEntry> = {},
): TimelineEntry => ({
  at,
  name,
  id: name.replace(/^.*:|_\d+$/g, ''),
  action,
  ...more,
});

/** @param on - names that are expected to run at a moment */
function statusAt(at: string, names: readonly string[], on: readonly string[]): StatusAtResult {
  const reason = { code: 'wanted' as const, message: '' };
  const processes = names.map((name) => ({
    name,
    id: name.replace(/^.*:|_\d+$/g, ''),
    expected: on.includes(name) ? ('running' as const) : ('stopped' as const),
    reason,
  }));
  return { at, processes };
}

interface Given {
  readonly from: string;
  readonly to: string;
  readonly entries: readonly TimelineEntry[];
  readonly names?: readonly string[];
  readonly onAtStart?: readonly string[];
  readonly onAtEnd?: readonly string[];
  readonly now?: string;
  readonly columns?: number;
  readonly unicode?: boolean;
  readonly color?: boolean;
}

function draw(given: Given): string {
  const { from, to, entries, onAtStart = [], onAtEnd = [], columns = 80, unicode = true, color = false } = given;
  const names = given.names ?? [...new Set(entries.map(({ name }) => name))];
  const timeline: TimelineResult = { from, to, entries, truncated: false };
  const tracks = tracksOf(timeline, statusAt(from, names, onAtStart), statusAt(to, names, onAtEnd));
  return renderPicture(tracks, {
    from: Date.parse(from),
    to: Date.parse(to),
    now: Date.parse(given.now ?? '2000-01-01T00:00:00Z'),
    offsetAt: offsetsAlong([from, to]),
    style: { terminal: true, columns, color },
    unicode,
  });
}

const DAY = { from: '2030-06-07T00:00:00.000+02:00', to: '2030-06-08T00:00:00.000+02:00' };
const SHOP = [
  entry('2030-06-07T08:00:00.000+02:00', 'shop', 'start'),
  entry('2030-06-07T18:00:00.000+02:00', 'shop', 'stop'),
];
const NIGHT = [
  entry('2030-06-07T06:00:00.000+02:00', 'night', 'stop'),
  entry('2030-06-07T22:00:00.000+02:00', 'night', 'start'),
];
const OTHERS = [
  entry('2030-06-07T02:30:00.000+02:00', 'billing', 'run'),
  entry('2030-06-07T12:00:00.000+02:00', 'web', 'version'),
  entry('2030-06-07T03:00:00.000+02:00', '夜間バッチ処理', 'run'),
];
const ALL = {
  ...DAY,
  entries: [...SHOP, ...NIGHT, ...OTHERS],
  names: ['shop', 'night', 'billing', 'web', '夜間バッチ処理', 'db', 'cache', 'off'],
  onAtStart: ['night', 'web', 'db', 'cache'],
  onAtEnd: ['night', 'web', 'db', 'cache'],
  now: '2030-06-07T09:15:00+02:00',
};

describe('the picture of the day', () => {
  it.each([60, 80, 160])('fits into %i columns', (columns) => {
    const text = draw({ ...ALL, columns });
    expect(text).toMatchSnapshot();
    expect(text.split('\n').filter((line) => displayWidth(line) > columns)).toEqual([]);
  });

  it('is drawn in ASCII where the locale has nothing else', () => {
    const text = draw({ ...ALL, names: ALL.names.filter((name) => name !== '夜間バッチ処理'), unicode: false });
    expect(text).toMatch(/^[\x20-\x7e\n]*$/);
    expect(text).toMatchSnapshot();
  });

  it('has colours where they are wanted, and none else', () => {
    expect(draw({ ...ALL, color: true })).toContain('\u001b[2m');
    expect(draw(ALL)).not.toContain('\u001b');
  });

  it('has a day of 23 hours', () => {
    const day = { from: '2030-03-31T00:00:00.000+01:00', to: '2030-04-01T00:00:00.000+02:00' };
    const text = draw({
      ...day,
      columns: 100,
      entries: [entry('2030-03-31T03:00:00.000+02:00', 'nightly', 'run', { note: 'dst-skipped' })],
    });
    expect(text).toMatchSnapshot();
    expect(text).toContain('\nthe clocks go forward by 60 minutes\n');
    expect(hoursOf(draw({ ...day, columns: 160, entries: SHOP }))).toEqual([
      0, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23,
    ]);
  });

  it('has a day of 25 hours', () => {
    const day = { from: '2030-10-27T00:00:00.000+02:00', to: '2030-10-28T00:00:00.000+01:00' };
    const text = draw({
      ...day,
      columns: 100,
      entries: [entry('2030-10-27T02:30:00.000+02:00', 'nightly', 'run', { note: 'dst-repeated' })],
    });
    expect(text).toMatchSnapshot();
    expect(text).toContain('the clocks go back by 60 minutes');
    expect(hoursOf(draw({ ...day, columns: 160, entries: SHOP })).filter((hour) => hour === 2)).toHaveLength(2);
  });

  it('shows what is shorter than a column, also a gap', () => {
    const gap = [
      entry('2030-06-07T11:59:00.000+02:00', 'web', 'stop'),
      entry('2030-06-07T12:00:00.000+02:00', 'web', 'start'),
    ];
    const blink = [
      entry('2030-06-07T11:59:00.000+02:00', 'blink', 'start'),
      entry('2030-06-07T12:00:00.000+02:00', 'blink', 'stop'),
    ];
    const lines = draw({ ...DAY, entries: [...gap, ...blink], onAtStart: ['web'], onAtEnd: ['web'] }).split('\n');
    expect(lines.find((line) => line.startsWith('web'))).toMatch(/^web {2,}━+╸━+$/);
    expect(lines.find((line) => line.startsWith('blink'))).toMatch(/^blink {2,}·+╸·+$/);
  });

  it('gives many instances with one life one line', () => {
    const names = Array.from({ length: 500 }, (_, index) => `worker:worker_${String(index).padStart(3, '0')}`);
    const entries = names.flatMap((name) => [
      entry('2030-06-07T08:00:00.000+02:00', name, 'start'),
      entry('2030-06-07T18:00:00.000+02:00', name, 'stop'),
    ]);
    const text = draw({ ...DAY, entries });
    expect(text).toContain('worker (500)');
    expect(text.split('\n').length).toBeLessThan(10);
  });

  it('knows where an end of a hold leads', () => {
    const until = entry('2030-06-07T12:00:00.000+02:00', 'web', 'hold-ends');
    const line = (given: Partial<Given>): string =>
      draw({ ...DAY, entries: [until], ...given })
        .split('\n')
        .find((each) => each.startsWith('web')) ?? '';
    expect(line({ onAtEnd: ['web'] })).toMatch(/·+╸?━+$/);
    expect(line({})).not.toContain('━');
    expect(line({ entries: [until, entry('2030-06-07T18:00:00.000+02:00', 'web', 'stop')] })).toMatch(/·+╸?━+╸?·+$/);
  });

  it('says what there is where nothing changes', () => {
    expect(draw({ ...DAY, entries: [], names: ['a', 'b', 'c'], onAtStart: ['a', 'b'] })).toBe(
      '2 run all the time, 1 not at all\n',
    );
  });

  it('cuts a long name, and no control character reaches the terminal', () => {
    const name = `\u001b[31m${'long'.repeat(20)}`;
    const text = draw({ ...DAY, entries: [entry('2030-06-07T08:00:00.000+02:00', name, 'run')], columns: 60 });
    expect(text).not.toContain('\u001b');
    expect(text).toContain('…  ·');
  });
});

function hoursOf(text: string): number[] {
  return (text.split('\n').find((line) => /^ +00 /.test(line)) ?? '').trim().split(/\s+/).map(Number);
}

describe('the locale', () => {
  it.each([
    [{ LANG: 'C.UTF-8' }, true],
    [{ LANG: 'de_DE.utf8' }, true],
    [{ LANG: 'C' }, false],
    [{ LC_ALL: 'C', LANG: 'C.UTF-8' }, false],
    [{ LC_ALL: '', LC_CTYPE: 'en_US.UTF-8', LANG: 'C' }, true],
    [{}, false],
  ])('%j: %s', (env, expected) => {
    expect(hasUnicode(env)).toBe(expected);
  });
});

describe('the offset along a day', () => {
  it('is found where the clocks change in between, in any zone', () => {
    const at = offsetsAlong(['2030-03-10T00:00:00.000-05:00', '2030-03-11T00:00:00.000-04:00']);
    expect(at(Date.parse('2030-03-10T06:59:00Z'))).toBe(-5 * 3_600_000);
    expect(at(Date.parse('2030-03-10T07:00:00Z'))).toBe(-4 * 3_600_000);
  });

  it('is that of the last stamp before, where no zone fits', () => {
    const at = offsetsAlong(['2030-03-10T00:00:00.000-05:00', '2030-03-11T00:00:00.000+05:45']);
    expect(at(Date.parse('2030-03-10T12:00:00Z'))).toBe(-5 * 3_600_000);
  });
});
