/**
 * Is it wanted? The first that applies decides (SPEC 7.1):
 *
 *   1. everything is to stop                      -> stop (shutdown)
 *   2. not in the config (unless a guard keeps it) -> stop (not-in-config)
 *   3. no effective version                       -> stop (fake, not-yet-applied)
 *   4. hold                                       -> stop (manual)
 *   5. `start --force` in effect                  -> run (forced): overrides 6, 7 and, for one run, 8
 *   6. outside the window                         -> stop (schedule): comes with schedules
 *   7. autostart = false, no operator started it  -> no start
 *   8. one-shot with a ledger entry               -> no start
 *   9. else                                       -> run (wanted, operator)
 */
import type { Instance, LedgerEntry, ProcessVersion, RunReason, World } from './model.ts';
import type { Target } from './targets.ts';

export type StopCode = 'shutdown' | 'not-in-config' | 'fake' | 'not-yet-applied' | 'manual';

export type Decision =
  | { readonly want: 'run'; readonly reason: RunReason; readonly version?: ProcessVersion }
  | { readonly want: 'stop'; readonly code: StopCode }
  /** Nothing is started; what is alive stays. */
  | { readonly want: 'no-start'; readonly code: 'autostart' | 'done'; readonly version: ProcessVersion };

/** What a one-shot's run is for: once per version, as long as there is no schedule. */
export function ledgerKey(version: ProcessVersion): string {
  return ledgerEntry(version.applyOn.text);
}

export const ledgerEntry = (applyOn: string): string => `version:${applyOn}`;

export function decide(world: World, target: Target, instance: Instance): Decision {
  if (world.shutdown) return { want: 'stop', code: 'shutdown' };
  if (target.effective === undefined) {
    const isKept = world.kept.has(target.key) && instance.activity.kind !== 'idle';
    return isKept ? { want: 'run', reason: 'wanted' } : { want: 'stop', code: 'not-in-config' };
  }
  const { version, none = 'not-yet-applied' } = target.effective;
  if (version === undefined) return { want: 'stop', code: none };
  if (instance.hold !== undefined) return { want: 'stop', code: 'manual' };
  if (instance.activity.kind === 'idle') {
    const code = whyNoStart(instance, version);
    if (code !== undefined) return { want: 'no-start', code, version };
  }
  if (instance.forced) return { want: 'run', reason: 'forced', version };
  const isOperators = instance.operatorStarted || instance.credit === 'operator';
  return { want: 'run', reason: isOperators ? 'operator' : 'wanted', version };
}

/** `start --force` takes its ledger entry away, so that 8 is overridden for one run and not for the one after it. */
function whyNoStart(instance: Instance, version: ProcessVersion): 'autostart' | 'done' | undefined {
  if (version.oneShot && isOnLedger(instance.ledger, version)) return 'done';
  return version.autostart || instance.operatorStarted || instance.forced ? undefined : 'autostart';
}

export function isOnLedger(ledger: LedgerEntry | undefined, version: ProcessVersion): boolean {
  return ledger?.entry === ledgerKey(version);
}
