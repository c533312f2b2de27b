/** What the core asks for. Deciders return these; they never act. Before any of them is performed, the instance is on disk. */
import type { InstanceKey, LaunchId, Run, SignalName } from './model.ts';

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
  | { readonly kind: 'forget'; readonly key: InstanceKey; readonly launchId: LaunchId };
