import { expect, test } from 'vitest';
import { runMark } from '../core/identity.ts';
import { instanceKey } from '../core/instance-key.ts';
import { runOf, versionOf } from '../core/testing/builders.ts';
import { LaunchFiles } from '../effects/launch-files.ts';
import { SimulatedMachine, type SimulatedProcess } from '../simulation/machine.ts';
import { Random } from '../simulation/random.ts';
import { SimulatedSystem } from '../simulation/simulated-system.ts';
import { HandOver } from './hand-over.ts';
import { Members } from './members.ts';

const UID = 'sim';
const KEY = instanceKey('web', 0);

/** An expression has ended, and named a process. */
class Scene {
  readonly machine = new SimulatedMachine(new Random(1));
  readonly daemon = this.machine.start({ role: 'daemon', command: 'procmand', parent: 1 });
  readonly #system = new SimulatedSystem(this.machine, this.daemon);
  readonly #run = runOf(versionOf({ id: 'web' }), {
    process: { pid: 2, startTicks: 0, bootId: 'gone', pidNamespace: '' },
  });
  readonly mark = runMark(UID, KEY, this.#run.launchId);

  take(named: SimulatedProcess): object {
    const files = new LaunchFiles(this.#system, '/state/runs');
    files.makeDirectories();
    const members = new Members(this.#system, UID, this.daemon.pid);
    const handOver = new HandOver({ system: this.#system, files, members, uid: UID, onUndecided: () => undefined });
    const [event] = handOver.take({
      kind: 'take-pid',
      key: KEY,
      run: this.#run,
      ended: true,
      text: `${named.pid}`,
    });
    return event ?? {};
  }
}

test('a process that bears its mark is taken', () => {
  const scene = new Scene();
  const named = scene.machine.start({ role: 'main', command: 'web', parent: 1, marks: { run: scene.mark } });
  expect(scene.take(named)).toMatchObject({ kind: 'handed', process: { pid: named.pid } });
});

test('a launcher, whose number the file of long ago names now, is not: a stop would hit it', () => {
  const scene = new Scene();
  const marks = { launcher: `${UID}/other~0/L1` };
  const named = scene.machine.start({ role: 'launcher', command: 'sh launch.sh', parent: 1, marks });
  expect(scene.take(named)).toMatchObject({
    kind: 'unhanded',
    message: expect.stringContaining(`process ${named.pid}, which it named, is one of procman's own`) as string,
    candidates: [],
  });
});

test('nor is the daemon itself', () => {
  const scene = new Scene();
  expect(scene.take(scene.daemon)).toMatchObject({ kind: 'unhanded', candidates: [] });
});
