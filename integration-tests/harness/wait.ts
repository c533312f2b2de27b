/** The one way to wait: for a condition, with one limit. A test never sleeps for a fixed time. */
import { setTimeout as pause } from 'node:timers/promises';

/** Far longer than anything here takes, so that only a defect reaches it. */
export const LIMIT_MS = 20_000;
const STEP_MS = 15;

/** A test that waited in vain; the message holds the report. */
export class WaitedInVain extends Error {}

type Outcome<T> = T | undefined | null | false;

/**
 * Asks until the answer is truthy, and gives it back. An answer that throws counts as "not yet".
 *
 * @param report - what is known of the world, for the message of a failure
 * @param limit - in milliseconds
 */
export async function waitFor<T>(
  description: string,
  ask: () => Outcome<T> | Promise<Outcome<T>>,
  report: () => Promise<string>,
  limit = LIMIT_MS,
): Promise<T> {
  const deadline = performance.now() + limit;
  let trouble: Error | undefined;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== null && answer !== false) return answer;
      trouble = undefined;
    } catch (error) {
      trouble = error instanceof Error ? error : new Error(String(error));
    }
    if (performance.now() > deadline) break;
    await pause(STEP_MS);
  }
  const last = trouble === undefined ? '' : `\nlast error: ${trouble.message}`;
  throw new WaitedInVain(`waited ${limit / 1000} s in vain for: ${description}${last}\n${await report()}`);
}
