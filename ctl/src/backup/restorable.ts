/**
 * The state of an instance as a backup brings it back: what it is known to have done, and nothing that says that something of it
 * lives. Whatever lives all the same is found by the next daemon, as after any loss of state: by records, locks and marks.
 */
import type { LedgerEntry } from '@procman/daemon/core/model';
import { formatInstance, parseInstance } from '@procman/daemon/effects/stored-instance';

export type Restorable = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly why: string };

/** @param text - of a state file */
export function restorable(text: string, key: string): Restorable {
  const parsed = parseInstance(text, key);
  if (!parsed.ok) return parsed;
  const { instance, ...about } = parsed.stored;
  const { doubt: _seen, externals: _asked, metSince: _met, ...known } = instance;
  const idle = {
    ...known,
    activity: { kind: 'idle' as const },
    jobs: [],
    dependencyLost: false,
    ledger: instance.ledger.map(cutOff),
  };
  return { ok: true, text: formatInstance({ ...about, instance: idle }) };
}

/** A run that was under way has had its turn. */
function cutOff(line: LedgerEntry): LedgerEntry {
  return line.outcome === 'running' ? { ...line, outcome: 'interrupted' } : line;
}
