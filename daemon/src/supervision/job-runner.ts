/** Carries out what hooks and checks ask for: their launches, their asking over the network, and the ends of their sessions. */
import { jobStem, runMark, type Stem } from '../core/identity.ts';
import type { JobEvent } from '../core/jobs.ts';
import { mainOf } from '../core/lifecycle.ts';
import type { Instance, InstanceKey, Job, JobName, Run, WallTime, World } from '../core/model.ts';
import { fillPlaceholders, type LaunchValues } from '../core/placeholders.ts';
import { noRecordText, type LaunchFiles } from '../effects/launch-files.ts';
import { groundOf, hookPlan, planText, type LaunchGround, type LogFile } from '../effects/launch-plan.ts';
import type { Prober } from '../effects/prober.ts';
import { SystemError, type System } from '../effects/system.ts';
import { logFile } from './log-files.ts';
import type { Members } from './members.ts';

export interface JobRunnerOptions {
  readonly system: System;
  readonly files: LaunchFiles;
  readonly members: Members;
  readonly prober: Prober;
  readonly uid: string;
  readonly runsDirectory: string;
  readonly launcherScript: string;
  /** The ground of a launch that has no plan on disk (yet): from its definition; undefined where that is gone. */
  readonly groundFor: (instance: Instance, run: Run | undefined, world: World) => LaunchGround | undefined;
  /** What its texts may leave open until a launch. */
  readonly valuesFor: (instance: Instance, run: Run | undefined, world: World) => LaunchValues;
  /** The answer of a probe, which comes later. */
  readonly onAnswer: (key: InstanceKey, event: JobEvent) => void;
  readonly log: (level: 'warning', text: string) => void;
}

/** Their output is kept apart, and told when they fail. */
const CHECKS: ReadonlySet<JobName> = new Set<JobName>(['start-health-check', 'health-check', 'dependency', 'inspect']);

function filled(work: Job['work'], values: LaunchValues): Job['work'] {
  const fill = (text: string): string => fillPlaceholders(text, values);
  switch (work.kind) {
    case 'command':
      return { ...work, command: fill(work.command) };
    case 'http':
      return { ...work, url: fill(work.url) };
    case 'tcp':
      return { ...work, host: fill(work.host) };
    case 'folder':
      return { ...work, folder: fill(work.folder) };
  }
}

/** How soon a folder that could not be looked at is looked at again, in milliseconds. */
const FOLDER_AGAIN = 10_000;

export class JobRunner {
  readonly #o: JobRunnerOptions;

  constructor(options: JobRunnerOptions) {
    this.#o = options;
  }

  start(instance: Instance, job: Job, run: Run | undefined, world: World): readonly JobEvent[] {
    const { name, launchId, timeout } = job;
    const work = filled(job.work, this.#o.valuesFor(instance, run, world));
    switch (work.kind) {
      case 'http':
      case 'tcp':
        this.#o.prober.start(this.#id(instance.key, job), work, timeout, (result) => {
          this.#o.onAnswer(instance.key, { kind: 'job-ended', job: name, launchId, result });
        });
        return [];
      case 'folder':
        return [{ kind: 'job-ended', job: name, launchId, result: this.#folderResult(work, world) }];
      case 'command':
        return this.#launch(instance, job, work.command, run, world);
    }
  }

  #folderResult(
    { folder, inactiveTime, since }: Extract<Job['work'], { kind: 'folder' }>,
    { clock }: World,
  ): Extract<JobEvent, { kind: 'job-ended' }>['result'] {
    const { system } = this.#o;
    let newest: WallTime | undefined;
    try {
      newest = system.newestChange(folder);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      return { ok: false, text: error.message, again: FOLDER_AGAIN };
    }
    // Before it ran, and before the clock jumped, nothing is known of its activity.
    const active: WallTime = Math.max(newest ?? since, since, clock.jumpedTo ?? since);
    const idle = system.now().wall - active;
    const again = Math.max(inactiveTime - idle, 0) + 1;
    const missing = newest === undefined ? ' (it does not exist)' : '';
    const text = `nothing has changed in ${folder}${missing} for ${Math.round(idle / 1000)} s`;
    return { ok: idle < inactiveTime, text, again };
  }

