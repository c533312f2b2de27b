import { readGuarded } from '@procman/daemon/config/guarded-file';
import { clientExit } from '@procman/protocol/exit-codes';
import { resolve } from 'node:path';
import type { Command } from '../command.ts';
import { Failure } from '../failure.ts';
import { renderUpdate } from '../render/update.ts';
import { exitOf } from './update.ts';

export const plan: Command = {
  name: 'plan',
  aliases: ['reread'],
  summary: 'what "update" would do, in order and why; changes nothing',
  operands: [{ label: 'FILE', kind: 'file', optional: true }],
  options: [],
  details: ['With FILE: as if that were the configuration.'],
  examples: ['plan', 'plan new.toml', 'plan --json | jq .hash'],
  run: async (context, given) => {
    const [file] = given.operands;
    const result = await context.call('plan', file === undefined ? {} : { config: readConfig(resolve(file)) });
    context.print(result, () => renderUpdate(result, 'would', context.style));
    return exitOf(result);
  },
};

/** Read here and not by the daemon: a root daemon opens no path for whoever has its socket. */
function readConfig(path: string): { path: string; text: string } {
  const file = readGuarded(path);
  if (file.ok) return { path, text: file.text };
  throw new Failure(`${path}: ${file.message}`, { exitCode: clientExit.config, code: 'config' });
}
