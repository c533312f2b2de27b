/** The supervisor wakes for everything that is due, however long its own turns take. */
import { describe, expect, test } from 'vitest';
import type { ProcessVersion } from '../core/model.ts';
import { applyOnAt, configOf, versionOf } from '../core/testing/builders.ts';
import { DaemonOnTrial, STATE_DIRECTORY, UNDISTURBED } from '../simulation/daemon-on-trial.ts';
import { SimulatedMachine } from '../simulation/machine.ts';
import { Random } from '../simulation/random.ts';
import type { ServiceSpec } from '../simulation/services.ts';
import { SimulatedSystem } from '../simulation/simulated-system.ts';

/** A disk, or a machine, so busy that each file takes this long to be written. */
const WRITE_TAKES = 120;

let machine: SimulatedMachine;

class SlowSystem extends SimulatedSystem {
  override writeFile(...given: Parameters<SimulatedSystem['writeFile']>): void {
    super.writeFile(...given);
    machine.advance(WRITE_TAKES);
  }
}

function service(spec: Partial<ServiceSpec>, given: Partial<ProcessVersion> = {}): ProcessVersion {
  const line = JSON.stringify({ onTerm: 'dies', members: [], version: 'it', ...spec });
  const command = { line, type: 'simple' as const, why: 'simulated', argv: ['/service', line] };
  const log = { kind: 'none' as const };
  return versionOf({ id: 'a', command, restartDelay: 100, maxRuns: 0, stdoutLog: log, stderrLog: log, ...given });
}

function begin(...versions: readonly ProcessVersion[]): DaemonOnTrial {
  machine.files.makeDirectory(STATE_DIRECTORY);
  const defect = (text: string): void => expect.fail(text);
  const daemon = new DaemonOnTrial({
    machine,
    flaws: { system: SlowSystem },
    troubled: new Set(),
    log: () => undefined,
    defect,
  });
  daemon.start(configOf(versions), UNDISTURBED);
  return daemon;
}

/** Of the folders that the daemon watches. */
function contents(): string {
  const folders = ['exit', 'record'].map((name) => `${STATE_DIRECTORY}/runs/${name}`);
  const paths = folders.flatMap((folder) => machine.files.list(folder).map((name) => `${folder}/${name}`));
  return paths.map((path) => `${path} ${machine.files.read(path)}`).join('\n');
}

/** Time passes: the daemon is told of files, and otherwise wakes only when it asked to, as in `daemon.ts`. */
function live(daemon: DaemonOnTrial, milliseconds: number): void {
  const end = machine.mono + milliseconds;
  let seen = '';
  while (machine.mono < end) {
    for (const process of machine.ready()) machine.step(process);
    const files = contents();
    if (files !== seen) daemon.tell('look', (supervisor) => supervisor.lookAt('all'));
    seen = files;
    if ((daemon.nextWake() ?? Infinity) <= 0) daemon.tell('wake', (supervisor) => supervisor.wake());
    machine.advance(10);
  }
}

describe('what comes due while a turn is still writing', () => {
  test.each([
    ['crashes', service({ life: 0, code: 1 })],
    ['forks away', service({ life: 20, members: [{ where: 'away', onTerm: 'dies' }] })],
  ])('the restart of a service that %s', (_what, version) => {
    // Wherever in a turn the delay ends, the next launch follows.
    for (let restartDelay = 50; restartDelay <= 1_000; restartDelay += 50) {
      machine = new SimulatedMachine(new Random(1));
      const daemon = begin({ ...version, restartDelay, restartMaxDelay: restartDelay });
      live(daemon, 20_000);
      expect(daemon.world()?.nextLaunch, `restart-delay ${restartDelay}`).toBeGreaterThan(4);
    }
  });

  test('a version whose time has come', () => {
    // Wherever in a turn its time comes, it takes over soon.
    for (let after = 0; after < 2_500; after += 50) {
      machine = new SimulatedMachine(new Random(1));
      const next = service({ version: 'next' }, { applyOn: applyOnAt(machine.wall + after) });
      const daemon = begin(service({ life: 300 }, { autorestart: 'never' }), next);
      live(daemon, 8_000);
      const { activity } = [...(daemon.world()?.instances.values() ?? [])][0]!;
      expect(activity.kind === 'idle' ? activity : [after, activity.run.applyOn]).toEqual([after, next.applyOn.text]);
    }
  });
});
