import { describe, expect, test } from 'vitest';
import { decide } from './deciders.ts';
import type { Instance, LedgerEntry, ProcessVersion, Run, World } from './model.ts';
import { targetsOf } from './targets.ts';
import { configOf, START, versionOf, worldOf, instanceOf, activityOf } from './testing/builders.ts';
import { ALL_DAYS, cron, daily } from './testing/schedules.ts';
import { HOLD } from './testing/situations.ts';

interface Applying {
  readonly version?: Partial<ProcessVersion>;
  readonly instance?: Partial<Instance>;
  readonly world?: Partial<World>;
  readonly gone?: boolean;
}

/** What makes each decider of SPEC 7.1 apply, in order, and what it says; at 22:13 UTC. */
const DECIDERS: readonly (readonly [name: string, Applying, says: string])[] = [
  ['1 shutdown', { world: { ending: 'shutdown' } }, 'stop shutdown'],
  ['2 not in the config', { gone: true }, 'stop not-in-config'],
  ['3 no effective version', { version: { fake: true } }, 'stop fake'],
  ['4 hold', { instance: { hold: HOLD } }, 'stop manual'],
  ['5 --force', { instance: { forced: true } }, 'run forced'],
  ['6 outside the window', { version: { schedule: daily('08:00-18:00', ALL_DAYS, 'UTC') } }, 'stop schedule'],
  ['7 autostart = false', { version: { autostart: false } }, 'no-start autostart'],
  ['8 on the ledger', { version: { oneShot: true }, instance: { ledger: [{ entry: 'version:at 0', launchId: 'L0', outcome: 'ended' }] } }, 'no-start done'],
  ['9 else', {}, 'run wanted'],
]; // prettier-ignore

function said(...applying: readonly Applying[]): string {
  const partial = Object.assign({}, ...applying.map((one) => one.version)) as Partial<ProcessVersion>;
  const known = Object.assign({}, ...applying.map((one) => one.instance)) as Partial<Instance>;
  const version = versionOf({ id: 'web', ...partial });
  const instance = instanceOf(version, known);
  const config = configOf(applying.some(({ gone }) => gone === true) ? [] : [version]);
  const rest = Object.assign({}, ...applying.map((one) => one.world)) as Partial<World>;
  const world: World = { ...worldOf(config, [instance]), ...rest };
  const target = targetsOf(world, START.wall)[0] ?? {
    key: 'web~0',
    id: 'web',
    num: 0,
    name: 'web',
    instanceName: 'web',
  };
  const decision = decide(world, target, instance, START);
  return `${decision.want} ${'code' in decision ? decision.code : decision.reason}`;
}

describe.each(DECIDERS.map((entry, index) => [...entry, index] as const))('%s', (_name, applying, says, index) => {
  test('alone', () => {
    expect(said(applying)).toBe(says);
  });

  // A forced start takes the ledger entry away, so 5 and 8 do not meet; 7 and 8 both start nothing, and 8 tells more.
  const meets = DECIDERS.slice(index + 1).filter(([other]) => !/^[57]/.test(_name) || !other.startsWith('8'));
  test.each(meets)(`before %s`, (_other, later) => {
    expect(said(applying, later)).toBe(says);
  });
});

test('not yet applied', () => {
  const version = { applyOn: { text: 'later', at: START.wall + 1 } };
  expect(said({ version })).toBe('stop not-yet-applied');
});

test('what a failed required process ends says so', () => {
  expect(said({ world: { ending: 'required' } })).toBe('stop required');
});

test('a forced one-shot runs once, not on and on', () => {
  const [, ledger] = DECIDERS[7]!;
  expect(said(ledger, { instance: { forced: true } })).toBe('no-start done');
});

test('a one-shot whose turn was skipped has no ending to show', () => {
  const skipped = { entry: 'version:at 0', outcome: 'skipped' } as const;
  expect(said({ version: { oneShot: true }, instance: { ledger: [skipped] } })).toBe('stop schedule');
});

test("an operator's start overrides autostart = false", () => {
  expect(said({ version: { autostart: false }, instance: { operatorStarted: true } })).toBe('run operator');
});

test.each([
  ['autostart = false', { version: { autostart: false } }],
  ['the ledger', DECIDERS[7]![1]],
] as const)('%s starts nothing, and stops nothing that is alive', (_what, applying) => {
  const activity = activityOf('running', versionOf({ id: 'web' }));
  expect(said(applying, { instance: { activity } })).toBe('run wanted');
});

test('what a guard keeps goes on while it is alive', () => {
  const activity = activityOf('running', versionOf({ id: 'web' }));
  expect(said({ gone: true, world: { kept: new Set(['web~0']) }, instance: { activity } })).toBe('run wanted');
  expect(said({ gone: true, world: { kept: new Set(['web~0']) } })).toBe('stop not-in-config');
});

