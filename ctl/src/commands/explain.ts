import { clientExit } from '@procman/protocol/exit-codes';
import type { ExplainResult } from '@procman/protocol/views';
import type { Command } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { ANY_NAMES, namesOf } from './options.ts';

export const explain: Command = {
  name: 'explain',
  summary: 'why a process is as it is, what it said last, and what happens next',
  operands: ANY_NAMES,
  options: [],
  details: [
    'The first line below the headline alone says why; what is behind it, and all else that applies, follows.',
    'Without NAME: every process with a problem. Exit code 0 also where there are problems: `status` has 3 for them.',
    'Values of the environment are in no part of it; in what a service printed they are shown as $NAME.',
  ],
  examples: ['explain web', 'explain', 'explain worker:*', 'explain web --json | jq .processes[0].because'],
  withoutDaemon: true,
  run: async (context, given) => {
    const names = namesOf(given);
    const result = names.length > 0 ? await context.call('explain', { names }) : await problems(context);
    const { renderExplanations } = await context.io.reports();
    context.print(result, () => renderExplanations(result, context.style, context.io.now()));
    if (result.processes.length === 0 && !context.json) context.io.err('procmanctl: no process has a problem\n');
    return clientExit.ok;
  },
};

/** Of those that have one now; one may be gone from the configuration between the two questions. */
async function problems(context: CommandContext): Promise<ExplainResult> {
  const { processes } = await context.call('status', {});
  const names = processes.filter(({ verdict }) => verdict === 'problem').map(({ name }) => name);
  return names.length === 0 ? { processes: [] } : context.call('explain', { names });
}
