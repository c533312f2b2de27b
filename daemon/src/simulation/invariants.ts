/**
 * What must hold in every history, judged by what truly happened on the machine, not by what the daemon believes:
 *
 *  1. No instance has two live copies, and none starts while anything of the run before lives.
 *  2. Signals hit only what belongs to a run of this daemon's instances: no stranger, no launcher (but SIGCONT), never pid 1.
 *  3. An exit that a launcher recorded is reported once, and as it was.
 *  4. A held instance is not launched.
 *  5. No service is signalled without a stop on record, and none is killed before its stop-timeout.
 *
 * What must hold of hooks, and of time, is in modules of its own.
 */
import type { Activity, Exit, Instance, SignalName } from '../core/model.ts';
import { signalNumber } from '../effects/signals.ts';
import type { Supervisor } from '../supervision/supervisor.ts';
import { forgottenBy } from './due-invariant.ts';
import { HookInvariants } from './hook-invariants.ts';
import type { Observer, RunTruth, SimulatedMachine, SimulatedProcess } from './machine.ts';
import type { Rule, Violation } from './rules.ts';
import type { ServiceSpec } from './services.ts';
import { TimeInvariants } from './time-invariants.ts';
import {
  described,
  isHeld,
  jobOf,
  keyOf,
  nameOf,
  onRecord,
  type Deeds,
  type LaunchTruth,
  type Truth,
} from './truth.ts';

/** As long as the daemon remembers. */
const EXITS_KEPT = 5;

export class Invariants implements Observer {
  readonly violations: Violation[] = [];
  readonly launches = new Map<string, LaunchTruth>();
  readonly #machine: SimulatedMachine;
  readonly #deeds: Deeds;
  readonly #truth: Truth;
  readonly #hooks: HookInvariants;
  readonly #times: TimeInvariants;
  readonly #checked = new Map<string, Instance>();
  /** Endings of launches. */
  exits = 0;

  constructor(machine: SimulatedMachine, deeds: Deeds) {
    this.#machine = machine;
    this.#deeds = deeds;
    this.#truth = { machine, deeds, launches: this.launches, violate: (rule, text) => this.violate(rule, text) };
    this.#hooks = new HookInvariants(this.#truth);
    this.#times = new TimeInvariants(this.#truth);
  }

  violate(rule: Rule, text: string): void {
    this.violations.push({ rule, text });
  }

  /* ---------------------------------------------------------------- as it happens */

