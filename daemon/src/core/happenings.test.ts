/** One case for each type of event that the core tells; `command`, `reload` and `daemon` are told by whoever acts. */
import { describe, expect, test } from 'vitest';
import { between, ofHook, ofTransition, ofVeto, type Happening } from './happenings.ts';
import type { Activity, Instance, Job } from './model.ts';
import { activityOf, instanceOf, later, runOf, START, versionOf } from './testing/builders.ts';

const version = versionOf({ id: 'web' });
const about = { key: 'web~0', id: 'web', name: 'web' };
const now = later(5_000);
const telling = { now, by: 'operator', time: () => '18:00' };

const tell = (before: Partial<Instance>, after: Partial<Instance>): readonly Happening[] =>
  between(() => about, instanceOf(version, before), instanceOf(version, after), telling);

const run = runOf(version);
const running = (health?: { ok?: boolean; failures: number; text?: string }): Activity => ({
  kind: 'running',
  run,
  ...(health === undefined ? {} : { health: { nextAt: 0, ...health } }),
});
const well = running({ ok: true, failures: 0 });
const unwell: Activity = {
  kind: 'stopping',
  run,
  stop: { cause: 'health-check', since: now.mono, now: false, text: 'exited with code 1' },
  settled: true,
  clearing: { remains: [] },
};
const exitRecord = {
  launchId: 'L0',
  startedAt: START.wall,
  at: START.wall + 1_234,
  exit: { kind: 'code', code: 3 },
} as const;

describe('how an instance has changed', () => {
  test.each<[what: string, before: Partial<Instance>, after: Partial<Instance>, told: readonly Partial<Happening>[]]>([
    [
      'an exit',
      {},
      { exits: [exitRecord] },
      [{ type: 'exit', at: exitRecord.at, run: 'L0', lasted: 1_234, message: 'exited with code 3 after 1.2 s' }],
    ],
    ['no exit twice', { exits: [exitRecord] }, { exits: [{ ...exitRecord, stderr: ['late'] }] }, []],
    ['healthy', { activity: running() }, { activity: well }, [{ type: 'health', run: 'L0', message: 'healthy' }]],
    [
      'unhealthy, while it runs',
      { activity: well },
      { activity: running({ ok: false, failures: 1, text: 'no' }) },
      [{ type: 'health', message: 'unhealthy: no' }],
    ],
    [
      'unhealthy, and stopped at once',
      { activity: well },
      { activity: unwell },
      [{ type: 'health', run: 'L0', message: 'unhealthy: exited with code 1' }],
    ],
    ['unhealthy, told once', { activity: unwell }, { activity: { ...unwell, settled: false } }, []],
    [
      'healthy again',
      { activity: running({ ok: false, failures: 1 }) },
      { activity: well },
      [{ type: 'health', message: 'healthy again' }],
    ],
    ['stopped for another cause', { activity: well }, { activity: activityOf('stopping', version) }, []],
    [
      'a hold',
      {},
      { hold: { since: now.wall } },
      [{ type: 'hold', by: 'operator', reason: { code: 'manual', message: 'held until `start`' } }],
    ],
    [
      'a hold with an end',
      {},
      { hold: { since: now.wall, until: now.wall + 1 } },
      [{ type: 'hold', message: 'held until 18:00' }],
    ],
    [
      'a hold over boots',
      {},
      { hold: { since: now.wall, until: 'reboot' } },
      [{ message: 'held until the next boot' }],
    ],
    [
      'a hold released',
      { hold: { since: 0 } },
      {},
      [{ type: 'hold', by: 'operator', message: 'the hold is released' }],
    ],
    [
      'a hold that ended',
      { hold: { since: 0, until: now.wall } },
      {},
      [{ type: 'hold', message: 'the hold has ended' }],
    ],
    [
      'a version',
      { seen: { applyOn: 'A' } },
      { seen: { applyOn: 'B' } },
      [{ type: 'version', message: 'version B takes over from A' }],
    ],
    [
      'a version that gave way',
      { seen: { applyOn: 'B' } },
      { seen: { applyOn: 'A' }, fellBack: { applyOn: 'B', digest: 'd' } },
      [{ type: 'version', message: 'version A goes on: B did not come up' }],
    ],
    ['the first version', { seen: {} }, { seen: { applyOn: 'A' } }, []],
    [
      'a missed window',
      {},
      { ledger: [{ entry: 'window:1', opens: 1, outcome: 'missed' }] },
      [{ type: 'missed', message: 'missed its window of 18:00' }],
    ],
    ['a window that was run', {}, { ledger: [{ entry: 'window:1', opens: 1, outcome: 'ended' }] }, []],
  ])('%s', (_what, before, after, told) => {
    const found = tell(before, after);
    expect(found).toHaveLength(told.length);
    expect(found).toMatchObject(told.map((each) => ({ about, ...each })));
  });

  test('nothing, where nothing has changed', () => {
    const same = instanceOf(version, { exits: [exitRecord] });
    const never = (): never => expect.unreachable('the name was looked up');
    expect(between(never, same, same, telling)).toEqual([]);
    expect(between(never, same, { ...same }, telling)).toEqual([]);
  });
});

describe('what is shown', () => {
  const view = { state: 'EXITED', reason: { code: 'exit', message: 'exited with code 3' } } as const;
  const base = {
    ...about,
    from: 'RUNNING',
    to: 'EXITED',
    view: { ...view, expected: 'running', verdict: 'problem' },
  } as const;

  test.each([
    ['a state', base, ['state: RUNNING -> EXITED (exit: exited with code 3)']],
    [
      'a problem',
      { ...base, from: 'EXITED', trouble: 'began' },
      ['problem: problem: EXITED (exit: exited with code 3)'],
    ],
    [
      'its end',
      { ...base, from: 'EXITED', trouble: 'over' },
      ['recovered: no problem any more: EXITED (exit: exited with code 3)'],
    ],
  ] as const)('%s', (_what, transition, told) => {
    const found = ofTransition(about, transition, 'L0', now.wall);
    expect(found.map(({ type, message }) => `${type}: ${message}`)).toEqual(told);
    expect(found).toMatchObject([{ about, run: 'L0', to: 'EXITED', reason: view.reason }]);
  });
});

describe('what is done for an instance', () => {
  const job = (name: Job['name']): Job => ({
    name, launchId: 'J', timeout: 1, startedMono: START.mono, work: { kind: 'hook', command: { kind: 'shell', line: 'x' } },
  }) as unknown as Job; // prettier-ignore

  test('a hook, by how it ended and how long it took', () => {
    expect(ofHook(about, job('before'), { ok: true, text: 'x' }, { now })).toMatchObject([
      { type: 'hook', lasted: 5_000, message: 'before succeeded' },
    ]);
    expect(ofHook(about, job('init'), { ok: false, text: 'exited with code 3' }, { now })).toMatchObject([
      { type: 'hook', about, message: 'init exited with code 3' },
    ]);
  });

  test('no check: that is told by health', () => {
    expect(ofHook(about, job('health-check'), { ok: false, text: 'x' }, { now })).toEqual([]);
  });

  test('a version that may not take over', () => {
    expect(ofVeto(about, 'B', 'it is broken', now.wall)).toEqual({
      at: now.wall, type: 'version', about, message: 'version B may not take over: it is broken',
    }); // prettier-ignore
  });
});
