import { clientExit } from '@procman/protocol/exit-codes';
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from '../command.ts';
import { Failure, UsageError } from '../failure.ts';
import { writeWhole } from '../whole-file.ts';

export const metrics: Command = {
  name: 'metrics',
  summary: 'figures for Prometheus, also where the daemon does not listen for it',
  operands: [],
  options: [
    {
      long: 'output',
      short: 'o',
      value: 'FILE',
      valueKind: 'file',
      summary: 'into this file, which is always whole: for the textfile collector of node_exporter (*.prom)',
    },
  ],
  details: [
    'docs/metrics.md tells what they mean. The file may be read by all (mode 0644); where the daemon cannot be reached it stays as it was, exit code 5.',
  ],
  examples: ['metrics', 'metrics -o /var/lib/prometheus/node-exporter/procman.prom'],
  run: async (context, given) => {
    const file = given.values.get('output');
    if (file === '') throw new UsageError('--output: the path is empty; name a file');
    const result = await context.call('metrics', {});
    if (file === undefined) context.print(result, () => result.text);
    else {
      replaceWhole(resolve(file), result.text);
      if (context.json) context.print({ file: resolve(file) }, () => '');
    }
    return clientExit.ok;
  },
};

/** Whoever reads sees the old text or the new one, whatever the umask: the collector is another user, and reads no drafts. */
function replaceWhole(file: string, text: string): void {
  try {
    if (statSync(file, { throwIfNoEntry: false })?.isDirectory() === true)
      throw new Error('it is a folder; name a file in it');
    writeWhole(file, text, 0o644);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Failure(`cannot write ${file}: ${why}`, { exitCode: clientExit.failure, code: 'write', cause });
  }
}