  #launch(instance: Instance, job: Job, command: string, run: Run | undefined, world: World): readonly JobEvent[] {
    const { files, system, uid, runsDirectory, launcherScript } = this.#o;
    const { name, launchId } = job;
    const stem = jobStem(instance.key, name);
    const failed = (text: string): JobEvent => ({
      kind: 'job-ended',
      job: name,
      launchId,
      result: { ok: false, text },
    });
    const ground = this.#groundOf(instance, run, world);
    if (typeof ground === 'string') return [failed(ground)];
    const cid = name === 'inspect' && run !== undefined ? this.#containerId(instance.key, run) : undefined;
    if (name === 'inspect' && cid === undefined) return [failed('its command printed no container id')];
    const capture = CHECKS.has(name);
    const main = run === undefined ? undefined : mainOf(run);
    try {
      const plan = hookPlan(ground, {
        command,
        environment: {
          PROCMAN_HOOK: runMark(uid, stem, launchId),
          ...(main === undefined ? {} : { PROCMAN_PID: String(main.pid) }),
          ...(cid === undefined ? {} : { PROCMAN_CID: cid }),
          ...job.variables,
        },
        ...(capture ? { stdout: 'capture', stderr: 'stdout' } : this.#logs(run, world, ground)),
      });
      const movedTo = files.prepare(stem, launchId, planText(plan), { capture });
      if (movedTo !== undefined) this.#o.log('warning', noRecordText(stem, movedTo));
      system.startLauncher({ script: launcherScript, directory: runsDirectory, stem, launchId, uid });
      return [];
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      this.#takeBack(stem, launchId);
      return [{ kind: 'job-ended', job: name, launchId, result: { ok: false, text: error.message }, again: true }];
    }
  }

  /** What its run has; a text where that is not to be had. */
  #groundOf(instance: Instance, run: Run | undefined, world: World): LaunchGround | string {
    const known = run === undefined ? undefined : this.#o.files.readPlan(instance.key, run.launchId);
    try {
      const ground = (known === undefined ? undefined : groundOf(known)) ?? this.#o.groundFor(instance, run, world);
      return ground ?? 'its definition is gone';
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      return error.message;
    }
  }

  /** A launch that could not be handed over must not be found later by anyone. */
  #takeBack(stem: Stem, launchId: string): void {
    try {
      this.#o.files.voidIntent(stem, launchId);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
    }
  }

  /** The last line that the command printed. */
  #containerId(key: InstanceKey, { launchId }: Run): string | undefined {
    const last = this.#o.files.readOutput(key, launchId).trim().split('\n').at(-1)?.trim();
    return last !== undefined && /^[0-9a-f]{12,64}$/.test(last) ? last : undefined;
  }

  /** Hooks write where their process writes. */
  #logs(
    run: Run | undefined,
    { logDirectory }: World,
    { account }: LaunchGround,
  ): { stdout: LogFile | null; stderr: LogFile | 'stdout' | null } {
    const { system } = this.#o;
    const logs = run?.logs ?? {};
    const isAuto = (path: string): boolean => path.startsWith(`${logDirectory}/`);
    const target = (path: string | undefined): LogFile | null =>
      path === undefined ? null : logFile(system, path, isAuto(path), account);
    if (Object.values(logs).some(isAuto) && !system.exists(logDirectory)) system.makeDirectory(logDirectory);
    const isMerged = logs.stdout !== undefined && logs.stderr === logs.stdout;
    return { stdout: target(logs.stdout), stderr: isMerged ? 'stdout' : target(logs.stderr) };
  }

  /* ---------------------------------------------------------------- their ends */

  kill(key: InstanceKey, job: Job): readonly JobEvent[] {
    if (job.work.kind !== 'command') {
      this.#o.prober.cancel(this.#id(key, job));
      return [];
    }
    const { name, launchId, process } = job;
    if (process === undefined) {
      const isVoided = this.#o.files.voidIntent(jobStem(key, name), launchId) === 'voided';
      const result = { ok: false, text: 'taken back' };
      return isVoided ? [{ kind: 'job-ended', job: name, launchId, result }] : [];
    }
    this.#killSession(key, job, undefined);
    return [];
  }

  /** Kills what a job that has ended left in its session. */
  clear(key: InstanceKey, job: Job): readonly JobEvent[] {
    const { name, launchId, process } = job;
    const cleared: JobEvent = { kind: 'job-cleared', job: name, launchId };
    if (process === undefined) return [cleared];
    // Checks come often: where no process group has its number there is nothing to be read out of /proc.
    if (CHECKS.has(name) && !this.#o.system.exists0(-process.pid)) return [cleared];
    const file = this.#o.files.readExit(jobStem(key, name), launchId);
    const endedAt = file.kind === 'ended' ? file.at : 'unknown';
    return this.#killSession(key, job, endedAt) === 0 ? [cleared] : [];
  }

  /** @returns how many of its session were alive */
  #killSession(key: InstanceKey, { name, launchId, process }: Job, endedAt: WallTime | 'unknown' | undefined): number {
    if (process === undefined) return 0;
    const { members, uid } = this.#o;
    members.refresh(new Set(), new Set([process.pid]));
    const alive = members.sessionOf(process, runMark(uid, jobStem(key, name), launchId), endedAt);
    members.killSession(alive);
    return alive.length;
  }

  forget(key: InstanceKey, { name, launchId }: Job): void {
    const stem = jobStem(key, name);
    this.#o.files.removeRecord(stem, launchId);
    this.#o.files.forget(stem, launchId);
  }

  #id(key: InstanceKey, { name, launchId }: Job): string {
    return `${jobStem(key, name)}/${launchId}`;
  }
}
