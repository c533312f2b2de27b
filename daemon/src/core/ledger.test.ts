import { describe, expect, test } from 'vitest';
import { entryFor, isClosed, lineOf, lineOfRun, reopened, withEntry } from './ledger.ts';
import type { LedgerEntry } from './model.ts';
import { instanceOf, versionOf } from './testing/builders.ts';
import { ALL_DAYS, cron, daily } from './testing/schedules.ts';

const job = versionOf({ id: 'job', oneShot: true });
const windowed = versionOf({ ...job, schedule: daily('08:00-18:00', ALL_DAYS, 'UTC') });
const line = (opens: number, outcome: LedgerEntry['outcome'] = 'ended'): LedgerEntry => ({
  entry: `window:${opens}`, opens, launchId: 'L0', outcome,
}); // prettier-ignore
const standing = (opens?: number): NonNullable<Parameters<typeof entryFor>[1]> => ({
  active: true, from: 0, until: 1, ...(opens === undefined ? {} : { window: { opens, closes: opens + 1 } }),
}); // prettier-ignore

test.each([
  ['the version, without a schedule', job, undefined, { entry: 'version:at 0' }],
  ['the boot', versionOf({ ...job, perBoot: true }), undefined, { entry: 'boot:B' }],
  ['its window', windowed, standing(7), { entry: 'window:7', opens: 7 }],
  ['its cron time', versionOf({ ...job, schedule: cron('0 3 * * *') }), standing(7), { entry: 'window:7', opens: 7 }],
  ['nothing but itself, where there was no window yet', windowed, standing(), { entry: 'forced' }],
] as const)('a run is for %s', (_what, version, at, entry) => {
  expect(entryFor(version, at, 'B')).toEqual(entry);
});

test('of a run that was found, the entry tells the window', () => {
  expect(lineOfRun('window:7', 'L1')).toEqual({ entry: 'window:7', opens: 7, launchId: 'L1', outcome: 'running' });
  expect(lineOfRun('window:-7', 'L1').opens).toBe(-7);
  expect(lineOfRun('version:at 0', 'L1')).toEqual({ entry: 'version:at 0', launchId: 'L1', outcome: 'running' });
});

describe('the line about an entry', () => {
  const ledger = [line(20), line(10, 'missed')];
  test.each([
    ['is the one with its name', 10, 'missed'],
    ['of a window before a recorded one: skipped, as a clock was set back', 15, 'skipped'],
    ['of a window after them: none', 30, undefined],
  ])('%s', (_what, opens, outcome) => {
    expect(lineOf({ ledger }, { entry: `window:${opens}`, opens })?.outcome).toBe(outcome);
  });
});

test('a new line is the head, in place of the old one; twelve are kept', () => {
  const ledger = Array.from({ length: 12 }, (_, index) => line(12 - index));
  expect(withEntry(ledger, line(13)).map(({ opens }) => opens)).toEqual([13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]);
  expect(withEntry(ledger, line(5, 'missed')).map(({ opens }) => opens)).toEqual([
    5, 12, 11, 10, 9, 8, 7, 6, 4, 3, 2, 1,
  ]);
});

test.each([
  ['due', false], ['running', true], ['ended', true], ['interrupted', true], ['missed', true], ['skipped', true],
] as const)('%s lets nothing run: %s', (outcome, closed) => {
  expect(isClosed(line(1, outcome))).toBe(closed);
}); // prettier-ignore

describe('reopened', () => {
  const given = { ledger: [line(20), { entry: 'version:at 0', launchId: 'L0', outcome: 'ended' as const }] };

  test('a window is due again, without the run before', () => {
    const { ledger } = reopened(instanceOf(windowed, given), { entry: 'window:20', opens: 20 });
    expect(ledger[0]).toEqual({ entry: 'window:20', opens: 20, outcome: 'due' });
  });

  test('what has no window is free again', () => {
    expect(reopened(instanceOf(job, given), { entry: 'version:at 0' }).ledger).toEqual([line(20)]);
  });

  test('what is open is left as it is', () => {
    const instance = instanceOf(job, { ledger: [line(20, 'due')] });
    expect(reopened(instance, { entry: 'window:20', opens: 20 })).toBe(instance);
    expect(reopened(instance, { entry: 'window:30', opens: 30 })).toBe(instance);
  });
});
