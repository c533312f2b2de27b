/** What `start`, `stop`, `restart`, `unblock` and `signal` have in common: a line per target, and the exit code. */
import { clientExit } from '@procman/protocol/exit-codes';
import type { ActResult } from '@procman/protocol/views';
import type { CommandContext } from '../context.ts';
import { renderResults, type Verb } from '../render/results.ts';

export function finishAct(context: CommandContext, verb: Verb, { results }: Pick<ActResult, 'results'>): number {
  context.print({ results }, () => renderResults(results, verb, context.style, context.io.now()));
  return results.every(({ ok }) => ok) ? clientExit.ok : clientExit.failure;
}

/** What Ctrl-C says: the daemon does not depend on us. */
export function goesOn(verb: Verb): string {
  return `interrupted: only the waiting ended; the ${verb} goes on behind ("status" shows how it fares)`;
}

/** Asks before `VERB all`. */
export async function confirmAll(
  context: CommandContext,
  verb: 'stop' | 'restart',
  names: readonly string[],
): Promise<boolean> {
  if (!context.canAsk || !names.includes('all')) return true;
  const { processes } = await context.call('status', {});
  const live = processes.filter(({ pid }) => pid !== undefined).map(({ name }) => name);
  if (live.length === 0) return true;
  return context.confirm(`${verb} all: ${live.length} running (${listed(live)}). Go on?`);
}

/** Asks before a stop that takes others with it. */
export async function confirmDependents(context: CommandContext, names: readonly string[]): Promise<boolean> {
  if (!context.canAsk || names.includes('all')) return true;
  const { processes } = await context.call('status', { names: [...names] });
  const targets = new Set(processes.map(({ name }) => name));
  const dependents = new Set(processes.flatMap((row) => row.dependents ?? []));
  const others = [...dependents].filter((name) => !targets.has(name));
  if (others.length === 0) return true;
  return context.confirm(`stop ${[...targets].join(', ')} also stops what depends on it: ${listed(others)}. Go on?`);
}

const MOST_LISTED = 8;

function listed(names: readonly string[]): string {
  const shown = names.slice(0, MOST_LISTED).join(', ');
  return names.length > MOST_LISTED ? `${shown} and ${names.length - MOST_LISTED} more` : shown;
}

/** After a "no" to a question. */
export function declined(context: CommandContext): number {
  context.io.err('nothing was done\n');
  return clientExit.failure;
}
