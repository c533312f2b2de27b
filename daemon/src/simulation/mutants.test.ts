/** The simulation is worth something only if it can fail: each defect on purpose has to be found within some histories. */
import { afterEach, expect, test, vi } from 'vitest';
import type * as Clock from '../core/clock.ts';
import type * as Deciders from '../core/deciders.ts';
import type * as Jobs from '../core/jobs.ts';
import type { Now } from '../core/model.ts';
import type { KillResult, ProcessMarks, ProcessStat } from '../effects/system.ts';
import { parseRecord } from '../effects/launch-files.ts';
import type * as JobRunners from '../supervision/job-runner.ts';
import type { Flaws } from './daemon-on-trial.ts';
import { History, type Stress } from './history.ts';
import type { SimulatedMachine, SimulatedProcess } from './machine.ts';
import { SimulatedSystem } from './simulated-system.ts';

const HISTORIES = 300;

/* ------------------------------------------------------------------ defects of the core and of the supervision */

type Defect =
  | 'the clock guard is ignored'
  | "a hook's session is not waited for"
  | 'a missed window is run, catch-up or not'
  | 'windows of services never close'
  | 'before is not waited for'
  | 'after-stop is not waited for'
  | 'hooks may last for ever';

const active = vi.hoisted(() => ({ defect: undefined as Defect | undefined }));
const has = (defect: Defect): boolean => active.defect === defect;

afterEach(() => {
  active.defect = undefined;
});

vi.mock('../core/clock.ts', async (original) => {
  const real = await original<typeof Clock>();
  const isHeldBack: typeof real.isHeldBack = (...args) =>
    !has('the clock guard is ignored') && real.isHeldBack(...args);
  return { ...real, isHeldBack };
});

vi.mock('../core/deciders.ts', async (original) => {
  const real = await original<typeof Deciders>();
  const decide: typeof real.decide = (...args) => {
    const decision = real.decide(...args);
    if (decision.want !== 'stop' || decision.version === undefined) return decision;
    const { code, version } = decision;
    if (has('a missed window is run, catch-up or not') && code === 'missed')
      return { want: 'run', reason: 'catch-up', version };
    if (has('windows of services never close') && code === 'schedule' && !version.oneShot)
      return { want: 'run', reason: 'wanted', version };
    return decision;
  };
  return { ...real, decide };
});

vi.mock('../core/jobs.ts', async (original) => {
  const real = await original<typeof Jobs>();
  /** Done as soon as it was seen to run. */
  const stepJob: typeof real.stepJob = (instance, event, now) => {
    const step = real.stepJob(instance, event, now);
    const isHasty =
      event.kind === 'job-launched' &&
      ((event.job === 'before' && has('before is not waited for')) ||
        (event.job === 'after-stop' && has('after-stop is not waited for')));
    const job = isHasty ? step.instance.jobs.find(({ name }) => name === event.job) : undefined;
    if (job === undefined) return step;
    const jobs = step.instance.jobs.filter((each) => each !== job);
    return { ...step, instance: { ...step.instance, jobs }, done: { job, result: { ok: true, text: '' } } };
  };
  const tickJobs: typeof real.tickJobs = (instance, now) =>
    has('hooks may last for ever') ? { instance, actions: [] } : real.tickJobs(instance, now);
  return { ...real, stepJob, tickJobs };
});

vi.mock('../supervision/job-runner.ts', async (original) => {
  const real = await original<typeof JobRunners>();
  class JobRunner extends real.JobRunner {
    override clear(
      ...[key, job]: Parameters<InstanceType<typeof real.JobRunner>['clear']>
    ): ReturnType<InstanceType<typeof real.JobRunner>['clear']> {
      if (!has("a hook's session is not waited for")) return super.clear(key, job);
      return [{ kind: 'job-cleared', job: job.name, launchId: job.launchId }];
    }
  }
  return { ...real, JobRunner };
});

/* ------------------------------------------------------------------ defects of the machine's side */

const isState = (path: string): boolean => path.includes('/instances/') && path.includes('.json');

/** Alone the first does no harm: a child that was given up finds no plan any more. */
class LocksLookFreeAndPlansStay extends SimulatedSystem {
  override probeLock(): 'free' {
    return 'free';
  }

