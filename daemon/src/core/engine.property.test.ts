/** The promises that have to hold whatever is configured and whatever happens, in whatever order. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { turn } from './engine.ts';
import { instanceKey } from './instance-key.ts';
import type { ProcessVersion } from './model.ts';
import { applyOnAt, configOf, later, needs, START, versionOf, worldOf } from './testing/builders.ts';
import { Driver } from './testing/driver.ts';
import type { Behaviour } from './testing/fake-machine.ts';

const IDS = ['a', 'b', 'c', 'd'] as const;

/** A process that may depend on those before it only: no cycles. */
function process(index: number): fc.Arbitrary<readonly ProcessVersion[]> {
  const id = IDS[index]!;
  const dependency = fc.record({
    id: fc.constantFrom(...(index === 0 ? IDS.slice(0, 1) : IDS.slice(0, index))),
    condition: fc.constantFrom('running' as const, 'finished' as const),
    onLoss: fc.constantFrom('stop' as const, 'keep' as const),
  });
  return fc
    .record({
      oneShot: fc.boolean(),
      autostart: fc.boolean(),
      numprocs: fc.integer({ min: 1, max: 3 }),
      autorestart: fc.constantFrom('always' as const, 'on-failure' as const, 'never' as const),
      startRetries: fc.option(fc.integer({ min: 0, max: 2 })),
      maxRuns: fc.constantFrom(0, 1, 3),
      startSecs: fc.constantFrom(0, 1_000, 5_000),
      killMode: fc.constantFrom('group' as const, 'mixed' as const),
      dependsOn: index === 0 ? fc.constant([]) : fc.uniqueArray(dependency, { selector: (d) => d.id, maxLength: 2 }),
      second: fc.option(fc.record({ fake: fc.boolean(), after: fc.integer({ min: 1, max: 60_000 }) })),
    })
    .map(({ startRetries, second, ...given }) => {
      const first = versionOf({ id, ...given, ...(startRetries === null ? {} : { startRetries }) });
      if (second === null) return [first];
      return [first, versionOf({ ...first, fake: second.fake, applyOn: applyOnAt(START.wall + second.after) })];
    });
}

const config = fc.tuple(...IDS.map((_, index) => process(index))).map((lists) => lists.flat());

type Happening =
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'exit'; readonly index: number; readonly code: number }
  | { readonly do: 'claim' }
  | { readonly do: 'command'; readonly verb: 'start' | 'stop' | 'restart' | 'unblock'; readonly name: string; readonly force: boolean; readonly now: boolean }
  | { readonly do: 'behave'; readonly behaviour: Partial<Behaviour> }
  | { readonly do: 'reload'; readonly versions: readonly ProcessVersion[] }
  | { readonly do: 'replay' }
  | { readonly do: 'shutdown' }; // prettier-ignore

const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(1, 50, 900, 1_000, 7_000, 60_000) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('exit' as const), index: fc.nat(20), code: fc.constantFrom(0, 1) }) },
  { weight: 4, arbitrary: fc.record({
    do: fc.constant('command' as const),
    verb: fc.constantFrom('start' as const, 'stop' as const, 'restart' as const, 'unblock' as const),
    name: fc.constantFrom('all', ...IDS, 'a*'),
    force: fc.boolean(),
    now: fc.boolean(),
  }) },
  { weight: 3, arbitrary: fc.record({
    do: fc.constant('behave' as const),
    behaviour: fc.record({
      launch: fc.constantFrom('runs' as const, 'runs' as const, 'hangs' as const, 'fails' as const, 'is-refused' as const),
      obeys: fc.boolean(),
      leaves: fc.integer({ min: 0, max: 2 }),
      stubborn: fc.boolean(),
    }, { requiredKeys: [] }),
  }) },
  { weight: 2, arbitrary: fc.constant({ do: 'claim' as const }) },
  { weight: 1, arbitrary: config.map((versions) => ({ do: 'reload' as const, versions })) },
  { weight: 1, arbitrary: fc.constant({ do: 'replay' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'shutdown' as const }) },
); // prettier-ignore

function happen(driver: Driver, one: Happening): void {
  const { machine } = driver;
  const runs = [...machine.runs.values()];
  switch (one.do) {
    case 'pass':
      driver.pass(one.ms);
      break;
    case 'exit': {
      const alive = runs.filter(({ phase }) => phase === 'alive');
      const run = alive[one.index % Math.max(alive.length, 1)];
      if (run !== undefined) machine.end(run, { kind: 'code', code: one.code }, driver.now);
      driver.settle(machine.takeNews());
      break;
    }
    case 'claim':
      for (const run of runs) machine.claim(run);
      driver.settle(machine.takeNews());
      break;
    case 'command':
      driver.command(one.verb, [one.name], { force: one.force, now: one.now });
      break;
    case 'behave':
      Object.assign(machine.behaviour, one.behaviour);
      break;
    case 'reload':
      driver.reload(one.versions);
      break;
    case 'replay':
      driver.settle([...driver.world.instances.values()].flatMap(({ key, exits }) =>
        exits.map(({ launchId, exit, at }) => ({ key, event: { kind: 'exited', launchId, exit, at } })),
      )); // prettier-ignore
      break;
    case 'shutdown':
      driver.shutdown();
  }
}

