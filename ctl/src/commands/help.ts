import { clientExit } from '@procman/protocol/exit-codes';
import type { Command } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { findCommand } from '../parse.ts';

export const help: Command = {
  name: 'help',
  summary: 'all commands, or one of them with its options and examples',
  operands: [{ label: 'COMMAND', kind: 'command', optional: true }],
  options: [],
  details: ['COMMAND may also be a topic: names, shell, exit-codes, environment.'],
  examples: ['help', 'help start', 'help shell'],
  run: async (context, given) => {
    context.io.out(await textOf(context, given.operands[0]));
    return clientExit.ok;
  },
};

async function textOf({ io, commands }: CommandContext, word: string | undefined): Promise<string> {
  const { renderHelp, renderCommandHelp, renderTopic, findTopic } = await io.reports();
  if (word === undefined) return renderHelp(commands, io.columns());
  const topic = findTopic(word);
  return topic ? renderTopic(topic, io.columns()) : renderCommandHelp(findCommand(word, commands), io.columns());
}
