import { expect, test } from 'vitest';
import type { CoreConfig, Instance, ProcessIdentity, Run } from '../core/model.ts';
import { NO_VETOES } from '../core/schedule.ts';
import { newInstance } from '../core/targets.ts';
import { LaunchFiles, type RunRecord } from '../effects/launch-files.ts';
import { StateStore } from '../effects/state-store.ts';
import { configOf } from '../simulation/blueprint.ts';
import { SimulatedMachine } from '../simulation/machine.ts';
import { Random } from '../simulation/random.ts';
import { SimulatedSystem } from '../simulation/simulated-system.ts';
import { Witness } from './evidence.ts';
import { Members } from './members.ts';
import { recover, type Recovered } from './recovery.ts';

const LAUNCH = 's1n1';
const config: CoreConfig = configOf([]);

/** A launch is claimed and has no record yet: its launcher holds the lock. The state on disk is the one before it. */
class Scene {
  readonly machine = new SimulatedMachine(new Random(1));
  readonly #self = this.machine.start({ role: 'daemon', command: 'procmand', parent: 1 });
  readonly #system = new SimulatedSystem(this.machine, this.#self);
  readonly #files = new LaunchFiles(this.#system, '/state/runs');
  readonly #now = this.#system.now();
  readonly instance = newInstance('p', 0, this.#now);
  readonly path = `/state/instances/${this.instance.key}.json`;

  constructor() {
    const { files } = this.machine;
    files.makeDirectory('/state');
    this.#files.makeDirectories();
    const store = new StateStore(this.#system, '/state');
    store.makeDirectory();
    store.save(this.instance);
    store.save({ ...this.instance, shown: { ...this.instance.shown, since: this.#now.wall + 1 } });
    const name = `${this.instance.key}.${LAUNCH}`;
    files.write(`/state/runs/launch/${name}.claimed`, '');
    files.write(`/state/runs/exit/${name}`, ' '.repeat(64));
    const lock = `/state/runs/lock/${this.instance.key}`;
    files.write(lock, '');
    const launcher = this.machine.start({ role: 'launcher', command: 'sh launch.sh', parent: 1 });
    this.machine.tryLock(lock, launcher.pid);
  }

  /** Its launcher got on: a process lives, and is on record. */
  runs(): Pick<RunRecord, 'process' | 'launcher'> {
    const identityOf = (pid: number): ProcessIdentity => ({
      pid,
      startTicks: this.#system.stat(pid)?.startTicks ?? 0,
      bootId: this.#system.bootId(),
      pidNamespace: this.#system.pidNamespace(),
    });
    const start = (role: 'launcher' | 'main'): ProcessIdentity =>
      identityOf(this.machine.start({ role, command: role, parent: 1 }).pid);
    const record = { launchId: LAUNCH, process: start('main'), launcher: start('launcher') };
    this.#files.writeRecord(this.instance.key, record);
    return record;
  }

  /** Another launch without a record, later than the first. */
  leaveLaunch(launchId: string, hasExitFile: boolean): void {
    const { files } = this.machine;
    this.machine.advance(1_000);
    const name = `${this.instance.key}.${launchId}`;
    files.write(`/state/runs/launch/${name}.claimed`, '');
    if (hasExitFile) files.write(`/state/runs/exit/${name}`, ' '.repeat(64));
  }

  saveRunning(identities: Pick<RunRecord, 'process' | 'launcher'>): void {
    const run: Run = {
      launchId: LAUNCH,
      why: 'wanted',
      applyOn: '',
      fingerprint: {},
      settings: {
        oneShot: false, autorestart: 'always', exitCodes: [0], startSecs: 0, stopSignal: 'TERM', stopTimeout: 1, killMode: 'group',
      }, // prettier-ignore
      startedAt: this.#now.wall,
      startedMono: this.#now.mono,
      logs: {},
      ...identities,
    };
    new StateStore(this.#system, '/state').save({ ...this.instance, activity: { kind: 'running', run } });
  }

  recover(): Recovered {
    const system = this.#system;
    return recover(
      {
        system,
        files: this.#files,
        store: new StateStore(system, '/state'),
        witness: new Witness(system, this.#files),
        members: new Members(system, '1000', this.#self.pid),
        uid: '1000',
        runsDirectory: '/state/runs',
        stateDirectory: '/state',
        log: () => undefined,
      },
      {
        config, instances: new Map(), kept: new Set(), clock: {}, vetoes: NO_VETOES, bootId: system.bootId(),
        logDirectory: '/logs', session: 's2n', nextLaunch: 0,
      },
    ); // prettier-ignore
  }

  recovered(): Instance | undefined {
    return this.recover().world.instances.get(this.instance.key);
  }
}

const underWay = { kind: 'launching', run: { launchId: LAUNCH } };

test('a launch under way is taken over where the newest state was removed and the one before it is left', () => {
  const scene = new Scene();
  scene.machine.files.remove(scene.path);
  expect(scene.recovered()?.activity).toMatchObject(underWay);
});

test('a launch under way is taken over where the newest state is torn', () => {
  const scene = new Scene();
  scene.machine.files.write(scene.path, '{"version"');
  expect(scene.recovered()?.activity).toMatchObject(underWay);
});

test.each(['s0n1', 's2n1'])('of two launches with the state lost, the later (%s) is taken over', (later) => {
  const scene = new Scene();
  scene.machine.files.remove(scene.path);
  scene.leaveLaunch(later, true);
  expect(scene.recovered()?.activity).toMatchObject({ kind: 'launching', run: { launchId: later } });
});

test.each(['s0n1', 's2n1'])(
  'what a power cut has left of a launch long over (%s) is not taken for the one that lives',
  (old) => {
    const scene = new Scene();
    scene.machine.files.remove(scene.path);
    scene.leaveLaunch(old, false);
    expect(scene.recovered()?.activity).toMatchObject(underWay);
  },
);

test('a state that is the newest knows of every launch: nothing is taken over beside it', () => {
  expect(new Scene().recovered()?.activity).toEqual({ kind: 'idle' });
});

test('what lives by the record is its process, also where the state names one that does not', () => {
  const scene = new Scene();
  const { process, launcher } = scene.runs();
  const spoilt = { ...process, startTicks: process.startTicks + 1 };
  scene.saveRunning({ process: spoilt, launcher });
  expect(scene.recovered()?.activity).toMatchObject({ kind: 'running', run: { process, launcher } });
});
