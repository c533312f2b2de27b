/** One line for each `[[notify]]` that was tested. */
import type { NotifyTest } from '@procman/protocol/views';
import { printable } from '../text/width.ts';
import { paint, type Style } from './style.ts';

/** `ops: sent (webhook https://chat.example.com, 0.1 s)`, `ops: ERROR (mail to ops@example.com by localhost:25: connect ECONNREFUSED)` */
export function renderNotifyTests(results: readonly NotifyTest[], style: Style): string {
  return results.map((result) => `${paint(lineOf(result), result.ok ? undefined : 'red', style)}\n`).join('');
}

function lineOf({ name, target, ok, message, seconds }: NotifyTest): string {
  const how = ok ? `sent (${target}, ${seconds.toFixed(1)} s)` : `ERROR (${target}: ${message})`;
  return printable(`${name}: ${how}`);
}
