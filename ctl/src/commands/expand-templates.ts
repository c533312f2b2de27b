import { clientExit } from '@procman/protocol/exit-codes';
import { resolve } from 'node:path';
import type { Command } from '../command.ts';

export const expandTemplates: Command = {
  name: 'expand-templates',
  summary: 'print a configuration file with its templates filled in; needs no daemon',
  operands: [{ label: 'FILE', kind: 'file' }],
  options: [],
  details: [
    'What is printed loads to the same processes. Included files are in it; comments are lost; {{ NAME }} that are not variables of a template stay.',
  ],
  examples: ['expand-templates procman.toml', 'expand-templates procman.toml > expanded.toml'],
  run: async (context, given) => {
    const offline = await context.io.offline();
    const result = offline.expand(resolve(given.operands[0] ?? ''));
    if (result.ok) context.print(result, () => result.text);
    else if (context.json) context.print(result, () => '');
    else context.io.err(offline.renderProblems(result.problems));
    return result.ok ? clientExit.ok : clientExit.config;
  },
};
