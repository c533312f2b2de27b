/**
 * What must hold in every history, judged by what truly happened on the machine, not by what the daemon believes:
 *
 *  1. No instance has two live copies, and none starts while anything of the run before lives.
 *  2. Signals hit only what belongs to a run of this daemon's instances: no stranger, no launcher (but SIGCONT), never pid 1.
 *  3. An exit that a launcher recorded is reported once, and as it was.
 *  4. A one-shot's version runs once, unless an operator or `autorestart` asked for more.
 *  5. A held instance is not launched.
 *  6. No service is signalled without a stop on record.
 */
import type { Instance, SignalName, World } from '../core/model.ts';
import { parseInstance } from '../effects/stored-instance.ts';
import { parseExit } from '../effects/launch-files.ts';
import type { Observer, RunTruth, SimulatedMachine, SimulatedProcess } from './machine.ts';
import type { ServiceSpec } from './services.ts';

/** What the history knows that the machine does not. */
export interface Deeds {
  readonly stateDirectory: string;
  /** What the operator was told: held, not held; undefined where the daemon died or the disk failed within the command. */
  readonly held: ReadonlyMap<string, boolean | undefined>;
  /** State or records of it were destroyed. */
  readonly lossy: ReadonlySet<string>;
  /** Commands of an operator that may run it again. */
  readonly asked: ReadonlyMap<string, number>;
  /** The operator resolves what is in doubt: told to kill. */
  readonly resolving: ReadonlySet<string>;
  /** Ids of one-shots of which an earlier version may be in effect again. */
  readonly rewound: ReadonlySet<string>;
  settingsOf(key: string): { readonly killMode: string; readonly oneShot: boolean; readonly autorestart: string };
  /** The world of the living daemon. */
  world(): World | undefined;
}

interface LaunchTruth extends RunTruth {
  execs: number;
  version?: string;
  lastWord?: string;
  /** Place in the order of all endings. */
  ended?: number;
}

/** As long as the daemon remembers. */
const EXITS_KEPT = 5;

export class Invariants implements Observer {
  readonly violations: string[] = [];
  readonly launches = new Map<string, LaunchTruth>();
  readonly #machine: SimulatedMachine;
  readonly #deeds: Deeds;
  readonly #checked = new Map<string, Instance>();
  #endings = 0;

  constructor(machine: SimulatedMachine, deeds: Deeds) {
    this.#machine = machine;
    this.#deeds = deeds;
  }

