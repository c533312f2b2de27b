/** What has to survive a power cut is synced: shown on a disk that loses all that is not. */
import { beforeEach, describe, expect, test } from 'vitest';
import type { Hold, Instance, LedgerEntry } from '../core/model.ts';
import { newInstance } from '../core/targets.ts';
import { SimulatedMachine } from '../simulation/machine.ts';
import { Random } from '../simulation/random.ts';
import { SimulatedSystem } from '../simulation/simulated-system.ts';
import { StateStore, type Loaded } from './state-store.ts';
import { SystemError } from './system.ts';

const RUN: LedgerEntry = { entry: 'version:v1', launchId: 's1n1', outcome: 'running' };
/** Each of them loses something else. */
const POWER_CUTS = Array.from({ length: 60 }, (_, index) => index + 1);

class Scene {
  readonly machine: SimulatedMachine;
  readonly instance: Instance;
  store: StateStore;

  constructor(seed: number) {
    this.machine = new SimulatedMachine(new Random(seed));
    this.machine.files.makeDirectory('/state');
    this.store = this.#newStore();
    this.store.makeDirectory();
    this.instance = newInstance('web', 0, { wall: this.machine.wall, mono: this.machine.mono });
  }

  #newStore(): StateStore {
    const self = this.machine.start({ role: 'daemon', command: 'procmand', parent: 1 });
    return new StateStore(new SimulatedSystem(this.machine, self), '/state');
  }

  save(changes: { readonly hold?: Hold; readonly ledger?: readonly LedgerEntry[]; readonly restarts?: number }): void {
    this.store.save({ ...this.instance, ...changes });
  }

  cutPower(): Loaded {
    this.machine.reboot(true);
    this.store = this.#newStore();
    return this.store.load();
  }
}

describe.each(POWER_CUTS)('power cut %i', (seed) => {
  let scene: Scene;

  beforeEach(() => {
    scene = new Scene(seed);
  });

  test('leaves a hold', () => {
    scene.save({ hold: { since: 5 } });
    expect(scene.cutPower().holds.get(scene.instance.key)).toEqual({ since: 5 });
  });

  test('does not bring back a hold that was released', () => {
    scene.save({ hold: { since: 5 } });
    scene.save({});
    expect(scene.cutPower().holds.size).toBe(0);
  });

  test('ends a hold until the reboot, whatever else is lost', () => {
    scene.save({ hold: { since: 5, until: 'reboot' } });
    expect(scene.cutPower().holds.size).toBe(0);
  });

  test('leaves the ledger of a one-shot, however often it was saved since', () => {
    for (const restarts of [0, 1, 2, 3]) scene.save({ ledger: [RUN], restarts });
    const [stored] = scene.cutPower().instances;
    expect(stored?.instance.ledger).toEqual([RUN]);
  });

  test('leaves the state, the one before it, or a file that is set aside: nothing half read', () => {
    for (const restarts of [0, 1, 2, 3]) scene.save({ restarts });
    const { instances, broken } = scene.cutPower();
    for (const { instance } of instances) expect([0, 1, 2, 3]).toContain(instance.restarts);
    for (const { movedTo } of broken) expect(scene.machine.files.exists(movedTo ?? '')).toBe(true);
  });
});

test('the disk of this test loses what was not synced', () => {
  const lost = POWER_CUTS.filter((seed) => {
    const scene = new Scene(seed);
    for (const restarts of [0, 1, 2, 3]) scene.save({ restarts });
    return scene.cutPower().instances[0]?.instance.restarts !== 3;
  });
  expect(lost.length).toBeGreaterThan(POWER_CUTS.length / 4);
});

test('a hold until the reboot stays over a restart of the daemon', () => {
  const scene = new Scene(1);
  const hold: Hold = { since: 5, until: 'reboot' };
  scene.save({ hold });
  const next = new StateStore(new SimulatedSystem(scene.machine, scene.machine.stranger()), '/state');
  expect(next.load().holds.get(scene.instance.key)).toEqual(hold);
});

test('a hold is removed when it is released, also where its sync had failed', () => {
  const scene = new Scene(1);
  class SyncFails extends SimulatedSystem {
    isFailing = true;

    override syncDirectory(path: string): void {
      if (this.isFailing) throw new SystemError('sync', path, 'EIO');
      super.syncDirectory(path);
    }
  }
  const system = new SyncFails(scene.machine, scene.machine.stranger());
  const store = new StateStore(system, '/state');
  expect(() => store.save({ ...scene.instance, hold: { since: 5 } })).toThrow('EIO');
  system.isFailing = false;
  store.save(scene.instance);
  expect(scene.machine.files.list('/state/instances').filter((name) => name.endsWith('.hold'))).toEqual([]);
});
