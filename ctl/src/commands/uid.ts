import { clientExit } from '@procman/protocol/exit-codes';
import type { Command } from '../command.ts';

export const uid: Command = {
  name: 'uid',
  summary: 'print a new uid for a configuration file',
  operands: [],
  options: [],
  details: ['Each configuration file has its own: it tells daemons and their processes apart.'],
  examples: ['uid'],
  run: (context) => {
    const fresh = crypto.randomUUID();
    context.print({ uid: fresh }, () => `${fresh}\n`);
    return clientExit.ok;
  },
};
