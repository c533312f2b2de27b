import { distance } from 'fastest-levenshtein';

/** Names longer than this are no slip of the finger, and comparing them takes long. */
const LONGEST_NAME = 100;
/** A file with thousands of wrong names must not keep the daemon busy: after so many comparisons none is proposed. */
const COMPARISONS = 200_000;

/** Finds the candidate that was probably meant; undefined where none is near. */
export type FindNearest = (name: string) => string | undefined;

/** @returns a function that proposes one of the candidates; upper and lower case, `-` and `_` count as the same. */
export function createNearest(candidates: Iterable<string>): FindNearest {
  const names = [...candidates]
    .filter((name) => name.length <= LONGEST_NAME)
    .map((name) => ({ name, plain: fold(name) }));
  let budget = COMPARISONS;
  return (given) => {
    if (given.length > LONGEST_NAME || budget < names.length) return undefined;
    budget -= names.length;
    const plain = fold(given);
    // One slip in a short name, more in longer ones.
    const limit = plain.length <= 4 ? 1 : Math.max(2, Math.floor(plain.length / 3));
    let best: { name: string; steps: number } | undefined;
    for (const candidate of names) {
      const steps = distance(plain, candidate.plain);
      if (steps <= limit && steps < candidate.plain.length && (best === undefined || steps < best.steps)) {
        best = { name: candidate.name, steps };
      }
    }
    return best?.name;
  };
}

function fold(name: string): string {
  return name.toLowerCase().replaceAll('_', '-');
}
