import { clientExit } from '@procman/protocol/exit-codes';
import { closeSync, fchmodSync, fsyncSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { Command } from '../command.ts';
import { Failure, UsageError } from '../failure.ts';

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

/** Written beside, under a name that no collector reads, then renamed: whoever reads sees the old text or the new one. */
function replaceWhole(file: string, text: string): void {
  const draft = join(dirname(file), `.${basename(file)}.${process.pid}.new`);
  try {
    if (statSync(file, { throwIfNoEntry: false })?.isDirectory() === true)
      throw new Error('it is a folder; name a file in it');
    writeDraft(draft, text);
    renameSync(draft, file);
  } catch (cause) {
    rmSync(draft, { force: true });
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Failure(`cannot write ${file}: ${why}`, { exitCode: clientExit.failure, code: 'write', cause });
  }
}

function writeDraft(path: string, text: string): void {
  const descriptor = openSync(path, 'wx', 0o644);
  try {
    // Whatever the umask: the collector is another user.
    fchmodSync(descriptor, 0o644);
    const bytes = Buffer.from(text);
    for (let written = 0; written < bytes.length;) written += writeSync(descriptor, bytes, written);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
