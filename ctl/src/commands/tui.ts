import type { Command } from '../command.ts';
import { UsageError } from '../failure.ts';
import { isDumb } from '../render/style.ts';

export const tui: Command = {
  name: 'tui',
  summary: 'all processes on a full screen, to look at and to act on',
  operands: [],
  options: [],
  details: [
    'A line for each instance, trouble first: state against expectation, pid, uptime, restarts, CPU, memory, what comes next.',
    'Enter shows why it is so, its configuration, what it depends on, its events, and its log as it grows.',
    'Start, stop, restart, unblock and reload by key; where something would stop you are told what, and asked. "?" shows all keys.',
    'Without a daemon the files of the last one answer, marked UNSUPERVISED, until one comes.',
  ],
  examples: ['tui', 'tui -c procman.toml'],
  run: async (context) => {
    const { io, json } = context;
    if (json)
      throw new UsageError('--json and "tui" exclude each other; "status --watch --json" tells each change as data');
    if (!io.stdinIsTerminal || !io.stdoutIsTerminal) {
      throw new UsageError('"tui" needs a terminal for its input and output; "status --watch" goes into a pipe, too');
    }
    if (isDumb(io.env.TERM)) {
      throw new UsageError(
        `"tui" needs a terminal that can move its cursor, and TERM is "${io.env.TERM ?? ''}"; set TERM, or use "status --watch"`,
      );
    }
    return (await io.tui()).run(context);
  },
};
