/**
 * The world as the next daemon would find it, for one who only looks: recovery and its evidence, and nothing done about it. Runs
 * over a `ReadOnlySystem`.
 */
import { stateFile } from '@procman/protocol/state-files';
import { atStart } from '../core/clock.ts';
import { Describer } from '../core/describe.ts';
import { withoutRun } from '../core/ending.ts';
import { withFallbacks } from '../core/facts.ts';
import { jobStem, runMark } from '../core/identity.ts';
import { finish } from '../core/lifecycle/clear.ts';
import { advance, mainOf } from '../core/lifecycle.ts';
import type {
  Activity, Doubt, Instance, InstanceKey, LiveProcess, Now, ProcessIdentity, Run, World,
} from '../core/model.ts'; // prettier-ignore
import { Survey } from '../core/survey.ts';
import { LaunchFiles } from '../effects/launch-files.ts';
import { StateStore } from '../effects/state-store.ts';
import type { System } from '../effects/system.ts';
import { Witness } from './evidence.ts';
import { Members } from './members.ts';
import { recover } from './recovery.ts';

export interface OnlookerOptions {
  readonly system: System;
  readonly uid: string;
  readonly stateDirectory: string;
  readonly pidPrefix?: string;
  /** Pid of whoever looks. */
  readonly self: number;
  /** What is found amiss on the way. */
  readonly log: (level: 'info' | 'warning' | 'error', text: string) => void;
}

/** What one instance came to, and what lives of it although its run, or its hook, has ended. */
interface Seen {
  readonly instance: Instance;
  readonly leftovers: readonly LiveProcess[];
}

/** Rounds of evidence: `launched`, then `exited`, and one to see that there is no more. */
const ROUNDS = 4;

/**
 * @param empty - the world with its configuration, without instances
 * @throws ForeignRunsError where live runs belong to another state directory
 */
export function lookOn(options: OnlookerOptions, empty: World): World {
  return new Onlooker(options).look(empty);
}

class Onlooker {
  readonly #o: OnlookerOptions;
  readonly #files: LaunchFiles;
  readonly #witness: Witness;
  readonly #members: Members;

  constructor(options: OnlookerOptions) {
    const { system, stateDirectory, uid, self, pidPrefix } = options;
    this.#o = options;
    this.#files = new LaunchFiles(system, stateFile(stateDirectory, 'runs'), pidPrefix);
    this.#witness = new Witness(system, this.#files);
    this.#members = new Members(system, uid, self);
  }