  override remove(path: string): void {
    if (!path.endsWith('.plan')) super.remove(path);
  }
}

class HoldsAreDropped extends SimulatedSystem {
  override writeFile(path: string, text: string): void {
    if (!path.includes('.hold')) super.writeFile(path, text);
  }

  override rename(from: string, to: string): boolean {
    return from.includes('.hold') ? true : super.rename(from, to);
  }
}

/** A pid on record is believed to be the process that had it. */
class PidsAreTrusted extends SimulatedSystem {
  readonly #seen: SimulatedMachine;

  constructor(...args: ConstructorParameters<typeof SimulatedSystem>) {
    super(...args);
    this.#seen = args[0];
  }

  override stat(pid: number): ProcessStat | undefined {
    const stat = super.stat(pid);
    const records = this.#seen.files.list('/state/runs/record');
    const found = records
      .map((key) => parseRecord(this.#seen.files.read(`/state/runs/record/${key}`) ?? '')?.process)
      .find((process) => process?.pid === pid);
    return stat && { ...stat, startTicks: found?.startTicks ?? stat.startTicks };
  }
}

class LedgerIsNotWritten extends SimulatedSystem {
  override writeFile(path: string, text: string): void {
    super.writeFile(path, isState(path) ? withoutLedger(text) : text);
  }
}

const withoutLedger = (text: string): string => text.replace(/"ledger":\[[^\]]*\]/, '"ledger":[]');

class LedgerIsForgottenByTheNextDaemon extends SimulatedSystem {
  override readFile(path: string): ReturnType<SimulatedSystem['readFile']> {
    const file = super.readFile(path);
    return file !== undefined && isState(path) ? { ...file, text: withoutLedger(file.text) } : file;
  }
}

/** Once it was told to the next daemon. */
class HoldsNeverEnd extends SimulatedSystem {
  override writeFile(path: string, text: string): void {
    super.writeFile(path, path.includes('.hold') ? text.replace(/,"until":[^}]*/, '') : text);
  }
}

/** Timeouts are measured by the wall clock. */
class TimeIsWallTime extends SimulatedSystem {
  override now(): Now {
    const { wall } = super.now();
    return { wall, mono: wall - 1_699_999_000_000 };
  }
}

/** State files are written only after the next thing has been done. */
class StateComesLate extends SimulatedSystem {
  #due: [from: string, to: string] | undefined;

  override rename(from: string, to: string): boolean {
    if (!isState(to) || to.endsWith('.prev')) return super.rename(from, to);
    this.#catchUp();
    this.#due = [from, to];
    return true;
  }

  override startLauncher(...start: Parameters<SimulatedSystem['startLauncher']>): void {
    super.startLauncher(...start);
    this.#catchUp();
  }

  override kill(...args: Parameters<SimulatedSystem['kill']>): KillResult {
    const result = super.kill(...args);
    this.#catchUp();
    return result;
  }

  override killGroup(...args: Parameters<SimulatedSystem['killGroup']>): KillResult {
    const result = super.killGroup(...args);
    this.#catchUp();
    return result;
  }

  #catchUp(): void {
    const due = this.#due;
    this.#due = undefined;
    if (due !== undefined) super.rename(...due);
  }
}

class MarksAreNotSeen extends SimulatedSystem {
  override marks(): ProcessMarks {
    return {};
  }
}

/** The exit file goes with the first look at it. */
class ExitsAreReadOnce extends SimulatedSystem {
  override readFile(path: string): ReturnType<SimulatedSystem['readFile']> {
    const file = super.readFile(path);
    if (path.includes('/runs/exit/') && file?.text.trimEnd().endsWith(' end') === true) super.remove(path);
    return file;
  }
}

/** Whoever has the group's number is signalled, launchers included. */
class SignalsGoAstray extends SimulatedSystem {
  readonly #parent: (pid: number) => SimulatedProcess | undefined;

  constructor(...args: ConstructorParameters<typeof SimulatedSystem>) {
    super(...args);
    this.#parent = (pid) => args[0].processes.get(args[0].processes.get(pid)?.parent ?? 0);
  }

