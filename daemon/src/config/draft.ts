import type { ApplyOn, ProcessVersion } from '../core/model.ts';
import type { EnvFile } from './env-file.ts';
import type { Path } from './positions.ts';
import type { ProcessValues } from './process-keys.ts';
import type { RawTable } from './table-reader.ts';

/** When a version counts: it runs now, it will, or a newer one took its place. A fake one never counts. */
export type Standing = 'effective' | 'future' | 'past' | 'fake';

/**
 * One `[[process]]` table while it is checked. Rules look at drafts, not at finished versions, so that a mistake in one key
 * hides none in another.
 */
export interface Draft {
  /** `['process', N]`. */
  readonly path: Path;
  readonly raw: RawTable;
  /** With defaults; absent where wrong. */
  readonly values: ProcessValues;
  readonly id: string | undefined;
  readonly applyOn: ApplyOn | undefined;
  /** undefined: none is given. */
  readonly envFile?: EnvFile | undefined;
  /** undefined where something that it is made of is wrong. */
  readonly version: ProcessVersion | undefined;
}

/** The tables of each id, in the order of the file. */
export function draftsById(drafts: readonly Draft[]): Map<string, Draft[]> {
  const byId = new Map<string, Draft[]>();
  for (const draft of drafts) {
    if (draft.id === undefined) continue;
    const versions = byId.get(draft.id);
    if (versions === undefined) byId.set(draft.id, [draft]);
    else versions.push(draft);
  }
  return byId;
}

/** The standing of each version at a moment. One whose `apply-on` is wrong counts as effective, so that it is checked. */
export function standings(drafts: readonly Draft[], now: number): Map<Draft, Standing> {
  const result = new Map<Draft, Standing>();
  for (const versions of draftsById(drafts).values()) {
    const newest = versions
      .filter((draft) => draft.values.fake !== true && (draft.applyOn?.at ?? now) <= now)
      .reduce<Draft | undefined>((best, draft) => (startOf(draft) >= startOf(best) ? draft : best), undefined);
    for (const draft of versions) {
      if (draft.values.fake === true) result.set(draft, 'fake');
      else if (draft === newest || draft.applyOn === undefined) result.set(draft, 'effective');
      else result.set(draft, draft.applyOn.at > now ? 'future' : 'past');
    }
  }
  return result;
}

function startOf(draft: Draft | undefined): number {
  return draft?.applyOn?.at ?? -Infinity;
}
