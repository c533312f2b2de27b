/** A table of fake runs that actions are performed against. It knows which copies live, and tells when there are two. */
import type { Action } from '../../core/actions.ts';
import type { Change } from '../../core/engine.ts';
import type { InstanceEvent } from '../../core/lifecycle.ts';
import type { Exit, InstanceKey, Job, JobName, LaunchId, LiveProcess, Now } from '../../core/model.ts';
import { identityOf } from '../../core/testing/builders.ts';

/** How the programs on this machine behave. Changed by a test at any time. */
export interface Behaviour {
  /** What becomes of a launch: it runs at once, its intent stays unclaimed, or the launcher reports that it failed. */
  launch: 'runs' | 'hangs' | 'fails' | 'is-refused';
  /** Whether a stop signal ends the main process. SIGKILL always does. */
  obeys: boolean;
  /** Processes that a main process leaves behind; SIGKILL ends them. */
  leaves: number;
  /** Processes that not even SIGKILL ends. */
  stubborn: boolean;
  /** What becomes of each hook and check; those that are not named succeed. */
  jobs: Partial<Record<JobName, JobBehaviour>>;
}

export type JobBehaviour = 'succeeds' | 'fails' | 'hangs' | 'is-refused';

export interface FakeRun {
  readonly key: InstanceKey;
  readonly launchId: LaunchId;
  readonly pid: number;
  phase: 'intent' | 'alive' | 'ended' | 'void';
  remains: LiveProcess[];
  exit?: Exit;
  /** What happened to it, that nobody has been told yet. */
  news: InstanceEvent[];
}

/** A hook, or one try of a check. */
export interface FakeJob {
  readonly key: InstanceKey;
  readonly name: JobName;
  readonly launchId: LaunchId;
  phase: 'alive' | 'ended';
  news: InstanceEvent[];
}

const FIRST_PID = 1_000;

export class FakeMachine {
  readonly runs = new Map<LaunchId, FakeRun>();
  readonly jobs: FakeJob[] = [];
  readonly behaviour: Behaviour = { launch: 'runs', obeys: true, leaves: 0, stubborn: false, jobs: {} };
  /** Every broken promise: two copies, or an action for a run that is not the current one. */
  readonly breaches: string[] = [];
  readonly performed: Action[] = [];
  readonly launched: InstanceKey[] = [];

  perform(action: Action, now: Now): void {
    this.performed.push(action);
    switch (action.kind) {
      case 'launch':
        this.launch(action.key, action.run.launchId);
        break;
      case 'void':
        this.takeBack(action.launchId);
        break;
      case 'signal':
        this.signal(this.current(action.key, action.run.launchId), action.signal, action.scope, now);
        break;
      case 'scan':
        this.scan(action.run.launchId);
        break;
      case 'look':
      case 'look-job':
        break;
      case 'take-pid':
        this.breaches.push(`${action.key}: no expression of this machine names a process`);
        break;
      case 'forget':
        this.forget(action.key, action.launchId);
        break;
      case 'start-job':
        this.startJob(action.key, action.job);
        break;
      case 'kill-job':
        this.endJob(action.key, action.job, false);
        break;
      case 'clear-job':
        this.clearJob(action.key, action.job);
        break;
      case 'forget-job':
        this.forgetJob(action.key, action.job);
    }
  }

  /** What happened since it was asked last. */
  takeNews(): readonly Change[] {
    const all = [...this.runs.values(), ...this.jobs];
    return all.flatMap(({ key, news }) => news.splice(0).map((event) => ({ key, event })));
  }

  /** Names of the hooks and checks of an instance that live. */
  jobsOf(key: InstanceKey): JobName[] {
    return this.jobs.filter((job) => job.key === key && job.phase === 'alive').map(({ name }) => name);
  }

  /** A hook or check that hangs ends now. */
  finishJob(key: InstanceKey, name: JobName, ok: boolean): void {
    const job = this.jobs.find((candidate) => candidate.key === key && candidate.name === name);
    if (job?.phase !== 'alive') this.breaches.push(`${key}: ${name} does not run`);
    else this.concludeJob(job, ok);
  }

  /** The live main process of an instance. */
  alive(key: InstanceKey): FakeRun | undefined {
    return [...this.runs.values()].find((run) => run.key === key && run.phase === 'alive');
  }

  /** The main process ends by itself, or by a signal. */
  end(run: FakeRun, exit: Exit, now: Now): void {
    if (run.phase !== 'alive') return;
    run.phase = 'ended';
    run.exit = exit;
    run.remains = Array.from({ length: this.behaviour.leaves }, (_, index) => leftover(run.pid + 1 + index));
    run.news.push({ kind: 'exited', launchId: run.launchId, exit, at: now.wall });
  }

