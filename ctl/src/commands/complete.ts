import { clientExit } from '@procman/protocol/exit-codes';
import type { Command } from '../command.ts';

/** What the scripts of `completion` ask; see `completions.ts` for the forms. */
export const complete: Command = {
  name: '__complete',
  hidden: true,
  summary: 'what may stand at a place of a command line',
  operands: [
    { label: 'FORM', kind: 'text' },
    { label: 'PROGRAM', kind: 'text' },
    { label: 'WORD', kind: 'text', repeated: true, optional: true },
  ],
  options: [],
  examples: ['__complete words procmanctl -- sta'],
  run: async (context, given) => {
    const [form = '', program = '', ...words] = given.operands;
    const { commands, surroundings } = context;
    const { answer } = await context.io.completions();
    context.io.out(await answer({ form, program, words, commands, surroundings }));
    return clientExit.ok;
  },
};