  onLaunch(key: string, launchId: string): void {
    // Ids of hooks are given out once in a boot.
    if (this.launches.get(nameOf({ key, launchId }))?.bootId === this.#machine.bootId)
      this.violate('a launch runs once', `launch ${launchId} of ${key} was started twice`);
    const { wall, mono, bootId } = this.#machine;
    const { handsOver } = this.#deeds.settingsOf(key);
    const truth: LaunchTruth = { key, launchId, at: { wall, mono }, bootId, execs: 0, touched: [], handsOver };
    this.launches.set(nameOf(truth), truth);
    this.#hooks.onLaunch(truth);
    this.#times.onLaunch(truth);
    if (jobOf(key) === undefined && isHeld(this.#truth, key))
      this.violate('holds are kept', `${key} is held, but launch ${launchId} was started`);
  }

  onExec(process: SimulatedProcess, { version }: ServiceSpec): void {
    const truth = this.#begun(process);
    if (truth === undefined) return;
    truth.version = version;
    this.#checkAlone(process, truth);
    this.#checkKept(truth);
    this.#hooks.checkNoHooks(process, truth.key, truth.launchId);
    this.#times.onExec(truth);
  }

  onHook(process: SimulatedProcess): void {
    const truth = this.#begun(process);
    if (truth !== undefined) this.#hooks.onBegin(process, truth);
  }

  onTouch({ run }: SimulatedProcess): void {
    const truth = run && this.launches.get(nameOf(run));
    const { mono } = this.#machine;
    if (truth !== undefined && truth.touched[0] !== mono) truth.touched = [mono, ...truth.touched.slice(0, 3)];
  }

  #begun({ run, pid }: SimulatedProcess): LaunchTruth | undefined {
    const truth = run && this.launches.get(nameOf(run));
    if (truth === undefined) {
      this.violate('a launch runs once', `pid ${pid} runs for no launch`);
      return undefined;
    }
    truth.execs += 1;
    if (truth.execs > 1) this.violate('a launch runs once', `launch ${truth.launchId} of ${truth.key} ran twice`);
    return truth;
  }

  #checkAlone(process: SimulatedProcess, { key, launchId }: LaunchTruth): void {
    const { killMode } = this.#deeds.settingsOf(key);
    for (const other of this.#machine.processes.values()) {
      if (other.run?.key !== key || other.run.launchId === launchId || other.state === 'zombie') continue;
      if (other.role === 'child') continue;
      if (other.role === 'member' && killMode === 'process') continue;
      // Nothing is left that could tell whose it is.
      if (other.role === 'member' && other.marks.run === undefined && this.#deeds.lossy.has(key)) continue;
      this.violate(
        'one live copy',
        `${key}: launch ${launchId} (pid ${process.pid}) runs while ${described(other)} lives`,
      );
    }
  }

  /** What is on record no more was given up: another may be launched any moment, or nothing is to run at all. */
  #checkKept({ key, launchId }: LaunchTruth): void {
    const activity = this.#deeds.lossy.has(key) ? undefined : onRecord(this.#truth, key)?.activity;
    if (activity === undefined || (activity.kind !== 'idle' && activity.run.launchId === launchId)) return;
    this.violate('what is given up never runs', `launch ${launchId} of ${key} runs, but it was given up`);
  }

  onSignal(pid: number, process: SimulatedProcess | undefined, signal: SignalName): void {
    if (pid <= 1) {
      this.violate('only the proven are signalled', `SIG${signal} to pid ${pid}`);
      return;
    }
    if (process === undefined || process.state === 'zombie') return;
    const { role, run } = process;
    if (role === 'launcher' && signal === 'CONT') return;
    if (run === undefined) {
      this.violate('only the proven are signalled', `SIG${signal} to ${role} ${pid} (${process.command})`);
      return;
    }
    if (this.#deeds.signalling.has(keyOf(run.key))) return;
    if (jobOf(run.key) !== undefined && role !== 'child') {
      this.#hooks.onSignal(process, run.key, run.launchId);
      return;
    }
    if (jobOf(run.key) === undefined) this.#checkSignal(process, run, signal);
  }

  #checkSignal({ role, pid }: SimulatedProcess, run: RunTruth, signal: SignalName): void {
    const { key, launchId } = run;
    // Where state and definition are gone nothing tells of its kill-mode.
    if (role === 'member' && this.#deeds.settingsOf(key).killMode === 'process' && !this.#deeds.lossy.has(key)) {
      this.violate('no stop without a cause', `SIG${signal} to ${pid} of ${key}, which kill-mode process leaves alone`);
    }
    const activity = onRecord(this.#truth, key)?.activity;
    const about = `SIG${signal} to ${role} ${pid} of ${key} ${launchId}`;
    if (activity === undefined || !isEnding(activity) || activity.run.launchId !== launchId) {
      this.violate('no stop without a cause', `${about} without a stop on record (${activity?.kind ?? 'nothing'} is)`);
      return;
    }
    const isNow = 'stop' in activity && activity.stop.now;
    if (signal !== 'KILL' || isNow || this.#deeds.hurried.has(key) || activity.kind === 'yielding') return;
    const grace = this.#machine.mono - (activity.clearing.firstSignalAt ?? Infinity);
    if (grace < activity.run.settings.stopTimeout)
      this.violate('its time to stop is given', `${about} after ${grace} ms`);
  }

  onMainEnd({ run }: SimulatedProcess): void {
    const truth = run && this.launches.get(nameOf(run));
    if (truth !== undefined) truth.ended ??= ++this.exits;
  }

  onLastWord(key: string, launchId: string, text: string): void {
    const truth = this.launches.get(nameOf({ key, launchId }));
    if (truth === undefined) return;
    if (truth.lastWord !== undefined) this.violate('an exit is reported once', `launch ${launchId} has two last words`);
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
      this.#times.check(instance);
    }
  }

  /** What the disk did not have yet is lost: of endings before it only what is still known has to be right. */
  notePowerCut(): void {
    for (const launch of this.launches.values()) launch.isForgettable = true;
  }

  /** A daemon is about to start. */
  noteStart(): void {
    this.#times.noteStops();
  }

  /** For a daemon that was told of the time, or of anything else, just now. */
  checkDue(supervisor: Supervisor | undefined): void {
    const forgotten = supervisor && forgottenBy(supervisor, this.#machine);
    if (forgotten !== undefined) this.violate('nothing due is forgotten', forgotten);
  }

  /** For when all faults are over, since then. */
  checkLengths(since: number): void {
    this.#hooks.checkLengths(since);
  }

  #checkCopies(): void {
    const mains = new Map<string, SimulatedProcess>();
    for (const process of this.#machine.processes.values()) {
      if (process.role !== 'main' || process.state === 'zombie' || process.run === undefined) continue;
      const { key } = process.run;
      const other = mains.get(key);
      if (other !== undefined)
        this.violate('one live copy', `${key} has two live copies: pids ${other.pid} and ${process.pid}`);
      mains.set(key, process);
    }
  }

  #checkExits({ key, exits }: Instance): void {
    if (new Set(exits.map(({ launchId }) => launchId)).size < exits.length)
      this.violate('an exit is reported once', `${key} reports an exit twice`);
    for (const { launchId, exit } of exits) {
      const truth = this.launches.get(nameOf({ key, launchId }));
      // Of what hands over nobody waits for the end; nor is it known what an expression did that was killed before it began.
      if (truth?.handsOver === true || (truth?.execs === 0 && this.#deeds.settingsOf(key).handsOver)) continue;
      // The machine went down between its record and its launch: it may have run, for all that can be known.
      if (truth === undefined && exit.kind === 'unknown' && this.#machine.boots > 1) continue;
      if (truth === undefined || truth.key !== key) {
        this.violate('an exit is reported once', `${key} reports an exit of ${launchId}, which was never launched`);
      } else if (exit.kind !== 'unknown') {
        if (!isSameExit(truth, exit)) {
          this.violate(
            'an exit is reported once',
            `${key} reports ${JSON.stringify(exit)} of ${launchId}, recorded was ${truth.lastWord ?? 'none'}`,
          );
        }
      } else if (isExitRecorded(truth) && truth.isForgettable !== true && !this.#deeds.lossy.has(key)) {
        this.violate(
          'an exit is reported once',
          `${key} reports an unknown exit of ${launchId}, recorded was ${truth.lastWord ?? ''}`,
        );
      }
    }
  }

  #checkRestarts({ key, restarts }: Instance): void {
    const endings = [...this.launches.values()].filter((launch) => launch.key === key && launch.ended !== undefined);
    if (restarts > endings.length)
      this.violate('an exit is reported once', `${key} counts ${restarts} restarts after ${endings.length} endings`);
  }

  /** Once the daemon had time to see everything: what was recorded is among the latest exits. */
  checkReported(): void {
    const world = this.#deeds.world();
    for (const instance of world?.instances.values() ?? []) {
      const { key, exits } = instance;
      if (this.#deeds.lossy.has(key)) continue;
      const ended = [...this.launches.values()]
        .filter((launch) => launch.key === key && launch.ended !== undefined)
        .sort((a, b) => (b.ended ?? 0) - (a.ended ?? 0));
      // Those that went down with the machine take a place, too.
      const others = exits.filter(({ launchId }) => !ended.some((truth) => truth.launchId === launchId)).length;
      for (const truth of ended.slice(0, EXITS_KEPT - others)) {
        if (
          !isExitRecorded(truth) ||
          truth.handsOver ||
          truth.isForgettable === true ||
          exits.some(({ launchId }) => launchId === truth.launchId)
        )
          continue;
        this.violate('an exit is reported once', `${key} never reported ${truth.lastWord ?? ''} of ${truth.launchId}`);
      }
    }
  }
}

function isEnding(activity: Activity): activity is Extract<Activity, { kind: 'yielding' | 'stopping' | 'clearing' }> {
  return activity.kind === 'yielding' || activity.kind === 'stopping' || activity.kind === 'clearing';
}

const isExitRecorded = ({ lastWord }: LaunchTruth): boolean => /^(exit|signal) /.test(lastWord ?? '');

/** By other means than the daemon's. */
function isSameExit({ lastWord }: LaunchTruth, exit: Exclude<Exit, { kind: 'unknown' }>): boolean {
  return lastWord === (exit.kind === 'code' ? `exit ${exit.code}` : `signal ${signalNumber(exit.signal) ?? 0}`);
}
