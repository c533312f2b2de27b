import { clientExit } from '@procman/protocol/exit-codes';
import type { Command } from '../command.ts';
import { findCommand } from '../parse.ts';
import { renderCommandHelp, renderHelp } from '../render/help.ts';

export const help: Command = {
  name: 'help',
  summary: 'all commands, or one of them with its options and examples',
  operands: [{ label: 'COMMAND', kind: 'command', optional: true }],
  options: [],
  examples: ['help', 'help start'],
  run: (context, given) => {
    const [verb] = given.operands;
    const text =
      verb === undefined ? renderHelp(context.commands) : renderCommandHelp(findCommand(verb, context.commands));
    context.io.out(text);
    return clientExit.ok;
  },
};
