/** What to do, where that is clear: commands as they are typed. */
import type { Explanation } from '@procman/protocol/views';
import { quoteWord } from '../text/words.ts';

export function adviceOn(each: Explanation): readonly string[] {
  const name = quoteWord(each.name);
  // Nobody carries out a command: how to start a daemon is said with the first line.
  if (each.because[0]?.code === 'unsupervised') return logsOf(each, name).map((command) => `procmanctl ${command}`);
  const commands = commandsFor(each, name).map((command) => `procmanctl ${command}`);
  return each.stale && each.state === 'RUNNING' ? [...commands, `procmanctl restart ${name}`] : commands;
}

function commandsFor(each: Explanation, name: string): string[] {
  const { state, verdict, reason, hold } = each;
  // It never ran, so its logs have nothing to tell: what is in its way is around it.
  if (reason.code === 'spawn-error' && state !== 'EXITED') return ['doctor', `unblock ${name}`];
  switch (state) {
    case 'STOPPED':
      if (reason.code === 'missed') return [`start ${name} --force`, `stop ${name}`];
      return hold !== undefined || reason.code === 'autostart' ? [`start ${name}`] : [];
    case 'BACKOFF':
    case 'FATAL':
      return [...logsOf(each, name), `unblock ${name}`];
    case 'BLOCKED':
      if (reason.code === 'too-many-runs') return [...logsOf(each, name), `unblock ${name}`];
      return [`unblock ${name}`];
    case 'EXITED':
      return verdict === 'problem' ? [...logsOf(each, name), `restart ${name}`] : [];
    case 'STARTING':
    case 'RUNNING':
      if (reason.code === 'not-in-config') return ['plan', 'update'];
      return verdict === 'problem' ? logsOf(each, name) : [];
    case 'PENDING':
      return verdict === 'ok' ? [] : troubled(each);
    case 'STOPPING':
      return [];
  }
}

/** The log that is likely to tell more. */
function logsOf({ logs, exits }: Explanation, name: string): string[] {
  // Whoever said nothing there may have said it on stdout.
  const isSilent = exits[0]?.stderr.length === 0;
  if (!isSilent && logs.stderr !== undefined && logs.stderr !== logs.stdout) return [`logs ${name} --stderr`];
  return logs.stdout === undefined || exits.length === 0 ? [] : [`logs ${name}`];
}

/** What it waits for, where that is in trouble. */
function troubled({ dependencies }: Explanation): string[] {
  const ids = dependencies.filter(({ met, verdict }) => !met && verdict === 'problem').map(({ id }) => quoteWord(id));
  return ids.length === 0 ? [] : [`explain ${ids.join(' ')}`];
}
