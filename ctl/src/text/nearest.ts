import { distance } from 'fastest-levenshtein';

/** The candidate that was probably meant; undefined when none is close. */
export function nearest(given: string, candidates: readonly string[]): string | undefined {
  const byPrefix = candidates.filter((candidate) => given.length >= 2 && candidate.startsWith(given));
  if (byPrefix.length === 1) return byPrefix[0];
  const ranked = candidates
    .map((candidate) => ({ candidate, edits: distance(given.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.edits - b.edits);
  const best = ranked[0];
  return best && best.edits <= Math.max(1, Math.floor(given.length / 3)) ? best.candidate : undefined;
}