  override killGroup(group: number, signal: string): KillResult {
    const parent = this.#parent(group);
    return super.killGroup(parent?.role === 'launcher' ? parent.processGroup : group, signal);
  }
}

/** What comes out only in bad times. */
const HELD_UP: Stress = { freeze: 12, thaw: 1, killDaemon: 6, startDaemon: 20, command: 15 };
const CROWDED: Stress = { strangers: 15, killProcess: 10, killDaemon: 6 };

/** Windows come and go within one history only where time passes. */
const TIMELY: Stress = { jump: 3, killDaemon: 4, startDaemon: 15 };

const MUTANTS: Readonly<Record<string, Flaws & { readonly stress?: Stress }>> = {
  'every lock looks free, and plans stay': { system: LocksLookFreeAndPlansStay, stress: HELD_UP },
  'holds are dropped': { system: HoldsAreDropped },
  'pids are trusted without their start time': { system: PidsAreTrusted, stress: CROWDED },
  'the ledger is not written': { system: LedgerIsNotWritten },
  'the ledger is forgotten by the next daemon': { system: LedgerIsForgottenByTheNextDaemon },
  'holds with an end have none for the next daemon': { system: HoldsNeverEnd },
  'timeouts are measured by the wall clock': { system: TimeIsWallTime, stress: TIMELY },
  'state is written after the deed': { system: StateComesLate },
  'marks are not seen': { system: MarksAreNotSeen },
  'exit files vanish when read': { system: ExitsAreReadOnce },
  'signals reach the launcher': { system: SignalsGoAstray },
  'the launcher skips the claim': { launcher: { skipsClaim: true } },
};

test.each(Object.entries(MUTANTS))('found: %s', (_name, { stress, ...flaws }) => {
  for (let seed = 1; seed <= HISTORIES; seed += 1) {
    if (new History(seed, flaws, stress).run().violations.length > 0) return;
  }
  expect.fail(`not found in ${HISTORIES} histories`);
});

const DEFECTS: Readonly<Record<Defect, Stress>> = {
  'the clock guard is ignored': TIMELY,
  "a hook's session is not waited for": {},
  'a missed window is run, catch-up or not': TIMELY,
  'windows of services never close': TIMELY,
  'before is not waited for': {},
  'after-stop is not waited for': {},
  'hooks may last for ever': {},
};

test.each(Object.entries(DEFECTS) as [Defect, Stress][])('found: %s', (defect, stress) => {
  active.defect = defect;
  for (let seed = 1; seed <= HISTORIES; seed += 1) {
    if (new History(seed, {}, stress).run().violations.length > 0) return;
  }
  expect.fail(`not found in ${HISTORIES} histories`);
});

/** Whether any history ends with two copies; that hooks run beside is another matter, as they have launchers of their own. */
function doubles(flaws: Flaws, stress: Stress = {}): boolean {
  for (let seed = 1; seed <= HISTORIES; seed += 1) {
    const history = new History(seed, flaws, stress);
    // Which process an expression named only a daemon can put on record.
    if (history.config.processes.some(({ versions }) => versions[0]?.command.type === 'pid-file')) continue;
    const { violations } = history.run();
    if (violations.some((text) => /two live copies|: launch \S+ \(pid \d+\) runs while main/.test(text))) return true;
  }
  return false;
}

/** A daemon that remembers nothing and sees nobody: only its launchers stand between it and a second copy. */
class DaemonIsBlind extends SimulatedSystem {
  override readFile(path: string): ReturnType<SimulatedSystem['readFile']> {
    return isState(path) || path.includes('/runs/') ? undefined : super.readFile(path);
  }

  override list(): string[] {
    return [];
  }

  override marks(): ProcessMarks {
    return {};
  }
}

test('found: the launcher skips the record check, under a blind daemon', () => {
  expect(doubles({ system: DaemonIsBlind, launcher: { skipsRecordCheck: true } }, { damage: 0 })).toBe(true);
});

test('the launcher alone prevents second copies, also under a blind daemon', () => {
  // Nothing helps where the record itself is destroyed.
  expect(doubles({ system: DaemonIsBlind }, { damage: 0 })).toBe(false);
});
