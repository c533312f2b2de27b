import { clientExit } from '@procman/protocol/exit-codes';
import type { Command } from '../command.ts';
import { VERSION } from '../version.ts';

export const version: Command = {
  name: 'version',
  summary: 'versions of this client and of the daemon',
  operands: [],
  options: [],
  examples: ['version', 'procmanctl --version'],
  run: async (context) => {
    if (!context.json) context.io.out(`procmanctl ${VERSION}\n`);
    const result = await context.call('version', {});
    context.print(result, () => `procmand ${result.version} (protocol ${result.protocol})\n`);
    return clientExit.ok;
  },
};
