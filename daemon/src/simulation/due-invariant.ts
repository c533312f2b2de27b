/** The daemon sleeps until it has something to do: nothing may be due before the time that it has named. */
import { turn } from '../core/engine.ts';
import type { Supervisor } from '../supervision/supervisor.ts';
import type { SimulatedMachine } from './machine.ts';

/**
 * A turn in which nothing happened is played and thrown away.
 *
 * @returns what it would have done, though the daemon sleeps on
 */
export function forgottenBy(supervisor: Supervisor, { wall, mono }: SimulatedMachine): string | undefined {
  if (supervisor.nextWake() <= 0) return undefined;
  const { actions } = turn(supervisor.world, [], { wall, mono });
  if (actions.length === 0) return undefined;
  const missed = actions.map(({ kind, key }) => `${kind} of ${key}`).join(', ');
  return `${missed} would be due, but the daemon sleeps for ${Math.round(supervisor.nextWake())} ms`;
}
