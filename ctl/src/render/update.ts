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

/** What is different in the configuration, what is done for it in this order, and what is left to do by hand. */
function changes(update: UpdateResult, tense: 'did' | 'would'): string[] {
  const acted = new Set(update.actions.map(({ name }) => name));
  const lines = [
    ...named('added', update.added),
    ...named('removed', update.removed),
    // Each of these has its line among the actions, with the reason.
    ...named('restarted', update.restarted.filter((name) => !acted.has(name))),
    ...named('changed', update.changed),
    ...named(
      tense === 'did' ? 'stale: runs on as it was launched' : 'stale: would run on as it was launched',
      update.stale,
    ),
    ...update.actions.map(({ name, action, reason }) => {
      return `${tense === 'did' ? '' : 'would '}${action} ${printable(name)}: ${printable(reason.message)}`;
    }),
    ...update.daemon.map(({ key, takesEffect }) => {
      return `${withTable(key)}: takes effect ${takesEffect === 'now' ? 'now' : 'at the next start of the daemon'}`;
    }),
    ...howToApply(update.stale, tense),
  ]; // prettier-ignore
  if (update.held && tense === 'would') {
    const stops = update.held.stops.map(printable).join(', ');
    lines.push(`the reload guard holds this when it comes by SIGHUP (it stops ${stops}); "update" confirms it`);
  }
  return lines.length > 0 ? lines : ['no changes'];
}

/** `metrics.listen` is a key of another table. */
function withTable(key: string): string {
  return key.startsWith('metrics.') ? `[metrics] ${key.slice('metrics.'.length)}` : `[daemon] ${key}`;
}

/** More names than these are not typed but meant by --stale. */
const MOST_TYPED = 8;

function howToApply(stale: readonly string[], tense: 'did' | 'would'): string[] {
  if (stale.length === 0) return [];
  const command = stale.length > MOST_TYPED ? 'restart --stale' : `restart ${stale.map(quoteWord).join(' ')}`;
  return [`to apply what is stale${tense === 'did' ? '' : ', after "update"'}: procmanctl ${command}`];
}

/** `plan` on a terminal: how to do this and nothing else. */
export function planHint({ ok, hash, actions }: UpdateResult): string {
  return ok && actions.length > 0 ? `"update --plan ${hash}" does this, and nothing if it is no longer this\n` : '';
}

/** `stop 2 and restart 1 of what runs`; undefined where nothing that runs would end. */
export function endingsOf({ actions }: UpdateResult): string | undefined {
  const number = (kind: 'stop' | 'restart'): number => actions.filter(({ action }) => action === kind).length;
  const parts = (['stop', 'restart'] as const).flatMap((kind) => (number(kind) > 0 ? [`${kind} ${number(kind)}`] : []));
  return parts.length === 0 ? undefined : `${parts.join(' and ')} of what runs`;
}

function named(what: string, names: readonly string[]): string[] {
  return names.map((name) => `${printable(name)}: ${what}`);
}
