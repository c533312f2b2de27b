/** What the core asks for. Deciders return these; they never act. Before any of them is performed, the instance is on disk. */
import type { InstanceKey, Job, LaunchId, Run, SignalName } from './model.ts';

export type Action =
  /** Write the plan and the intent, and start the launcher. */
  | { readonly kind: 'launch'; readonly key: InstanceKey; readonly run: Run }
  /** Take the intent back, if no launcher has claimed it yet. */
  | { readonly kind: 'void'; readonly key: InstanceKey; readonly launchId: LaunchId }
  /** Look at the instance's files and its process again. */
  | { readonly kind: 'look'; readonly key: InstanceKey }
  /** Signal the main process, or all that is proven to belong to the run. */
  | {
      readonly kind: 'signal';
      readonly key: InstanceKey;
      readonly run: Run;
      readonly signal: SignalName;
      readonly scope: 'main' | 'run';
    }
  /** Look for processes that belong to the run besides its main process, or with it while it lives. */
  | { readonly kind: 'scan'; readonly key: InstanceKey; readonly run: Run }
  /** Its ending is on record: remove the files of the launch. */
  | { readonly kind: 'forget'; readonly key: InstanceKey; readonly launchId: LaunchId }
  /** Look for the process that the expression of a `pid-file` or `podman-cid` names. `ended`: there will be no other answer. */
  | {
      readonly kind: 'take-pid';
      readonly key: InstanceKey;
      readonly run: Run;
      readonly ended: boolean;
      /** What `podman inspect` printed. */
      readonly text?: string;
      /** How it ended, where it failed. */
      readonly failure?: string;
    }
  /** Start a hook, or one try of a check. `run`: whose it is; absent before a launch. */
  | { readonly kind: 'start-job'; readonly key: InstanceKey; readonly job: Job; readonly run?: Run }
  /** Kill a job's whole session; take its launch back if it has not begun. */
  | { readonly kind: 'kill-job'; readonly key: InstanceKey; readonly job: Job }
  /** Look at a job's files and process again. */
  | { readonly kind: 'look-job'; readonly key: InstanceKey; readonly job: Job }
  /** Kill what a job that has ended left in its session. */
  | { readonly kind: 'clear-job'; readonly key: InstanceKey; readonly job: Job }
  /** Nothing of the job is left: remove its files. */
  | { readonly kind: 'forget-job'; readonly key: InstanceKey; readonly job: Job };
