import { clientExit } from '@procman/protocol/exit-codes';
import type { Command } from '../command.ts';
import { processOf, untilGone, type DaemonProcess } from '../daemon-process.ts';
import { endsContainer } from '../find-daemon.ts';
import { renderResults } from '../render/results.ts';
import { declined } from './act.ts';

/** After its answer a daemon has only to close what it has open. */
const ENDS_WITHIN_MS = 15_000;
const GOES_ON = 'interrupted: only the waiting ended; the shutdown goes on behind';

export const shutdown: Command = {
  name: 'shutdown',
  summary: 'stop all processes, then the daemon',
  operands: [],
  options: [{ long: 'leave-running', summary: 'only the daemon: processes go on, the next daemon takes them over' }],
  details: [
    'Dependents stop first. No hold is set: the next daemon starts everything again.',
    'It returns once the process of the daemon has gone: what follows in a script may start the next one, or remove files.',
    'Inside a container whose PID 1 is procmand it does not wait for that, which would be its own end.',
  ],
  examples: ['shutdown', 'shutdown --leave-running'],
  run: async (context, given) => {
    const leaveRunning = given.switches.has('leave-running');
    const question = leaveRunning
      ? 'End the daemon and leave the processes running?'
      : 'Stop all processes and the daemon?';
    if (!(await context.confirm(question))) return declined(context);
    const daemon = processOf(await context.call('ping', {}), context.surroundings);
    const isInit = daemon !== undefined && endsContainer(daemon.pid, context.surroundings.proc);
    const result = await context.call('shutdown', leaveRunning ? { leaveRunning } : {}, GOES_ON);
    const ending = isInit
      ? { ok: true, text: 'the daemon ends, and the container with it' }
      : await endOf(daemon, context.surroundings.proc);
    const { style, io, json } = context;
    context.print(result, () => {
      const but = result.ok ? '' : ', but not everything has stopped';
      return `${renderResults(result.results, 'shutdown', style, io.now())}${ending.text}${but}\n`;
    });
    if (json && !ending.ok) io.err(`procmanctl: ${ending.text}\n`);
    return result.ok && ending.ok ? clientExit.ok : clientExit.failure;
  },
};

async function endOf(daemon: DaemonProcess | undefined, proc: string): Promise<{ ok: boolean; text: string }> {
  if (daemon === undefined) return { ok: true, text: 'the daemon ends (its process cannot be seen from here)' };
  if (await untilGone(daemon, proc, ENDS_WITHIN_MS)) return { ok: true, text: 'the daemon has ended' };
  const seconds = ENDS_WITHIN_MS / 1000;
  return { ok: false, text: `the daemon ends, but its process (pid ${daemon.pid}) is there still after ${seconds} s` };
}
