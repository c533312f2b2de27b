import { clientExit } from '@procman/protocol/exit-codes';
import { resolve } from 'node:path';
import type { Command } from '../command.ts';

export const check: Command = {
  name: 'check',
  summary: 'check a configuration file; needs no daemon',
  operands: [{ label: 'FILE', kind: 'file' }],
  options: [{ long: 'verbose', summary: 'say of each command how it is run (simple, expression...), and why' }],
  details: ['Prints every problem, then a summary. Exit code 6 where there is an error.'],
  examples: ['check procman.toml', 'check procman.toml --verbose', 'check procman.toml --json'],
  run: async (context, given) => {
    const offline = await context.io.offline();
    const file = resolve(given.operands[0] ?? '');
    const result = offline.check(file);
    const types = given.switches.has('verbose') ? offline.commandTypes(file) : '';
    context.print(result, () => `${types}${offline.renderCheck(result)}`);
    return result.ok ? clientExit.ok : clientExit.config;
  },
};
