import { Temporal } from 'temporal-polyfill';
import { describe, expect, test } from 'vitest';
import type { ProcessConfig, ProcessVersion, WallTime } from './model.ts';
import { processOf, versionOf } from './testing/builders.ts';
import { cron, daily, MADRID } from './testing/schedules.ts';
import { expectedAt, timelineOf, type HoldEnd, type TimelineEntry } from './timeline.ts';

/** In Madrid: `2024-05-06T08:00`, a Monday. */
const at = (text: string): WallTime => Temporal.PlainDateTime.from(text).toZonedDateTime(MADRID).epochMilliseconds;

type Given = Partial<ProcessVersion>;

/** @param since - its apply-on, which is its text as well */
function version(id: string, since: string, given: Given = {}): ProcessVersion {
  return versionOf({ id, applyOn: { text: since, at: at(since) }, ...given });
}

function show({ at: time, name, action, applyOn, note }: TimelineEntry): string {
  const moment = Temporal.Instant.fromEpochMilliseconds(time).toZonedDateTimeISO(MADRID).toPlainDateTime();
  return [moment.toString({ smallestUnit: 'minute' }), name, action, applyOn, note].filter(Boolean).join(' ');
}

const OLD = '2020-01-01';

function told(process: ProcessConfig, from: string, to: string, hold?: HoldEnd): string[] {
  const target = { name: process.id, process, ...(hold === undefined ? {} : { hold }) };
  return timelineOf([target], at(from), at(to), 100).entries.map(show);
}

const [MONDAY, TUESDAY, WEDNESDAY] = ['2024-05-06', '2024-05-07', '2024-05-08'] as const;

