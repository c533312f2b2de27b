import { describe, expect, it } from 'vitest';
import { displayWidth } from '../text/width.ts';
import { row, running, statusOf } from '../testing/fake-daemon.ts';
import { aged, fingerprint, frameOf } from './frame.ts';

const now = new Date('2026-03-01T12:00:00Z');
const problem = row({
  name: 'last',
  state: 'FATAL',
  verdict: 'problem',
  reason: { code: 'exit', message: 'it exited with code 7 three times in a row' },
});
const pending = row({ name: 'middle', state: 'STARTING', verdict: 'pending', phase: 'settle' });
const many = statusOf([
  ...Array.from({ length: 30 }, (_, at) => running(`service_${at}`, 100 + at, 60)),
  pending,
  ...Array.from({ length: 469 }, (_, at) => running(`other_${at}`, 200 + at, 60)),
  problem,
]);
const screen = (columns: number, rows: number) => ({ style: { terminal: true, columns, color: false }, rows });

describe('frameOf', () => {
  it('keeps the order of the configuration where all of it fits', () => {
    const frame = frameOf(statusOf([running('a', 1, 5), problem]), 'Ctrl-C ends', screen(80, 24), now, {});
    expect(frame).toEqual([
      'NAME  STATE    INFO',
      'a     RUNNING  pid 1, uptime 0:00:05',
      'last  FATAL    it exited with code 7 three times in a row',
      '2 processes: 1 ok, 1 problem',
      'Ctrl-C ends',
    ]);
  });

  it('shows problems first where not all of it fits, and says how many it leaves out', () => {
    const frame = frameOf(many, 'Ctrl-C ends', screen(60, 10), now, {});
    expect(frame).toHaveLength(10);
    expect(frame[1]).toMatch(/^last +FATAL/);
    expect(frame[2]).toMatch(/^middle +STARTING/);
    expect(frame[3]).toMatch(/^service_0 /);
    expect(frame[7]).toBe('495 more are not shown: 495 ok');
    expect(frame[8]).toBe('501 processes: 499 ok, 1 pending, 1 problem');
  });

  it.each([
    [10, 5],
    [20, 3],
    [1, 1],
    [300, 2],
  ])('never has more than the screen: %d columns, %d rows', (columns, rows) => {
    const frame = frameOf(many, 'Ctrl-C ends', screen(columns, rows), now, {});
    expect(frame.length).toBeLessThanOrEqual(rows);
    for (const line of frame) expect(displayWidth(line)).toBeLessThanOrEqual(columns);
  });
});

it('takes a status for the same while only time passes', () => {
  const status = statusOf([running('a', 1, 5)]);
  expect(aged(status, 7).processes[0]?.uptimeSeconds).toBe(12);
  expect(fingerprint(aged(status, 7))).toBe(fingerprint(status));
  expect(fingerprint(statusOf([running('a', 2, 5)]))).not.toBe(fingerprint(status));
});
