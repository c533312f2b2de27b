import { clientExit } from '@procman/protocol/exit-codes';
import type { StatusResult } from '@procman/protocol/views';
import type { Command, Given } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { Failure, UsageError } from '../failure.ts';
import { follow } from '../follow.ts';
import { configWarnings, renderStatus, type StatusOptions } from '../render/status.ts';
import { ANY_NAMES, namesOf } from './options.ts';

export const status: Command = {
  name: 'status',
  summary: 'what each process does, and whether that is what it should do',
  operands: ANY_NAMES,
  options: [
    { long: 'problems', summary: 'only those with a problem' },
    { long: 'watch', short: 'w', summary: 'go on showing it: redrawn when something changes, until Ctrl-C' },
    { long: 'resources', summary: 'also what each run uses: processor, memory, threads, open files, processes' },
    { long: 'at', value: 'TIME', summary: 'what each is to do at that time: 18:00 (the next), 2026-12-01T08:00' },
    { long: 'nagios', summary: 'one line, perfdata and exit code for monitoring (Nagios, Icinga, Zabbix, Sensu)' },
  ],
  details: [
    'Red: a problem; yellow: on its way. Exit code 3 where there is a problem (pending, stale and held ones are none).',
    '--resources counts all that belongs to a run. CPU is of one processor, since it was asked for within the last minute, else over half a second.',
    '--watch follows events, and asks for nothing in between (but with --resources, every 2 seconds). Problems come first where not all fit. Without a daemon it shows what files tell until one comes. With --json: a line per change; in a pipe: the table anew.',
    '--nagios exits with 0 ok; 1 pending, stale, a config error, a held reload, no daemon but all right, a hold from before the boot; 2 a problem; 3 nobody can tell. With --problems only problems count.',
    'Without a daemon it answers from the files of the last one and /proc: the first line says so, exit code 5.',
    'In a pipe: no header, columns parted by two blanks or more; a broken configuration is told on stderr.',
  ],
  examples: [
    'status',
    'status worker',
    'status --problems',
    'status --watch',
    'status --resources',
    'status --at 18:00',
    'status --nagios',
    'status --json | jq .processes[0].pid',
  ],
  withoutDaemon: true,
  run: async (context, given) => {
    if (given.switches.has('nagios')) return nagios(context, given);
    const names = namesOf(given);
    const at = given.values.get('at');
    if (at !== undefined) return statusAt(context, given, at);
    const resources = given.switches.has('resources');
    const asked = { ...(names.length > 0 ? { names } : {}), ...(resources ? { resources } : {}) };
    const options = { resources, problems: given.switches.has('problems') };
    if (given.switches.has('watch')) {
      return (await context.io.live()).watch(context, { follow }, asked, options);
    }
    return show(context, await context.call('status', asked), options);
  },
};

function show(context: CommandContext, result: StatusResult, options: StatusOptions): number {
  const { io, style, json } = context;
  const shown = options.problems ? onlyProblems(result) : result;
  context.print(shown, () => renderStatus(result, style, io.now(), options));
  // In a pipe the rows stay as scripts expect them.
  if (!style.terminal && !json) {
    for (const warning of configWarnings(result.daemon, io.now())) io.err(`procmanctl: ${warning}\n`);
    if (result.processes.length === 0) io.err(`procmanctl: no processes: ${result.daemon.configPath} has none\n`);
  }
  return result.processes.some(({ verdict }) => verdict === 'problem') ? clientExit.problem : clientExit.ok;
}

/** Says everything with its line and its exit code, also what went wrong. */
async function nagios(context: CommandContext, given: Given): Promise<number> {
  const excluded = ['watch', 'resources', 'json'].find((option) => given.switches.has(option));
  const other = given.values.has('at') ? 'at' : excluded;
  if (other !== undefined) throw new UsageError(`--nagios and --${other} exclude each other`);
  const names = namesOf(given);
  const result = await inTime(context.call('status', names.length > 0 ? { names } : {}), NAGIOS_LIMIT_MS);
  const { judgeForNagios, bootTime } = await context.io.reports();
  const judged = judgeForNagios(result, {
    bootedAt: bootTime(context.surroundings.proc),
    onlyProblems: given.switches.has('problems'),
  });
  context.io.out(judged.text);
  return judged.exitCode;
}

/** Before the monitoring loses patience, which is ten seconds with most. */
const NAGIOS_LIMIT_MS = 8000;

function inTime<T>(work: Promise<T>, limitMs: number): Promise<T> {
  const late = new Promise<never>((_, reject) => {
    const message = `the daemon has not answered within ${limitMs / 1000} seconds`;
    const fail = (): void => reject(new Failure(message, { exitCode: clientExit.failure, code: 'timeout' }));
    setTimeout(fail, limitMs).unref();
  });
  return Promise.race([work, late]);
}

/** By configuration and holds alone: what is expected then, not what will have failed. */
async function statusAt(context: CommandContext, given: Given, at: string): Promise<number> {
  if (given.switches.has('problems'))
    throw new UsageError('--problems and --at exclude each other: problems are of now');
  if (given.switches.has('watch')) throw new UsageError('--watch and --at exclude each other: what happens is of now');
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
