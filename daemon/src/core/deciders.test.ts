import { describe, expect, test } from 'vitest';
import { decide } from './deciders.ts';
import type { Instance, ProcessVersion, World } from './model.ts';
import { targetsOf } from './targets.ts';
import { configOf, START, versionOf, worldOf, instanceOf, activityOf } from './testing/builders.ts';
import { HOLD } from './testing/situations.ts';

interface Applying {
  readonly version?: Partial<ProcessVersion>;
  readonly instance?: Partial<Instance>;
  readonly world?: Partial<World>;
  readonly gone?: boolean;
}

/** What makes each decider of SPEC 7.1 apply, in order, and what it says. 6 comes with schedules. */
const DECIDERS: readonly (readonly [name: string, Applying, says: string])[] = [
  ['1 shutdown', { world: { shutdown: true } }, 'stop shutdown'],
  ['2 not in the config', { gone: true }, 'stop not-in-config'],
  ['3 no effective version', { version: { fake: true } }, 'stop fake'],
  ['4 hold', { instance: { hold: HOLD } }, 'stop manual'],
  ['5 --force', { instance: { forced: true } }, 'run forced'],
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

test('a forced one-shot runs once, not on and on', () => {
  const [, ledger] = DECIDERS[6]!;
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
  ['the ledger', DECIDERS[6]![1]],
] as const)('%s starts nothing, and stops nothing that is alive', (_what, applying) => {
  const activity = activityOf('running', versionOf({ id: 'web' }));
  expect(said(applying, { instance: { activity } })).toBe('run wanted');
});

test('what a guard keeps goes on while it is alive', () => {
  const activity = activityOf('running', versionOf({ id: 'web' }));
  expect(said({ gone: true, world: { kept: new Set(['web~0']) }, instance: { activity } })).toBe('run wanted');
  expect(said({ gone: true, world: { kept: new Set(['web~0']) } })).toBe('stop not-in-config');
});
