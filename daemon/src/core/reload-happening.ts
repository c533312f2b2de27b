/** What the history keeps of a reload that was applied: which processes it touched, and how. */
import type { ChangedNames, ReloadChange } from '@procman/protocol/views';
import type { ConfigDiff } from './config-diff.ts';
import type { Happening } from './happenings.ts';
import type { WallTime } from './model.ts';

/** Names that are kept of each kind: a reload of a thousand processes is one row of the history like any other. */
const MOST_NAMES = 50;
/** Characters of names in the sentence, for each kind: with all six it stays below what is kept of a message. */
const MOST_CHARACTERS = 110;

type Lists = Readonly<Record<ReloadChange, readonly string[]>>;

/** @param held - what `reload-guard` has kept, by name */
export function ofReload(diff: ConfigDiff, held: readonly string[], by: string, at: WallTime): Happening {
  const { added, removed, restarted, stale, changed } = diff;
  const lists = Object.entries({ added, removed, restarted, stale, changed, held } satisfies Lists);
  const some = lists.filter(([, names]) => names.length > 0);
  const changes: Readonly<Record<string, ChangedNames>> = Object.fromEntries(
    some.map(([what, names]) => [what, { count: names.length, names: names.slice(0, MOST_NAMES) }]),
  );
  return { at, type: 'reload', by, message: sentence(some), ...(some.length === 0 ? {} : { changes }) };
}

/** `applied: 2 added (db, web), 1 changed (cache); held: it would stop old`. */
function sentence(lists: readonly (readonly [string, readonly string[]])[]): string {
  const done = lists.filter(([what]) => what !== 'held').map(([what, all]) => `${all.length} ${what} (${listed(all)})`);
  const text = `applied: ${done.length === 0 ? 'nothing changed' : done.join(', ')}`;
  const held = lists.find(([what]) => what === 'held')?.[1];
  return held === undefined ? text : `${text}; held: it would stop ${listed(held)}`;
}

/** `a, b and 498 more`: as many as there is room for, the first one at least. */
function listed(names: readonly string[]): string {
  let length = 0;
  const fitting = names.findIndex((name) => (length += name.length + 2) > MOST_CHARACTERS);
  const shown = fitting < 0 ? names : names.slice(0, Math.max(1, fitting));
  const left = names.length - shown.length;
  return left === 0 ? shown.join(', ') : `${shown.join(', ')} and ${left} more`;
}
