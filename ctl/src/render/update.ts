/** What a reload did, or would do: in order, with the reason of each step. */
import { formatProblem } from '@procman/daemon/config/problem';
import type { UpdateResult } from '@procman/protocol/views';
import { quoteWord } from '../text/words.ts';
import { printable } from '../text/width.ts';
import { paint, type Style } from './style.ts';

/** `tense`: whether it was done (`update`) or would be (`plan`). */
export function renderUpdate(update: UpdateResult, tense: 'did' | 'would', style: Style): string {
  const problems = update.problems.map((problem) => {
    return paint(formatProblem(problem), problem.severity === 'error' ? 'red' : 'yellow', style);
  });
  const body = update.ok
    ? changes(update, tense)
    : [`the configuration has errors: nothing ${tense === 'did' ? 'was' : 'would be'} changed`];
  return [...problems, ...body].map((line) => `${line}\n`).join('');
}

function changes(update: UpdateResult, tense: 'did' | 'would'): string[] {
  const lines = [
    ...named('added', update.added),
    ...named('removed', update.removed),
    ...named('restarted', update.restarted),
    ...named('changed', update.changed),
    ...named('stale', update.stale),
    ...update.actions.map(({ name, action, reason }) => {
      return `${tense === 'did' ? '' : 'would '}${action} ${printable(name)}: ${printable(reason.message)}`;
    }),
    ...update.daemon.map(({ key, takesEffect }) => {
      return `[daemon] ${key}: takes effect ${takesEffect === 'now' ? 'now' : 'at the next start of the daemon'}`;
    }),
  ];
  if (update.stale.length > 0)
    lines.push(`to apply what is stale: procmanctl restart ${update.stale.map(quoteWord).join(' ')}`);
  if (update.held && tense === 'would') {
    const stops = update.held.stops.map(printable).join(', ');
    lines.push(`the reload guard holds this when it comes by SIGHUP (it stops ${stops}); "update" confirms it`);
  }
  return lines.length > 0 ? lines : ['no changes'];
}

function named(what: string, names: readonly string[]): string[] {
  return names.map((name) => `${printable(name)}: ${what}`);
}
