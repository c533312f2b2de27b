import { clientExit } from '@procman/protocol/exit-codes';
import type { Command } from '../command.ts';

export const schema: Command = {
  name: 'schema',
  summary: 'the JSON Schema of the configuration file, for editors; needs no daemon',
  operands: [],
  options: [],
  details: ['Editors that know TOML complete and check a file by it, where it begins with "#:schema FILE".'],
  examples: ['schema > procman.schema.json'],
  run: async (context) => {
    const result = (await context.io.offline()).schema();
    context.print(result, () => `${JSON.stringify(result, undefined, 2)}\n`);
    return clientExit.ok;
  },
};
