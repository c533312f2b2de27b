import { clientExit } from '@procman/protocol/exit-codes';
import { resolve } from 'node:path';
import type { Command, Given } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { Failure, UsageError } from '../failure.ts';
import type { Exporting } from '../exporting.ts';

type Export = Extract<ReturnType<Exporting['exportFile']>, { ok: true }>;

export const exportCommand: Command = {
  name: 'export',
  summary: 'write a configuration as units of systemd; needs no daemon',
  operands: [{ label: 'FILE', kind: 'file', optional: true }],
  options: [
    { long: 'to', value: 'WHAT', values: ['systemd'], summary: 'what is written: systemd' },
    {
      long: 'output',
      short: 'o',
      value: 'DIR',
      valueKind: 'file',
      summary: 'write files into DIR; else all is printed',
    },
    { long: 'user', summary: "for the systemd of a user, not the system's" },
    { long: 'prefix', value: 'TEXT', summary: 'put TEXT before the names of all units' },
    { long: 'force', summary: 'also replace files that were not written by "export"' },
  ],
  details: [
    'A service per instance, as worker_00.service; windows are two timers, one that starts and one that stops. What systemd has no counterpart for is a comment where it would stand. FILE may be given by -c instead.',
    'Versions are those in effect now. Nothing is installed, started or stopped. See docs/export.md.',
  ],
  examples: [
    'export procman.toml --to systemd',
    'export procman.toml --to systemd --output units',
    'export procman.toml --to systemd --user -o ~/.config/systemd/user',
  ],
  run: async (context, given) => {
    const file = configOf(given);
    const output = given.values.get('output');
    const { exportFile, writeFiles } = await context.io.exporting();
    const prefix = given.values.get('prefix') ?? '';
    if (!/^[A-Za-z0-9:_.-]*$/.test(prefix) || /^[.-]/.test(prefix))
      throw new UsageError(
        `--prefix: found "${prefix}"; allowed are letters, digits, ":", "_", "." and "-", none of the last two first`,
      );
    const exported = exportFile(file, {
      at: context.io.now().getTime(),
      scope: given.switches.has('user') ? 'user' : 'system',
      prefix,
      ...(output === undefined ? {} : { folder: resolve(output) }),
    });
    if (!exported.ok) {
      const { renderProblems } = await context.io.offline();
      if (context.json) context.print(exported, () => '');
      else context.io.err(renderProblems(exported.problems));
      return clientExit.config;
    }
    if (output === undefined) printAll(context, exported);
    else writeAll(context, exported, resolve(output), given.switches.has('force'), writeFiles);
    return clientExit.ok;
  },
};

function configOf(given: Given): string {
  if (given.values.get('to') !== 'systemd')
    throw new UsageError('export: --to is missing: say what to write; allowed: --to systemd');
  const [file = given.values.get('config')] = given.operands;
  if (file === undefined) throw new UsageError('export: FILE is missing: name the configuration file');
  return resolve(file);
}

function printAll(context: CommandContext, { files, notes }: Export): void {
  context.print({ ok: true, files, notes }, () => {
    const parts = files.map(({ name, mode, text }) => `# ==> ${name}${mode === 0o600 ? ' (mode 0600)' : ''}\n${text}`);
    return [...notes.map((note) => `# ${note}\n`), ...parts].join('\n');
  });
}

function writeAll(
  context: CommandContext,
  { files, notes }: Export,
  folder: string,
  force: boolean,
  writeFiles: Exporting['writeFiles'],
): void {
  const { written, refused } = attempt(() => writeFiles(folder, files, force), folder);
  if (refused.length > 0) {
    const list = refused.map(({ path, why }) => `${path} ${why}`).join('\n');
    throw new Failure(
      `${list}\nnothing was written: choose another --output, move it away, or replace it with --force`,
      {
        exitCode: clientExit.failure,
        code: 'exists',
        data: { refused },
      },
    );
  }
  context.print({ ok: true, written, notes }, () => [...written, ...notes].map((line) => `${line}\n`).join(''));
}

function attempt<T>(write: () => T, folder: string): T {
  try {
    return write();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Failure(`cannot write into ${folder}: ${why}`, { exitCode: clientExit.failure, code: 'write', cause });
  }
}
