import { clientExit } from '@procman/protocol/exit-codes';
import { resolve } from 'node:path';
import type { Command } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { Failure } from '../failure.ts';
import { planHint, renderUpdate } from '../render/update.ts';
import { exitOf } from './update.ts';

export const plan: Command = {
  name: 'plan',
  aliases: ['reread'],
  summary: 'what "update" would do, in order and why; changes nothing',
  operands: [{ label: 'FILE', kind: 'file', optional: true }],
  options: [],
  details: ['With FILE: as if that were the configuration; what it includes is read, too.'],
  examples: ['plan', 'plan new.toml', 'plan --json | jq .hash'],
  run: async (context, given) => {
    const [file] = given.operands;
    const config = file === undefined ? {} : { config: await readConfig(context, resolve(file)) };
    const result = await context.call('plan', config);
    const hint = context.style.terminal && file === undefined ? planHint(result) : '';
    context.print(result, () => renderUpdate(result, 'would', context.style) + hint);
    return exitOf(result);
  },
};

/** Read here, with all that it names, and not by the daemon: a root daemon opens no path for whoever has its socket. */
async function readConfig(context: CommandContext, path: string): Promise<{ path: string; text: string }> {
  const file = (await context.io.offline()).bundle(path);
  if (file.ok) return { path, text: file.text };
  throw new Failure(`${path}: ${file.message}`, { exitCode: clientExit.config, code: 'config' });
}
