import { clientExit } from '@procman/protocol/exit-codes';
import type { StatusResult } from '@procman/protocol/views';
import type { Command } from '../command.ts';
import { configWarnings, renderStatus } from '../render/status.ts';
import { ANY_NAMES, namesOf } from './options.ts';

export const status: Command = {
  name: 'status',
  summary: 'what each process does, and whether that is what it should do',
  operands: ANY_NAMES,
  options: [
    { long: 'problems', summary: 'only those with a problem' },
    { long: 'watch', later: true, summary: '' },
    { long: 'resources', later: true, summary: '' },
    { long: 'at', value: 'TIME', later: true, summary: '' },
    { long: 'nagios', later: true, summary: '' },
  ],
  details: [
    'Red: a problem; yellow: on its way. Exit code 3 where there is a problem (pending, stale and held ones are none).',
    'In a pipe: no header, columns parted by two blanks or more; a broken configuration is told on stderr.',
  ],
  examples: ['status', 'status worker', 'status --problems', 'status --json | jq .processes[0].pid'],
  run: async (context, given) => {
    const names = namesOf(given);
    const result = await context.call('status', names.length > 0 ? { names } : {});
    const shown = given.switches.has('problems') ? onlyProblems(result) : result;
    context.print(shown, () => renderStatus(shown, context.style, context.io.now()));
    // In a pipe the rows stay as scripts expect them.
    if (!context.style.terminal && !context.json) {
      for (const warning of configWarnings(result.daemon, context.io.now())) context.io.err(`procmanctl: ${warning}\n`);
    }
    return result.processes.some(({ verdict }) => verdict === 'problem') ? clientExit.problem : clientExit.ok;
  },
};

function onlyProblems(result: StatusResult): StatusResult {
  return { ...result, processes: result.processes.filter(({ verdict }) => verdict === 'problem') };
}