  private launch(key: InstanceKey, launchId: LaunchId): void {
    this.launched.push(key);
    for (const run of this.runs.values()) {
      if (run.key === key && (run.phase === 'alive' || run.phase === 'intent' || run.remains.length > 0)) {
        this.breaches.push(`${key}: ${launchId} is launched while ${run.launchId} is ${run.phase}`);
      }
    }
    if (this.runs.has(launchId)) this.breaches.push(`${launchId} is used twice`);
    const beside = this.jobsOf(key).join(', ');
    if (beside !== '') this.breaches.push(`${key}: ${launchId} is launched while its ${beside} lives`);
    const pid = FIRST_PID + 10 * this.launched.length;
    const run: FakeRun = { key, launchId, pid, phase: 'intent', remains: [], news: [] };
    this.runs.set(launchId, run);
    if (this.behaviour.launch === 'runs') this.claim(run);
    if (this.behaviour.launch === 'fails') this.giveUp(run, 'failed');
    if (this.behaviour.launch === 'is-refused') this.giveUp(run, 'refused');
  }

  /** The launcher gets on, if its intent is still there. */
  claim(run: FakeRun): void {
    if (run.phase !== 'intent') return;
    run.phase = 'alive';
    run.news.push({ kind: 'launched', launchId: run.launchId, process: identityOf(run.pid) });
  }

  private giveUp(run: FakeRun, why: 'failed' | 'refused'): void {
    run.phase = 'void';
    run.news.push({ kind: 'never-ran', launchId: run.launchId, why, message: why });
  }

  private takeBack(launchId: LaunchId): void {
    const run = this.runs.get(launchId);
    if (run?.phase !== 'intent') return;
    run.phase = 'void';
    run.news.push({ kind: 'never-ran', launchId, why: 'voided', message: 'taken back' });
  }

  private signal(run: FakeRun | undefined, signal: string, scope: 'main' | 'run', now: Now): void {
    if (run === undefined) return;
    if (signal !== 'KILL') {
      if (this.behaviour.obeys) this.end(run, { kind: 'signal', signal }, now);
      return;
    }
    if (!this.behaviour.stubborn) {
      this.end(run, { kind: 'signal', signal }, now);
      if (scope === 'run') run.remains = [];
    }
  }

  private forget(key: InstanceKey, launchId: LaunchId): void {
    const run = this.current(key, launchId);
    if (run !== undefined && (run.phase === 'alive' || run.remains.length > 0)) {
      this.breaches.push(`${key}: ${launchId} is forgotten while something of it lives`);
    }
    this.runs.delete(launchId);
  }

  private scan(launchId: LaunchId): void {
    const run = this.runs.get(launchId);
    run?.news.push({ kind: 'scanned', launchId, remains: [...run.remains] });
  }

  private startJob(key: InstanceKey, { name, launchId, work }: Job): void {
    if (this.jobsOf(key).includes(name)) this.breaches.push(`${key}: ${name} runs twice at the same time`);
    const job: FakeJob = { key, name, launchId, phase: 'alive', news: [] };
    this.jobs.push(job);
    const behaviour = this.behaviour.jobs[name] ?? 'succeeds';
    const address = { job: name, launchId } as const;
    if (behaviour === 'is-refused') {
      job.phase = 'ended';
      job.news.push({ kind: 'job-ended', ...address, result: { ok: false, text: 'refused' }, again: true });
      return;
    }
    if (work.kind === 'command')
      job.news.push({ kind: 'job-launched', ...address, process: identityOf(1), launcher: identityOf(2) });
    if (behaviour !== 'hangs') this.concludeJob(job, behaviour === 'succeeds');
  }

  private concludeJob(job: FakeJob, ok: boolean): void {
    const { name, launchId } = job;
    job.phase = 'ended';
    job.news.push({ kind: 'job-ended', job: name, launchId, result: { ok, text: ok ? 'succeeded' : 'failed' } });
  }

  private endJob(key: InstanceKey, { name, launchId }: Job, ok: boolean): void {
    const job = this.jobs.find((candidate) => candidate.key === key && candidate.launchId === launchId);
    if (job === undefined) this.breaches.push(`${key}: ${name} is over, and killed`);
    else if (job.phase === 'alive') this.concludeJob(job, ok);
  }

  private clearJob(key: InstanceKey, { name, launchId }: Job): void {
    const job = this.jobs.find((candidate) => candidate.key === key && candidate.launchId === launchId);
    if (job === undefined) this.breaches.push(`${key}: ${name} is over, and cleared`);
    else job.news.push({ kind: 'job-cleared', job: name, launchId });
  }

  private forgetJob(key: InstanceKey, { name, launchId }: Job): void {
    const index = this.jobs.findIndex((candidate) => candidate.key === key && candidate.launchId === launchId);
    if (this.jobs[index]?.phase === 'alive') this.breaches.push(`${key}: ${name} is forgotten while it lives`);
    if (index >= 0) this.jobs.splice(index, 1);
  }

  private current(key: InstanceKey, launchId: LaunchId): FakeRun | undefined {
    const run = this.runs.get(launchId);
    if (run === undefined) this.breaches.push(`${key}: an action for ${launchId}, which is over`);
    return run;
  }
}

function leftover(pid: number): LiveProcess {
  return { pid, startTicks: pid, uid: 0, command: 'leftover', marked: true };
}