/** No turn of an unchanged world at the same time asks for anything. */
function expectRest({ world, now }: Driver): void {
  const again = turn(world, [], now);
  expect(again.actions).toEqual([]);
  expect(again.world).toBe(world);
}

function shownOf({ world, machine }: Driver): unknown {
  const shown = [...world.instances.values()].map(({ key, activity }) => `${key} ${activity.kind}`);
  return { shown, launches: machine.launched.length };
}

function driverOf(versions: readonly ProcessVersion[], slots: number): Driver {
  const driver = new Driver(worldOf(configOf(versions, { maxParallelStarts: slots })));
  driver.settle();
  return driver;
}

describe('whatever happens', () => {
  test('no instance has two copies, every action is for the current launch, and every turn comes to rest', () => {
    fc.assert(
      fc.property(config, fc.integer({ min: 1, max: 4 }), fc.array(happening, { maxLength: 40 }), (versions, slots, happenings) => {
        const driver = driverOf(versions, slots);
        expectRest(driver);
        for (const one of happenings) {
          happen(driver, one);
          expect(driver.machine.breaches).toEqual([]);
          expectRest(driver);
        }
      }),
      { numRuns: 300 },
    ); // prettier-ignore
  });

  test('the core and the machine agree on what lives', () => {
    fc.assert(
      fc.property(config, fc.array(happening, { maxLength: 30 }), (versions, happenings) => {
        const driver = driverOf(versions, 2);
        for (const one of happenings) {
          happen(driver, one);
          for (const { key, activity } of driver.world.instances.values()) {
            const isAlive = driver.machine.alive(key) !== undefined;
            expect(isAlive && activity.kind === 'idle', `${key} is ${activity.kind}`).toBe(false);
            if (activity.kind === 'running' || activity.kind === 'settling') expect(isAlive).toBe(true);
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  test('a shutdown leaves nothing, once everything obeys', () => {
    fc.assert(
      fc.property(config, fc.array(happening, { maxLength: 20 }), (versions, happenings) => {
        const driver = driverOf(versions, 2);
        for (const one of happenings) happen(driver, one);
        Object.assign(driver.machine.behaviour, { launch: 'runs', obeys: true, leaves: 0, stubborn: false });
        driver.shutdown();
        driver.pass(30_000);
        for (const { activity } of driver.world.instances.values()) expect(activity.kind).toBe('idle');
      }),
      { numRuns: 150 },
    );
  });

  test('what is stopped by an operator stays stopped until an operator starts it', () => {
    fc.assert(
      fc.property(config, fc.array(happening, { maxLength: 20 }), (versions, happenings) => {
        const driver = driverOf(versions, 2);
        driver.command('stop', ['all']);
        driver.pass(30_000);
        const before = driver.machine.launched.length;
        for (const one of happenings.filter((candidate) => candidate.do !== 'command' && candidate.do !== 'reload')) {
          happen(driver, one);
        }
        expect(driver.machine.launched.length).toBe(before);
      }),
      { numRuns: 100 },
    );
  });

  test('waking by its own deadlines alone comes to the same as being woken all the time', () => {
    fc.assert(
      fc.property(config, fc.integer({ min: 1, max: 4 }), fc.array(happening, { maxLength: 20 }), (versions, slots, happenings) => {
        const [own, often] = [driverOf(versions, slots), driverOf(versions, slots)];
        for (const one of [...happenings, { do: 'pass' as const, ms: 45_000 }]) {
          happen(own, one);
          if (one.do === 'pass') for (let part = 0; part < 20; part += 1) often.pass(one.ms / 20);
          else happen(often, one);
          expect(shownOf(own)).toEqual(shownOf(often));
        }
      }),
      { numRuns: 100 },
    ); // prettier-ignore
  });

  test('turns of one world are the same, whatever came before', () => {
    const versions = [versionOf({ id: 'a' }), versionOf({ id: 'b', dependsOn: [needs('a')] })];
    const world = worldOf(configOf(versions));
    expect(turn(world, [], later(5))).toEqual(turn(world, [], later(5)));
    expect(turn(world, [], START).actions.map(({ key }) => key)).toEqual([instanceKey('a', 0)]);
  });
});