  #violate(text: string): void {
    this.violations.push(text);
  }

  /* ---------------------------------------------------------------- as it happens */

  onLaunch(key: string, launchId: string): void {
    if (this.launches.has(launchId)) this.#violate(`launch ${launchId} of ${key} was started twice`);
    this.launches.set(launchId, { key, launchId, execs: 0 });
    if (this.#deeds.held.get(key) === true) this.#violate(`${key} is held, but launch ${launchId} was started`);
  }

  onExec(process: SimulatedProcess, text: string): void {
    const { run } = process;
    const truth = run && this.launches.get(run.launchId);
    if (truth === undefined) {
      this.#violate(`pid ${process.pid} runs for no launch`);
      return;
    }
    truth.execs += 1;
    truth.version = (JSON.parse(text) as ServiceSpec).version;
    if (truth.execs > 1) this.#violate(`launch ${truth.launchId} of ${truth.key} ran twice`);
    this.#checkAlone(process, truth);
    if (this.#deeds.settingsOf(truth.key).oneShot) this.#checkOnce(truth);
  }

  #checkAlone(process: SimulatedProcess, { key, launchId }: LaunchTruth): void {
    const { killMode } = this.#deeds.settingsOf(key);
    for (const other of this.#machine.processes.values()) {
      if (other.run?.key !== key || other.run.launchId === launchId || other.state === 'zombie') continue;
      if (other.role === 'child') continue;
      if (other.role === 'member' && killMode === 'process') continue;
      // Nothing is left that could tell whose it is.
      if (other.role === 'member' && other.marks.run === undefined && this.#deeds.lossy.has(key)) continue;
      this.#violate(
        `${key}: launch ${launchId} (pid ${process.pid}) runs while ${other.role} ${other.pid} of ${other.run.launchId} lives`,
      );
    }
  }

  #checkOnce({ key, version }: LaunchTruth): void {
    if (this.#deeds.lossy.has(key) || this.#deeds.rewound.has(key.replace(/~\d+$/, ''))) return;
    const same = [...this.launches.values()].filter((launch) => launch.key === key && launch.version === version);
    const runs = same.filter(({ execs }) => execs > 0).length;
    const { autorestart } = this.#deeds.settingsOf(key);
    const failed = same.filter(({ lastWord }) => lastWord !== undefined && lastWord !== 'exit 0').length;
    const retries = autorestart === 'on-failure' ? failed : 0;
    const allowed = 1 + retries + (this.#deeds.asked.get(key) ?? 0);
    if (runs > allowed) this.#violate(`one-shot ${key} ran ${runs} times for ${version ?? '?'}, ${allowed} allowed`);
  }

  onSignal(pid: number, process: SimulatedProcess | undefined, signal: SignalName): void {
    if (pid <= 1) {
      this.#violate(`SIG${signal} to pid ${pid}`);
      return;
    }
    if (process === undefined || process.state === 'zombie') return;
    const { role, run } = process;
    if (role === 'launcher' && signal === 'CONT') return;
    if (run === undefined) {
      this.#violate(`SIG${signal} to ${role} ${pid} (${process.command})`);
      return;
    }
    if (this.#deeds.resolving.has(run.key)) return;
    if (role === 'member' && this.#deeds.settingsOf(run.key).killMode === 'process') {
      this.#violate(`SIG${signal} to ${pid} of ${run.key}, which kill-mode process leaves alone`);
    }
    if (!this.#isStopOnRecord(run)) {
      this.#violate(`SIG${signal} to ${role} ${pid} of ${run.key} ${run.launchId} without a stop on record`);
    }
  }

  #isStopOnRecord({ key, launchId }: RunTruth): boolean {
    const isDiskBroken = this.#machine.files.fault !== undefined;
    const text = this.#machine.files.read(`${this.#deeds.stateDirectory}/instances/${key}.json`) ?? '';
    const parsed = parseInstance(text, key);
    const instance = isDiskBroken
      ? this.#deeds.world()?.instances.get(key)
      : parsed.ok
        ? parsed.stored.instance
        : undefined;
    if (instance === undefined || instance.activity.kind === 'idle') return false;
    const { kind, run } = instance.activity;
    return run.launchId === launchId && (kind === 'yielding' || kind === 'stopping' || kind === 'clearing');
  }

  onMainEnd({ run }: SimulatedProcess): void {
    const truth = run && this.launches.get(run.launchId);
    if (truth !== undefined) truth.ended ??= ++this.#endings;
  }

  onLastWord(_key: string, launchId: string, text: string): void {
    const truth = this.launches.get(launchId);
    if (truth === undefined) return;
    if (truth.lastWord !== undefined) this.#violate(`launch ${launchId} has two last words`);
    truth.lastWord = text;
  }

  /* ---------------------------------------------------------------- after every step */

  check(): void {
    this.#checkCopies();
    const world = this.#deeds.world();
    if (world === undefined) return;
    for (const instance of world.instances.values()) {
      if (this.#checked.get(instance.key) === instance) continue;
      this.#checked.set(instance.key, instance);
      this.#checkExits(instance);
      this.#checkRestarts(instance);
    }
  }

  #checkCopies(): void {
    const mains = new Map<string, SimulatedProcess>();
    for (const process of this.#machine.processes.values()) {
      if (process.role !== 'main' || process.state === 'zombie' || process.run === undefined) continue;
      const { key } = process.run;
      const other = mains.get(key);
      if (other !== undefined) this.#violate(`${key} has two live copies: pids ${other.pid} and ${process.pid}`);
      mains.set(key, process);
    }
  }

  #checkExits({ key, exits }: Instance): void {
    if (new Set(exits.map(({ launchId }) => launchId)).size < exits.length)
      this.#violate(`${key} reports an exit twice`);
    for (const { launchId, exit } of exits) {
      const truth = this.launches.get(launchId);
      if (truth === undefined || truth.key !== key) {
        this.#violate(`${key} reports an exit of ${launchId}, which was never launched`);
      } else if (exit.kind !== 'unknown') {
        if (!isSameExit(truth, exit)) {
          this.#violate(
            `${key} reports ${JSON.stringify(exit)} of ${launchId}, recorded was ${truth.lastWord ?? 'none'}`,
          );
        }
      } else if (isExitRecorded(truth) && !this.#deeds.lossy.has(key)) {
        this.#violate(`${key} reports an unknown exit of ${launchId}, recorded was ${truth.lastWord ?? ''}`);
      }
    }
  }

  #checkRestarts({ key, restarts }: Instance): void {
    const endings = [...this.launches.values()].filter((launch) => launch.key === key && launch.ended !== undefined);
    if (restarts > endings.length) this.#violate(`${key} counts ${restarts} restarts after ${endings.length} endings`);
  }

  /** Once the daemon had time to see everything: what was recorded is among the latest exits. */
  checkReported(): void {
    const world = this.#deeds.world();
    for (const instance of world?.instances.values() ?? []) {
      const { key, exits } = instance;
      if (this.#deeds.lossy.has(key)) continue;
      const ended = [...this.launches.values()]
        .filter((launch) => launch.key === key && launch.ended !== undefined)
        .sort((a, b) => (b.ended ?? 0) - (a.ended ?? 0))
        .slice(0, EXITS_KEPT);
      for (const truth of ended) {
        if (!isExitRecorded(truth) || exits.some(({ launchId }) => launchId === truth.launchId)) continue;
        this.#violate(`${key} never reported ${truth.lastWord ?? ''} of ${truth.launchId}`);
      }
    }
  }
}

const isExitRecorded = ({ lastWord }: LaunchTruth): boolean => /^(exit|signal) /.test(lastWord ?? '');

function isSameExit({ lastWord }: LaunchTruth, exit: unknown): boolean {
  const parsed = parseExit(`${lastWord ?? ''} end`, 0);
  return parsed.kind === 'ended' && JSON.stringify(parsed.exit) === JSON.stringify(exit);
}
