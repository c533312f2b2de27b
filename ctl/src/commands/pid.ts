import { clientExit } from '@procman/protocol/exit-codes';
import type { Command } from '../command.ts';
import type { CommandContext } from '../context.ts';

export const pid: Command = {
  name: 'pid',
  summary: 'process id of the daemon, or of a process (0: it does not run)',
  operands: [{ label: 'NAME', kind: 'name', optional: true }],
  options: [],
  details: [
    'A line per instance. Exit code 1 where one of them does not run.',
    'Look at the exit code before you give it to kill: `kill 0` ends whoever calls it. "signal" needs no pid.',
  ],
  examples: ['pid', 'pid nginx', 'pid=$(procmanctl pid nginx) && strace -p $pid'],
  run: (context, given) => {
    const [name] = given.operands;
    return name === undefined ? daemonPid(context) : processPid(context, name);
  },
};

async function daemonPid(context: CommandContext): Promise<number> {
  const result = await context.call('ping', {});
  context.print(result, () => `${result.pid}\n`);
  return clientExit.ok;
}

async function processPid(context: CommandContext, name: string): Promise<number> {
  const result = await context.call('status', { names: [name] });
  const pids = result.processes.map((row) => row.pid ?? 0);
  context.print(result, () => pids.map((number) => `${number}\n`).join(''));
  return pids.includes(0) ? clientExit.failure : clientExit.ok;
}