/* START is Tuesday 2023-11-14, 22:13:20 UTC. */
const CLOSED = daily('08:00-18:00', ALL_DAYS, 'UTC');
const OPEN = daily('20:00-23:00', ALL_DAYS, 'UTC');
const NIGHTLY = cron('0 3 * * *', 'UTC');
const line = (text: string, given: Omit<LedgerEntry, 'entry'>): readonly LedgerEntry[] => {
  const opens = Date.parse(text);
  return [{ entry: `window:${opens}`, opens, ...given }];
};
const closedLine = (outcome: LedgerEntry['outcome'], late = false): readonly LedgerEntry[] =>
  line('2023-11-14T08:00Z', { outcome, ...(late ? { late: true } : {}) });
const openLine = (outcome: LedgerEntry['outcome']): readonly LedgerEntry[] => line('2023-11-14T20:00Z', { outcome });
const cronLine = (outcome: LedgerEntry['outcome']): readonly LedgerEntry[] => line('2023-11-14T03:00Z', { outcome });
const asked = { operatorStarted: true, credit: 'operator' } as const;

/* Schedules: what is said of an idle one. */
test.each<readonly [string, Partial<ProcessVersion>, Partial<Instance>, says: string]>([
  ['a service in its window', { schedule: OPEN }, {}, 'run wanted'],
  ['a service outside of it, that an operator started', { schedule: CLOSED }, asked, 'stop schedule'],
  ['a service outside of it, forced', { schedule: CLOSED }, { forced: true }, 'run forced'],
  ['a one-shot in a window that was not noted yet', { schedule: OPEN, oneShot: true }, {}, 'stop schedule'],
  ['a one-shot that is due', { schedule: OPEN, oneShot: true }, { ledger: openLine('due') }, 'run wanted'],
  ['a one-shot that ran in it', { schedule: OPEN, oneShot: true }, { ledger: openLine('ended') }, 'no-start done'],
  ['a one-shot that was cut off in it', { schedule: OPEN, oneShot: true }, { ledger: openLine('interrupted') }, 'no-start done'],
  ['a one-shot outside of it', { schedule: CLOSED, oneShot: true }, asked, 'stop schedule'],
  ['a one-shot outside of it, forced', { schedule: CLOSED, oneShot: true }, { forced: true }, 'run forced'],
  ['a one-shot outside of it, forced, that has run', { schedule: CLOSED, oneShot: true }, { forced: true, ledger: closedLine('ended') }, 'no-start done'],
  ['a one-shot that missed it', { schedule: CLOSED, oneShot: true }, { ledger: closedLine('missed') }, 'stop missed'],
  ['a one-shot that catches up', { schedule: CLOSED, oneShot: true }, { ledger: closedLine('due', true) }, 'run catch-up'],
  ['a one-shot with autostart off, in its window', { schedule: OPEN, oneShot: true, autostart: false }, { ledger: openLine('due') }, 'no-start autostart'],
  ['a cron job between its times', { schedule: NIGHTLY, oneShot: true }, {}, 'stop schedule'],
  ['a cron job that is due since its time', { schedule: NIGHTLY, oneShot: true }, { ledger: cronLine('due') }, 'run wanted'],
  ['a cron job that has run', { schedule: NIGHTLY, oneShot: true }, { ledger: cronLine('ended') }, 'no-start done'],
  ['a cron job that overlapped', { schedule: NIGHTLY, oneShot: true }, { ledger: cronLine('missed') }, 'stop missed'],
  ['a cron job that an operator asks for', { schedule: NIGHTLY, oneShot: true }, asked, 'run operator'],
  ['a cron job that an operator asked for, and that ran', { schedule: NIGHTLY, oneShot: true }, { ...asked, ledger: cronLine('ended') }, 'no-start done'],
])('%s', (_what, version, instance, says) => {
  expect(said({ version, instance })).toBe(says);
}); // prettier-ignore

/* Schedules: what is said of one that runs. */
test.each<readonly [string, Partial<ProcessVersion>, Partial<Run>, Partial<Instance>, says: string]>([
  ['a service in its window', { schedule: OPEN }, {}, {}, 'run wanted'],
  ['a service outside of it', { schedule: CLOSED }, {}, {}, 'stop schedule'],
  ['a service outside of it, forced', { schedule: CLOSED }, {}, { forced: true }, 'run forced'],
  ['a one-shot when its window has closed', { schedule: CLOSED, oneShot: true }, {}, { ledger: closedLine('running') }, 'stop schedule'],
  ['a one-shot that catches up', { schedule: CLOSED, oneShot: true }, { why: 'catch-up' }, { ledger: closedLine('running') }, 'run catch-up'],
  ['a one-shot, forced', { schedule: CLOSED, oneShot: true }, { why: 'forced' }, { forced: true }, 'run forced'],
  ['a cron job, after its minute', { schedule: NIGHTLY, oneShot: true }, {}, { ledger: cronLine('running') }, 'run wanted'],
])('alive: %s', (_what, version, run, instance, says) => {
  const activity = activityOf('running', versionOf({ id: 'web', ...version }), run);
  expect(said({ version, instance: { ...instance, activity } })).toBe(says);
}); // prettier-ignore
