/**
 * How long fuzzing goes on, and from which seed: short and always the same in the test suite, long and with another seed when asked
 * (`npm run fuzz -- --minutes 10 --seed 7`). A failure names the seed and the round that bring it back.
 */
import { Random } from '../../daemon/src/simulation/random.ts';

const numberOf = (name: string): number | undefined => {
  const text = process.env[name];
  return text === undefined || text === '' ? undefined : Number(text);
};

export const SEED = numberOf('FUZZ_SEED') ?? 1;
/** 0: each test plays the rounds that it names. */
export const MINUTES = numberOf('FUZZ_MINUTES') ?? 0;
const ONLY_ROUND = numberOf('FUZZ_ROUND');

export interface Course {
  /** What is fuzzed: a part of the seed, so that courses do not go the same ways. */
  readonly name: string;
  /** Rounds of a short run. */
  readonly rounds: number;
  /** What part of a long run's time it gets. */
  readonly share: number;
}

/** For the time limit of a test, in milliseconds. */
export function timeLimit({ share }: Pick<Course, 'share'>): number {
  return 120_000 + MINUTES * share * 60_000 * 1.5;
}

/** Plays rounds until the budget is spent, and prints how many. */
export async function fuzz(
  course: Course,
  play: (random: Random, round: number) => Promise<void> | void,
): Promise<void> {
  const deadline = performance.now() + MINUTES * course.share * 60_000;
  const isDue = (round: number): boolean => (MINUTES > 0 ? performance.now() < deadline : round < course.rounds);
  const first = ONLY_ROUND ?? 0;
  let round = first;
  for (; ONLY_ROUND === undefined ? isDue(round) : round === first; round += 1) {
    try {
      await play(new Random(hashOf(`${course.name}/${SEED}/${round}`)), round);
    } catch (error) {
      throw told(error, course.name, round);
    }
  }
  console.log(`fuzz ${course.name}: seed ${SEED}, ${round - first} rounds`);
}

function told(error: unknown, name: string, round: number): Error {
  const text = error instanceof Error ? error.message : String(error);
  const again = `FUZZ_SEED=${SEED} FUZZ_ROUND=${round}`;
  return new Error(`fuzz ${name}, seed ${SEED}, round ${round} (again with ${again}): ${text}`, { cause: error });
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

/** Random bytes. */
export function bytesOf(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random.below(256)));
}