  look(empty: World): World {
    const { system, uid, stateDirectory, log } = this.#o;
    const runsDirectory = stateFile(stateDirectory, 'runs');
    const store = new StateStore(system, stateDirectory);
    const [files, witness, members] = [this.#files, this.#witness, this.#members];
    const parts = { system, uid, stateDirectory, log, runsDirectory, files, store, witness, members };
    const { world, newest } = recover(parts, empty);
    const runs = [...world.instances.values()].flatMap(({ activity }) =>
      activity.kind === 'idle' ? [] : activity.run,
    );
    const now = system.now();
    const found = withFallbacks({ ...world, clock: atStart(newest, runs, now) });
    return withShown(this.#settled(found, now), now);
  }

  #settled(world: World, now: Now): World {
    const instances = new Map<InstanceKey, Instance>();
    const leftovers = new Map<InstanceKey, readonly LiveProcess[]>();
    for (const [key, known] of world.instances) {
      const seen = this.#see(known, now);
      // Hooks that an ending would begin: nobody runs them.
      instances.set(key, { ...seen.instance, jobs: [] });
      if (seen.leftovers.length > 0) leftovers.set(key, seen.leftovers);
    }
    return { ...world, instances, unsupervised: { leftovers } };
  }

  /** Idle, or with a main process that is proven to live, or with a launcher that is at work right now. */
  #see(known: Instance, now: Now): Seen {
    const hooks = this.#liveHooks(known);
    const witnessed = this.#witnessed({ ...known, jobs: [] }, now);
    const instance = this.#withoutDead(witnessed, now);
    const { activity } = instance;
    if (activity.kind === 'preparing') return { instance: withoutRun(instance, activity.run), leftovers: hooks };
    if (activity.kind !== 'clearing' && activity.kind !== 'finishing') return { instance, leftovers: hooks };
    const { run, ended } = activity;
    return { instance: finish(instance, run, ended).instance, leftovers: [...this.#remains(instance, run), ...hooks] };
  }

  #witnessed(known: Instance, now: Now): Instance {
    let instance = known;
    for (let round = 0; round < ROUNDS; round += 1) {
      const { events } = this.#witness.evidence(instance, 'over');
      if (events.length === 0) break;
      for (const event of events) instance = advance(instance, event, now).instance;
    }
    return instance;
  }

  /** What is on record as its main process does not live, and how it ended is not on record, or not yet. */
  #withoutDead(instance: Instance, now: Now): Instance {
    const { activity, key } = instance;
    if (!hasMain(activity)) return instance;
    const main = mainOf(activity.run);
    // An `external` has none: only its health-check could tell.
    if (main === undefined || this.#witness.isAlive(main)) return instance;
    if (this.#witness.isElsewhere(main) && this.#files.probeLock(key) === 'held') return inDoubt(instance, ELSEWHERE);
    const { launchId } = activity.run;
    const ended = advance(
      instance,
      { kind: 'exited', launchId, exit: { kind: 'unknown' }, at: now.wall },
      now,
    ).instance;
    // That of an expression is not the end of its service.
    return hasMain(ended.activity) ? this.#handed(ended, ended.activity) : ended;
  }

  /** Its expression has ended and may have named its process, which nobody has read yet. */
  #handed(instance: Instance, activity: WithMain): Instance {
    const { system, uid } = this.#o;
    const { run } = activity;
    const pid = run.type === 'pid-file' ? this.#files.readPid(instance.key, run.launchId) : undefined;
    const stat = pid === undefined ? undefined : system.stat(pid);
    const isOwn = stat?.ended === false && system.marks(stat.pid).run === runMark(uid, instance.key, run.launchId);
    if (!isOwn) return inDoubt(instance, UNREAD);
    const process: ProcessIdentity = {
      pid: stat.pid,
      startTicks: stat.startTicks,
      bootId: system.bootId(),
      pidNamespace: system.pidNamespace(),
    };
    return { ...instance, activity: { ...activity, run: { ...run, handed: { process } } } };
  }

  #remains(instance: Instance, run: Run): readonly LiveProcess[] {
    if (run.settings.killMode === 'process' || run.type === 'external') return [];
    const { activity, key } = instance;
    const ended = activity.kind === 'clearing' || activity.kind === 'finishing' ? activity.ended : undefined;
    const { members, unproven } = this.#members.of({ key, run, ended });
    const mark = runMark(this.#o.uid, key, run.launchId);
    return [...members, ...unproven].map((process) => this.#members.describe(process, mark));
  }

  #liveHooks({ key, jobs }: Instance): readonly LiveProcess[] {
    return jobs.flatMap(({ name, process, launchId }) => {
      const record = this.#files.readRecord(jobStem(key, name));
      const main = process ?? (record?.launchId === launchId ? record.process : undefined);
      const info = main !== undefined && this.#witness.isAlive(main) ? this.#o.system.stat(main.pid) : undefined;
      if (info === undefined) return [];
      const marks = this.#o.system.marks(info.pid);
      return [this.#members.describe({ ...info, marks }, marks.hook ?? '')];
    });
  }
}

const IDLE: Activity = { kind: 'idle' };
const ELSEWHERE = 'its launcher lives in another pid namespace: what it runs cannot be seen from here';
const UNREAD = 'its expression has ended; which process it left is found out by the next daemon';

type WithMain = Extract<Activity, { kind: 'launching' | 'settling' | 'running' | 'yielding' | 'stopping' }>;

function hasMain(activity: Activity): activity is WithMain {
  return !['idle', 'preparing', 'clearing', 'finishing'].includes(activity.kind);
}

function inDoubt(instance: Instance, message: string): Instance {
  const doubt: Doubt = { code: message === UNREAD ? 'pid-file' : 'identity', message, candidates: [] };
  return { ...instance, activity: IDLE, doubt };
}

/** Since when each state is so: as of its last run where no daemon has seen the change. */
function withShown(world: World, now: Now): World {
  const survey = new Survey(world, now);
  const describer = new Describer(survey);
  const instances = new Map(world.instances);
  for (const target of survey.targets) {
    const instance = world.instances.get(target.key);
    if (instance === undefined) continue;
    const { state } = describer.view(target);
    if (state !== instance.shown.state)
      instances.set(target.key, { ...instance, shown: shownAs(instance, state, now) });
  }
  return { ...world, instances };
}

function shownAs({ activity, ended, shown }: Instance, state: Instance['shown']['state'], now: Now): Instance['shown'] {
  const since = activity.kind === 'idle' ? Math.max(ended?.at ?? 0, shown.since) : activity.run.startedAt;
  return { state, since, sinceMono: now.mono };
}
