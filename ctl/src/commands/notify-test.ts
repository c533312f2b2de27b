import { clientExit } from '@procman/protocol/exit-codes';
import type { Command } from '../command.ts';
import { renderNotifyTests } from '../render/notify-test.ts';

export const notifyTest: Command = {
  name: 'notify-test',
  summary: 'send a test message by each [[notify]], or by those named',
  operands: [{ label: 'NOTIFY', kind: 'text', optional: true, repeated: true }],
  options: [],
  details: [
    'One try each, no retries; waits for all answers. Exit code 1 where one was not sent, or where there is no [[notify]].',
  ],
  examples: ['notify-test', 'notify-test ops', 'notify-test --json'],
  run: async (context, { operands }) => {
    const params = operands.length === 0 ? {} : { notifies: [...operands] };
    const { ok, results } = await context.call('notify-test', params, 'interrupted: what is on its way goes on');
    context.print({ ok, results }, () => renderNotifyTests(results, context.style));
    if (results.length === 0 && !context.json) context.io.err('the configuration has no [[notify]]\n');
    return ok && results.length > 0 ? clientExit.ok : clientExit.failure;
  },
};
