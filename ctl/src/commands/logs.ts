import type { Params } from '@procman/protocol/contract';
import { clientExit } from '@procman/protocol/exit-codes';
import type { LogsResult } from '@procman/protocol/views';
import { quoteWord } from '../text/words.ts';
import type { Command, Given } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { UsageError } from '../failure.ts';
import { follow } from '../follow.ts';

export const logs: Command = {
  name: 'logs',
  aliases: ['tail'],
  summary: 'the last lines of a log, and with -f those to come',
  operands: [{ label: 'NAME', kind: 'name', optional: true }],
  options: [
    { long: 'follow', short: 'f', summary: 'go on printing what comes, until Ctrl-C' },
    { long: 'lines', short: 'n', value: 'NUMBER', summary: 'so many lines; 50 unless told' },
    { long: 'stderr', summary: 'the error stream' },
    { long: 'daemon', summary: "the daemon's own log" },
  ],
  examples: ['logs nginx', 'logs nginx -f', 'logs worker:worker_00 -n 200 --stderr', 'logs --daemon'],
  withoutDaemon: true,
  run: async (context, given) => {
    const params = logsParams(given);
    return params.follow ? followLines(context, params) : show(context, params);
  },
};

function logsParams(given: Given): Params<'logs'> {
  const [name] = given.operands;
  const daemon = given.switches.has('daemon');
  if ((name === undefined) !== daemon) throw new UsageError('"logs" needs a NAME, or --daemon');
  return {
    ...(name === undefined ? { daemon: true as const } : { name }),
    ...(given.switches.has('stderr') ? { stream: 'stderr' as const } : {}),
    ...(given.switches.has('follow') ? { follow: true } : {}),
    lines: parseLines(given.values.get('lines') ?? '50'),
  };
}

function parseLines(text: string): number {
  if (!/^\d{1,7}$/.test(text)) throw new UsageError(`--lines: "${text}" is no number of lines`);
  return Number(text);
}

async function show(context: CommandContext, params: Params<'logs'>): Promise<number> {
  const result = await context.call('logs', params);
  context.print(result, () => joined(result.lines));
  if (!context.json && result.lines.length === 0) await explainEmpty(context, params, result);
  return clientExit.ok;
}

/** Says where the text went, when there is none. */
async function explainEmpty(context: CommandContext, params: Params<'logs'>, result: LogsResult): Promise<void> {
  const stream = result.stream === 'stdout' ? 'stderr' : 'stdout';
  const none = result.path === null ? 'is kept in no file' : 'is empty';
  const other = params.daemon ? undefined : await context.call('logs', { ...params, stream, lines: 1 });
  const words = stream === 'stderr' ? ' --stderr' : '';
  const hint = other && other.lines.length > 0 ? `; ${stream} has text: logs ${quoteWord(result.name)}${words}` : '';
  context.io.err(`${result.name}: ${params.daemon ? 'the log' : result.stream} ${none}${hint}\n`);
}

function followLines(context: CommandContext, params: Params<'logs'>): Promise<never> {
  const show = (result: { readonly lines: readonly string[] }): void => {
    context.print(result, () => joined(result.lines));
  };
  return follow(context, { method: 'logs', params, notification: 'log', onResult: show, onNotification: show });
}

function joined(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}