describe('what comes of the versions of one process', () => {
  test.each<readonly [what: string, versions: readonly ProcessVersion[], from: string, to: string, entries: string[]]>([
    ['nothing of a service that runs always', [version('web', OLD)], MONDAY, '2025-05-06', []],
    ['windows open and close',
      [version('web', OLD, { schedule: daily('08:00-18:00') })], MONDAY, TUESDAY,
      [`${MONDAY}T08:00 web start ${OLD}`, `${MONDAY}T18:00 web stop ${OLD}`]],
    ['from the first moment on, to before the last',
      [version('web', OLD, { schedule: daily('08:00-18:00') })], `${MONDAY}T18:00`, `${TUESDAY}T08:00`,
      [`${MONDAY}T18:00 web stop ${OLD}`]],
    ['whole days go on over midnight',
      [version('web', OLD, { schedule: daily('00:00-24:00', [1, 2]) })], MONDAY, '2024-05-20',
      [`${MONDAY}T00:00 web start ${OLD}`, `${WEDNESDAY}T00:00 web stop ${OLD}`,
        `2024-05-13T00:00 web start ${OLD}`, `2024-05-15T00:00 web stop ${OLD}`]],
    ['a one-shot has each day for itself',
      [version('job', OLD, { oneShot: true, schedule: daily('00:00-24:00', [1, 2]) })], `${MONDAY}T12:00`, '2024-05-12',
      [`${TUESDAY}T00:00 job stop ${OLD}`, `${TUESDAY}T00:00 job run ${OLD}`, `${WEDNESDAY}T00:00 job stop ${OLD}`]],
    ['cron times are no windows',
      [version('job', OLD, { oneShot: true, schedule: cron('0 3 * * *') })], MONDAY, WEDNESDAY,
      [`${MONDAY}T03:00 job run ${OLD}`, `${TUESDAY}T03:00 job run ${OLD}`]],
    ['a first version takes effect', [version('web', TUESDAY)], MONDAY, WEDNESDAY, [`${TUESDAY}T00:00 web start ${TUESDAY}`]],
    ['a one-shot takes effect', [version('job', TUESDAY, { oneShot: true })], MONDAY, WEDNESDAY,
      [`${TUESDAY}T00:00 job run ${TUESDAY}`]],
    ['outside of its window it waits for that',
      [version('web', TUESDAY, { schedule: daily('08:00-18:00') })], MONDAY, WEDNESDAY,
      [`${TUESDAY}T08:00 web start ${TUESDAY}`, `${TUESDAY}T18:00 web stop ${TUESDAY}`]],
    ['another version takes over', [version('web', OLD), version('web', TUESDAY)], MONDAY, WEDNESDAY,
      [`${TUESDAY}T00:00 web version ${TUESDAY}`]],
    ['at the very beginning, too', [version('web', OLD), version('web', MONDAY)], MONDAY, TUESDAY,
      [`${MONDAY}T00:00 web version ${MONDAY}`]],
    ['another version within a window of both',
      [version('web', OLD, { schedule: daily('08:00-18:00') }), version('web', `${MONDAY}T12:00`, { schedule: daily('08:00-20:00') })],
      MONDAY, TUESDAY,
      [`${MONDAY}T08:00 web start ${OLD}`, `${MONDAY}T12:00 web version ${MONDAY}T12:00`,
        `${MONDAY}T20:00 web stop ${MONDAY}T12:00`]],
    ['another version that is open when the old one was not',
      [version('web', OLD, { schedule: daily('08:00-10:00') }), version('web', `${MONDAY}T12:00`)], MONDAY, TUESDAY,
      [`${MONDAY}T08:00 web start ${OLD}`, `${MONDAY}T10:00 web stop ${OLD}`,
        `${MONDAY}T12:00 web start ${MONDAY}T12:00`]],
    ['another version that is closed when the old one was open',
      [version('web', OLD), version('web', `${MONDAY}T12:00`, { schedule: daily('08:00-10:00') })], MONDAY, TUESDAY,
      [`${MONDAY}T12:00 web stop ${MONDAY}T12:00`]],
    ['one window ends as the next version begins: no stop between',
      [version('web', OLD, { schedule: daily('08:00-12:00') }), version('web', `${MONDAY}T12:00`, { schedule: daily('12:00-18:00') })],
      `${MONDAY}T09:00`, TUESDAY,
      [`${MONDAY}T12:00 web version ${MONDAY}T12:00`, `${MONDAY}T18:00 web stop ${MONDAY}T12:00`]],
    ['a fake version is none', [version('web', OLD), version('web', TUESDAY, { fake: true })], MONDAY, WEDNESDAY, []],
    ['a version that was rolled back is passed over',
      [version('web', OLD), version('web', TUESDAY, { fake: true }), version('web', `${TUESDAY}T12:00`)],
      MONDAY, WEDNESDAY, [`${TUESDAY}T12:00 web version ${TUESDAY}T12:00`]],
    ['only fake ones', [version('web', OLD, { fake: true })], MONDAY, WEDNESDAY, []],
    ['without autostart nothing starts',
      [version('web', OLD, { autostart: false, schedule: daily('08:00-18:00') }), version('web', TUESDAY, { autostart: false })],
      MONDAY, WEDNESDAY, []],
    ['without autostart what an operator started goes over',
      [version('web', OLD, { autostart: false }), version('web', TUESDAY, { autostart: false })],
      MONDAY, WEDNESDAY, [`${TUESDAY}T00:00 web version ${TUESDAY}`]],
    ['autostart that comes, and goes',
      [version('web', OLD, { autostart: false }), version('web', MONDAY), version('web', TUESDAY, { autostart: false })],
      '2024-05-01', WEDNESDAY, [`${MONDAY}T00:00 web start ${MONDAY}`, `${TUESDAY}T00:00 web stop ${TUESDAY}`]],
    ['a time that the clocks skip',
      [version('web', OLD, { schedule: daily('02:30-05:00') })], '2024-03-31', '2024-04-01',
      [`2024-03-31T03:00 web start ${OLD} dst-skipped`, `2024-03-31T05:00 web stop ${OLD}`]],
    ['a time that comes twice',
      [version('job', OLD, { oneShot: true, schedule: cron('30 2 * * *') })], '2024-10-27', '2024-10-28',
      [`2024-10-27T02:30 job run ${OLD} dst-repeated`]],
    ['a schedule that never opens',
      [version('job', OLD, { oneShot: true, schedule: cron('0 0 30 2 *') })], MONDAY, '2034-05-06', []],
  ])('%s', (_what, versions, from, to, entries) => {
    expect(told(processOf(...versions), from, to)).toEqual(entries);
  }); // prettier-ignore
});

describe('what is held', () => {
  const web = processOf(version('web', OLD, { schedule: daily('08:00-18:00') }));
  test.each<readonly [what: string, hold: HoldEnd, entries: string[]]>([
    ['without end does nothing', {}, []],
    ['until a reboot does nothing by the clock', { until: 'reboot' }, []],
    ['within a window', { until: at(`${MONDAY}T10:00`) },
      [`${MONDAY}T10:00 web hold-ends ${OLD}`, `${MONDAY}T18:00 web stop ${OLD}`]],
    ['until the next window', { until: at(`${MONDAY}T08:00`) },
      [`${MONDAY}T08:00 web hold-ends ${OLD}`, `${MONDAY}T08:00 web start ${OLD}`, `${MONDAY}T18:00 web stop ${OLD}`]],
    ['until a time gone by is not held', { until: at(OLD) },
      [`${MONDAY}T08:00 web start ${OLD}`, `${MONDAY}T18:00 web stop ${OLD}`]],
    ['until much later does nothing so far', { until: at('2025-01-01') }, []],
  ])('%s', (_what, hold, entries) => {
    expect(told(web, MONDAY, TUESDAY, hold)).toEqual(entries);
  }); // prettier-ignore
});

