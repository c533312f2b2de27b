/** Why it is being stopped, how far that has got, and what comes next. */
import type { Clearing, Run } from '../model.ts';
import { wallOf, type Facts } from './facts.ts';

export function stoppingText(facts: Facts): string {
  const { view, instance } = facts;
  const { activity } = instance;
  const message = view.reason.message;
  // Reasons that tell the step themselves.
  if (view.reason.code === 'survivors' || view.reason.code === 'after-stop') return message;
  if (activity.kind === 'yielding') return `${message}: ${view.reason.data?.waitsFor?.join(', ') ?? ''}`;
  if (activity.kind === 'stopping') return `${message}; ${stepText(facts, activity.run, activity.clearing)}`;
  return message;
}

function stepText(facts: Facts, { settings }: Run, { hookUntil, firstSignalAt, killedAt }: Clearing): string {
  if (killedAt !== undefined) return 'SIGKILL was sent';
  if (firstSignalAt !== undefined) {
    const until = facts.tell(wallOf(facts, firstSignalAt + settings.stopTimeout));
    return `SIG${settings.stopSignal} was sent, and SIGKILL follows ${until} (stop-timeout)`;
  }
  return hookUntil === undefined
    ? 'its end is near'
    : `its \`stop\` hook has until ${facts.tell(wallOf(facts, hookUntil))}`;
}
