import { distance } from 'fastest-levenshtein';

/** The candidate that was probably meant; undefined when none is close. */
export function nearest(given: string, candidates: readonly string[]): string | undefined {
  const byPrefix = candidates.filter((candidate) => given.length >= 2 && candidate.startsWith(given));
  if (byPrefix.length === 1) return byPrefix[0];
  const ranked = candidates
    .map((candidate) => ({ candidate, edits: editsBetween(given.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.edits - b.edits);
  const best = ranked[0];
  return best && best.edits <= Math.max(1, Math.floor(given.length / 3)) ? best.candidate : undefined;
}

/** As Levenshtein counts, but two neighbours that have changed places are one slip, not two. */
function editsBetween(given: string, meant: string): number {
  const edits = distance(given, meant);
  return edits === 2 && given.length === meant.length && isSwapped(given, meant) ? 1 : edits;
}

function isSwapped(given: string, meant: string): boolean {
  let at = 0;
  while (given[at] === meant[at]) at += 1;
  const swapped = given.slice(0, at) + given.slice(at + 1, at + 2) + given.slice(at, at + 1) + given.slice(at + 2);
  return swapped === meant;
}
