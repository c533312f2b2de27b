import { clientExit } from '@procman/protocol/exit-codes';
import type { StatusResult } from '@procman/protocol/views';
import type { Command, Given } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { UsageError } from '../failure.ts';
import { configWarnings, renderStatus } from '../render/status.ts';
import { ANY_NAMES, namesOf } from './options.ts';

export const status: Command = {
  name: 'status',
  summary: 'what each process does, and whether that is what it should do',
  operands: ANY_NAMES,
  options: [
    { long: 'problems', summary: 'only those with a problem' },
    { long: 'watch', later: true, summary: '' },
    { long: 'resources', summary: 'also what each run uses: processor, memory, threads, open files, processes' },
    { long: 'at', value: 'TIME', summary: 'what each is to do at that time: 18:00 (the next), 2026-12-01T08:00' },
    { long: 'nagios', later: true, summary: '' },
  ],
  details: [
    'Red: a problem; yellow: on its way. Exit code 3 where there is a problem (pending, stale and held ones are none).',
    '--resources counts all that belongs to a run. CPU is of one processor, since it was asked for within the last minute, else over half a second.',
    'Without a daemon it answers from the files of the last one and /proc: the first line says so, exit code 5.',
    'In a pipe: no header, columns parted by two blanks or more; a broken configuration is told on stderr.',
  ],
  examples: [
    'status',
    'status worker',
    'status --problems',
    'status --resources',
    'status --at 18:00',
    'status --json | jq .processes[0].pid',
  ],
  withoutDaemon: true,
  run: async (context, given) => {
    const names = namesOf(given);
    const at = given.values.get('at');
    if (at !== undefined) return statusAt(context, given, at);
    const resources = given.switches.has('resources');
    const asked = { ...(names.length > 0 ? { names } : {}), ...(resources ? { resources } : {}) };
    const result = await context.call('status', asked);
    const shown = given.switches.has('problems') ? onlyProblems(result) : result;
    context.print(shown, () => renderStatus(shown, context.style, context.io.now(), resources));
    // In a pipe the rows stay as scripts expect them.
    if (!context.style.terminal && !context.json) {
      for (const warning of configWarnings(result.daemon, context.io.now())) context.io.err(`procmanctl: ${warning}\n`);
    }
    return result.processes.some(({ verdict }) => verdict === 'problem') ? clientExit.problem : clientExit.ok;
  },
};

/** By configuration and holds alone: what is expected then, not what will have failed. */
async function statusAt(context: CommandContext, given: Given, at: string): Promise<number> {
  if (given.switches.has('problems'))
    throw new UsageError('--problems and --at exclude each other: problems are of now');
  if (given.switches.has('resources'))
    throw new UsageError('--resources and --at exclude each other: what is used is of now');
  const names = namesOf(given);
  const result = await context.call('status', names.length > 0 ? { names, at } : { at });
  const { renderStatusAt } = await context.io.reports();
  context.print(result, () => renderStatusAt(result, context.style));
  return clientExit.ok;
}

function onlyProblems(result: StatusResult): StatusResult {
  return { ...result, processes: result.processes.filter(({ verdict }) => verdict === 'problem') };
}
