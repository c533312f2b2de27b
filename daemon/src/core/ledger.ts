/**
 * The ledger of a one-shot: what each of its runs was for (SPEC 3). At most one run per entry, also across crashes and clocks that
 * are set back: a window that opens before one on the ledger is on it, too.
 */
import type { Instance, LaunchId, LedgerEntry, ProcessVersion, WallTime } from './model.ts';
import type { Standing } from './time/standing.ts';

/** So many entries are kept: enough for a rollback and back, and for windows of the last days. */
const ENTRIES_KEPT = 12;

export const versionEntry = (applyOn: string): string => `version:${applyOn}`;
/** Milliseconds since the epoch: what people see of a window is made from its schedule. */
const windowEntry = (opens: WallTime): string => `window:${opens}`;
const bootEntry = (bootId: string): string => `boot:${bootId}`;
/** A forced run where there is no window that it could belong to. */
export const FORCED_ENTRY = 'forced';

/** What a run now would be for: the latest window, this boot, or the version. */
export function entryFor(
  version: ProcessVersion,
  standing: Standing | undefined,
  bootId: string,
): Pick<LedgerEntry, 'entry' | 'opens'> {
  if (version.schedule !== undefined) {
    const opens = standing?.window?.opens;
    return opens === undefined ? { entry: FORCED_ENTRY } : { entry: windowEntry(opens), opens };
  }
  return { entry: version.perBoot ? bootEntry(bootId) : versionEntry(version.applyOn.text) };
}

/** The line of a run that is under way. */
export function lineOfRun(entry: string, launchId: LaunchId): LedgerEntry {
  const opens = /^window:(-?\d+)$/.exec(entry)?.[1];
  return { entry, launchId, outcome: 'running', ...(opens === undefined ? {} : { opens: Number(opens) }) };
}

/** The line about this entry; a window before a recorded one counts as skipped. */
export function lineOf(
  { ledger }: Pick<Instance, 'ledger'>,
  { entry, opens }: Pick<LedgerEntry, 'entry' | 'opens'>,
): LedgerEntry | undefined {
  const line = ledger.find((candidate) => candidate.entry === entry);
  if (line !== undefined || opens === undefined) return line;
  const isPast = ledger.some((candidate) => candidate.opens !== undefined && candidate.opens > opens);
  return isPast ? { entry, opens, outcome: 'skipped' } : undefined;
}

/** Puts a line at the head, in place of an older one about the same. */
export function withEntry(ledger: readonly LedgerEntry[], line: LedgerEntry): readonly LedgerEntry[] {
  return [line, ...ledger.filter(({ entry }) => entry !== line.entry)].slice(0, ENTRIES_KEPT);
}

export function withoutEntry(ledger: readonly LedgerEntry[], entry: string): readonly LedgerEntry[] {
  return ledger.filter((line) => line.entry !== entry);
}

/** The entry may be run once more. */
export function reopened(instance: Instance, key: Pick<LedgerEntry, 'entry' | 'opens'>): Instance {
  const line = lineOf(instance, key);
  if (!isClosed(line)) return instance;
  const { ledger } = instance;
  if (key.opens === undefined) return { ...instance, ledger: withoutEntry(ledger, key.entry) };
  return { ...instance, ledger: withEntry(ledger, { ...key, outcome: 'due' }) };
}

/** A line that lets nothing run any more. */
export function isClosed(line: LedgerEntry | undefined): boolean {
  return line !== undefined && line.outcome !== 'due';
}
