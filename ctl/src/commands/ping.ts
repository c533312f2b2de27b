import { clientExit } from '@procman/protocol/exit-codes';
import type { Command } from '../command.ts';

export const ping: Command = {
  name: 'ping',
  summary: 'whether the daemon answers',
  operands: [],
  options: [],
  examples: ['ping', 'ping --json'],
  run: async (context) => {
    const result = await context.call('ping', {});
    context.print(result, () => `procmand ${result.version} answers: pid ${result.pid}, uid ${result.uid}\n`);
    return clientExit.ok;
  },
};
