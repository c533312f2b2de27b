/** What can happen to an instance, and the shape of an answer. */
import type { Action } from '../actions.ts';
import type { JobEvent } from '../jobs.ts';
import type {
  Activity, Doubt, Exit, Instance, Job, JobResult, LaunchId, LedgerEntry, LiveProcess, Now, ProcessIdentity, Run,
  StopCause, WallTime,
} from '../model.ts'; // prettier-ignore

export type InstanceEvent =
  /** Begin a launch. `counted`: it is one of the daemon's own (max-runs); `again`: nobody asked for the ending before it. */
  | {
      readonly kind: 'launch';
      readonly run: Run;
      readonly ledger?: LedgerEntry;
      readonly counted: boolean;
      readonly again: boolean;
      /** How many of the daemon's own launches need to be remembered. */
      readonly runsKept?: number;
    }
  /** Ask the next external dependency of a launch. `base`: a text that this boot gives out once. */
  | {
      readonly kind: 'ask';
      readonly command: string;
      readonly timeout: number;
      readonly interval: number;
      readonly base: string;
    }
  /** The run record was seen, and the process in it lives (or has ended since). */
  | {
      readonly kind: 'launched';
      readonly launchId: LaunchId;
      readonly process: ProcessIdentity;
      readonly launcher?: ProcessIdentity;
    }
  /** It is proven that the command did not run. */
  | {
      readonly kind: 'never-ran';
      readonly launchId: LaunchId;
      readonly why: 'voided' | 'refused' | 'failed';
      readonly message: string;
    }
  | {
      readonly kind: 'exited';
      readonly launchId: LaunchId;
      readonly exit: Exit;
      readonly at: WallTime;
      readonly aliveTicks?: number;
      /** What it said last on its error stream. */
      readonly stderr?: readonly string[];
    }
  /** The expression of a `pid-file` or `podman-cid` has named its process; that of an `external` has done its work. */
  | { readonly kind: 'handed'; readonly launchId: LaunchId; readonly process?: ProcessIdentity }
  /** The expression has ended and named none that can be proven. */
  | {
      readonly kind: 'unhanded';
      readonly launchId: LaunchId;
      readonly message: string;
      readonly candidates: readonly LiveProcess[];
    }
  | { readonly kind: 'stop'; readonly cause: StopCause; readonly now: boolean; readonly yieldFirst: boolean }
  /** Its dependents are gone. */
  | { readonly kind: 'proceed' }
  /** `whileAlive`: it was looked for before the end of the main process was known, when less could be proven. */
  | {
      readonly kind: 'scanned';
      readonly launchId: LaunchId;
      readonly remains: readonly LiveProcess[];
      readonly whileAlive?: true;
      /** Alive in what was its session, but it may be another's by now. */
      readonly unproven?: readonly LiveProcess[];
    }
  /** A deadline of `deadlineOf` may have passed. */
  | { readonly kind: 'tick' }
  /** A live run that the state did not know was found and proven. */
  | { readonly kind: 'adopt'; readonly run: Run }
  | { readonly kind: 'doubt'; readonly doubt: Doubt }
  | { readonly kind: 'resolve' }
  /** The machine went down: all of it has ended; `exit` where an exit file tells it. */
  | {
      readonly kind: 'boot';
      readonly exit?: Exit;
      readonly neverRan?: boolean;
      readonly at: WallTime;
      readonly stderr?: readonly string[];
    }
  /** A hook or a check is over, and nothing of it is left. */
  | { readonly kind: 'job-done'; readonly job: Job; readonly result: JobResult }
  | JobEvent;

/** Events of the table; those of jobs are answered by `jobs.ts` and end as `job-done`. */
export type TableEvent = Exclude<InstanceEvent, JobEvent>;

export interface Step {
  readonly instance: Instance;
  readonly actions: readonly Action[];
}

export type EventOf<K extends InstanceEvent['kind']> = Extract<InstanceEvent, { kind: K }>;
export type ActivityOf<K extends Activity['kind']> = Extract<Activity, { kind: K }>;
export type Handler<A extends Activity['kind'], E extends TableEvent['kind']> = (
  instance: Instance,
  activity: ActivityOf<A>,
  event: EventOf<E>,
  now: Now,
) => Step;

export const same = (instance: Instance): Step => ({ instance, actions: [] });

export const become = (instance: Instance, activity: Activity, actions: readonly Action[] = []): Step => ({
  instance: { ...instance, activity },
  actions,
});

/** The second step follows on the first. Not `then`: a module that exports that is taken for a promise when it is imported. */
export function followedBy(first: Step, next: (instance: Instance) => Step): Step {
  const second = next(first.instance);
  return { instance: second.instance, actions: [...first.actions, ...second.actions] };
}

export const forget = (instance: Instance, run: Run): Action => ({
  kind: 'forget',
  key: instance.key,
  launchId: run.launchId,
});

/** How long a launch may stay unclaimed or unproven before its files are looked at again. */
export const LAUNCH_PATIENCE = 10_000;
export const LOOK_AGAIN = 1_000;

/** The process that is the service: what an expression handed over to, else what was launched. */
export function mainOf(run: Run): ProcessIdentity | undefined {
  return run.handed === undefined ? run.process : run.handed.process;
}

/** Types whose expression names, or stands for, something else. */
export function handsOver({ type }: Run): boolean {
  return type === 'pid-file' || type === 'podman-cid' || type === 'external';
}
