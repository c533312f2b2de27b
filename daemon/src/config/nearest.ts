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
    const limit = Math.max(2, Math.floor(plain.length / 3));
    let best: { name: string; steps: number } | undefined;
    for (const candidate of names) {
      const steps = distance(plain, candidate.plain);
      if (
        steps <= limit &&
        !isChance(plain, candidate.plain, steps) &&
        steps < candidate.plain.length &&
        (best === undefined || steps < best.steps)
      ) {
        best = { name: candidate.name, steps };
      }
    }
    return best?.name;
  };
}

function fold(name: string): string {
  return name.toLowerCase().replaceAll('_', '-');
}

/** Two slips in a name of up to four letters leave too little of it, unless two letters only changed places. */
function isChance(given: string, candidate: string, steps: number): boolean {
  return given.length <= 4 && steps > 1 && letters(given) !== letters(candidate);
}

const letters = (name: string): string => Array.from(name).sort().join('');
