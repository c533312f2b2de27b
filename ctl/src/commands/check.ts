import { clientExit } from '@procman/protocol/exit-codes';
import { resolve } from 'node:path';
import type { Command } from '../command.ts';

export const check: Command = {
  name: 'check',
  summary: 'check a configuration file; needs no daemon',
  operands: [{ label: 'FILE', kind: 'file' }],
  options: [],
  details: ['Prints every problem, then a summary. Exit code 6 where there is an error.'],
  examples: ['check procman.toml', 'check procman.toml --json'],
  run: async (context, given) => {
    const offline = await context.io.offline();
    const result = offline.check(resolve(given.operands[0] ?? ''));
    context.print(result, () => offline.renderCheck(result));
    return result.ok ? clientExit.ok : clientExit.config;
  },
};
