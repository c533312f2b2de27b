import { clientExit } from '@procman/protocol/exit-codes';
import type { Command } from '../command.ts';
import { renderResults } from '../render/results.ts';
import { declined } from './act.ts';

const GOES_ON = 'interrupted: only the waiting ended; the shutdown goes on behind';

export const shutdown: Command = {
  name: 'shutdown',
  summary: 'stop all processes, then the daemon',
  operands: [],
  options: [{ long: 'leave-running', summary: 'only the daemon: processes go on, the next daemon takes them over' }],
  details: ['Dependents stop first. No hold is set: the next daemon starts everything again.'],
  examples: ['shutdown', 'shutdown --leave-running'],
  run: async (context, given) => {
    const leaveRunning = given.switches.has('leave-running');
    const question = leaveRunning
      ? 'End the daemon and leave the processes running?'
      : 'Stop all processes and the daemon?';
    if (!(await context.confirm(question))) return declined(context);
    const result = await context.call('shutdown', leaveRunning ? { leaveRunning } : {}, GOES_ON);
    context.print(result, () => {
      const last = result.ok ? 'the daemon has ended\n' : 'the daemon ends, but not everything has stopped\n';
      return renderResults(result.results, 'shutdown', context.style, context.io.now()) + last;
    });
    return result.ok ? clientExit.ok : clientExit.failure;
  },
};