describe('several processes', () => {
  const web = processOf(version('web', OLD, { schedule: daily('08:00-18:00') }));
  const job = processOf(version('job', OLD, { oneShot: true, schedule: cron('0 * * * *') }));
  const targets = [
    { name: 'web:web_00', process: web },
    { name: 'web:web_01', process: web },
    { name: 'job', process: job },
  ];

  test('are told in order of time, then of the configuration', () => {
    const { entries, truncated } = timelineOf(targets, at(`${MONDAY}T08:00`), at(`${MONDAY}T10:00`), 100);
    expect(entries.map(show)).toEqual([
      `${MONDAY}T08:00 web:web_00 start ${OLD}`,
      `${MONDAY}T08:00 web:web_01 start ${OLD}`,
      `${MONDAY}T08:00 job run ${OLD}`,
      `${MONDAY}T09:00 job run ${OLD}`,
    ]);
    expect(truncated).toBe(false);
    expect(entries[2]).toEqual({
      at: at(`${MONDAY}T08:00`), name: 'job', id: 'job', action: 'run', applyOn: OLD, timezone: MADRID,
    }); // prettier-ignore
  });

  test.each([
    [3, 3, true],
    [4, 4, false],
    [0, 0, true],
  ])('at most %i are told', (limit, count, truncated) => {
    const timeline = timelineOf(targets, at(`${MONDAY}T08:00`), at(`${MONDAY}T10:00`), limit);
    expect(timeline.entries.length).toBe(count);
    expect(timeline.truncated).toBe(truncated);
  });

  test('however many there are, only those that are told are reckoned', () => {
    const busy = processOf(version('busy', OLD, { oneShot: true, schedule: cron('* * * * * *') }));
    const timeline = timelineOf([{ name: 'busy', process: busy }], at(MONDAY), Infinity, 50);
    expect(timeline.entries.length).toBe(50);
    expect(timeline.entries.at(-1)?.at).toBe(at(MONDAY) + 49_000);
    expect(timeline.truncated).toBe(true);
  });
});

describe('what is expected at a moment', () => {
  const work: Given = { schedule: daily('08:00-18:00') };
  const noon = at(`${MONDAY}T12:00`);
  const night = at(`${MONDAY}T22:00`);
  const evening = { at: at(`${MONDAY}T18:00`), action: 'stop', timezone: MADRID };
  const morning = { at: at(`${TUESDAY}T08:00`), action: 'start', timezone: MADRID };
  test.each<readonly [what: string, versions: readonly ProcessVersion[], time: WallTime, hold: HoldEnd | undefined, expected: object]>([
    ['a service', [version('web', OLD)], noon, undefined,
      { expected: 'running', reason: { code: 'wanted', message: 'wanted' }, applyOn: OLD }],
    ['a service within its window', [version('web', OLD, work)], noon, undefined,
      { expected: 'running', reason: { code: 'wanted', message: 'wanted' }, applyOn: OLD, next: evening }],
    ['a service outside of its window', [version('web', OLD, work)], night, undefined,
      { expected: 'stopped', reason: { code: 'schedule', message: 'outside its schedule: 08:00-18:00' }, applyOn: OLD, next: morning }],
    ['a one-shot that is due', [version('job', OLD, { ...work, oneShot: true })], noon, undefined,
      { expected: 'finished', reason: { code: 'wanted', message: 'wanted' }, applyOn: OLD, next: evening }],
    ['one without autostart', [version('web', OLD, { autostart: false })], noon, undefined,
      { expected: 'stopped', reason: { code: 'autostart', message: 'autostart is off: `start` runs it' }, applyOn: OLD }],
    ['one that is held', [version('web', OLD, work)], noon, {},
      { expected: 'stopped', reason: { code: 'manual', message: 'stopped by an operator; held until `start`' }, applyOn: OLD }],
    ['one that is held until then', [version('web', OLD, work)], noon, { until: noon },
      { expected: 'running', reason: { code: 'wanted', message: 'wanted' }, applyOn: OLD, next: evening }],
    ['a version to come', [version('web', TUESDAY)], noon, undefined,
      { expected: 'stopped', reason: { code: 'not-yet-applied', message: 'its apply-on has not come yet' },
        next: { at: at(TUESDAY), action: 'start' } }],
    ['a fake one', [version('web', OLD, { fake: true })], noon, undefined,
      { expected: 'stopped', reason: { code: 'fake', message: 'its version is marked fake' } }],
    ['a version within the other', [version('web', OLD), version('web', MONDAY), version('web', TUESDAY)], noon, undefined,
      { expected: 'running', reason: { code: 'wanted', message: 'wanted' }, applyOn: MONDAY,
        next: { at: at(TUESDAY), action: 'version' } }],
  ])('%s', (_what, versions, time, hold, expected) => {
    expect(expectedAt(processOf(...versions), time, hold)).toEqual(expected);
  }); // prettier-ignore

  test('a hold that ends is what comes next', () => {
    const held = expectedAt(processOf(version('web', OLD, work)), noon, { until: night });
    expect(held.expected).toBe('stopped');
    expect(held.next).toEqual({ at: night, action: 'hold-ends', timezone: MADRID });
  });
});
