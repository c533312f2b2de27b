import { clientExit } from '@procman/protocol/exit-codes';
import { resolve } from 'node:path';
import type { Command, Given } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { UsageError } from '../failure.ts';
import { SOURCE_FORMATS } from '../import/formats.ts';
import type { ImportResult } from '../import/import-files.ts';
import { chosenWord } from './options.ts';
import { writeNewFile } from './write-new-file.ts';

export const importCommand: Command = {
  name: 'import',
  summary: "make a configuration from another system's files; needs no daemon",
  operands: [{ label: 'FILE', kind: 'file', repeated: true }],
  options: [
    {
      long: 'from',
      value: 'SYSTEM',
      values: SOURCE_FORMATS,
      summary: 'whose files they are',
    },
    {
      long: 'output',
      short: 'o',
      value: 'FILE',
      valueKind: 'file',
      summary: 'write into this new file, which only its owner may read',
    },
    {
      long: 'priorities',
      summary: "supervisord's different priorities are dependencies: what has a lower one is started first",
    },
  ],
  details: [
    'Without -o: to standard output. Nothing is started or changed. What has no counterpart is told in a comment at its place, "# import: FILE:LINE: ..."; what "check" would say of the result here goes to standard error.',
    'docs/moving-from/ has a guide for each system. An ecosystem file of pm2 in JavaScript has to be written as JSON first.',
  ],
  examples: [
    'import --from supervisord /etc/supervisord.conf -o procman.toml',
    'import --from systemd backup.service backup.timer',
    'import --from procfile Procfile > procman.toml',
  ],
  run: async (context, given) => {
    const importing = await context.io.importing();
    const result = importing.importFiles({
      from: formatOf(given),
      files: given.operands.map((file) => resolve(file)),
      options: { prioritiesAreDependencies: given.switches.has('priorities') },
      machine: importing.realMachine(context.io.env),
      uid: crypto.randomUUID(),
      now: context.io.now(),
    });
    if (result.ok) return printImported(result, given, context);
    if (context.json) context.print(result, () => '');
    else context.io.err(importing.renderProblems(result.problems));
    return clientExit.config;
  },
};

function formatOf(given: Given): (typeof SOURCE_FORMATS)[number] {
  const from = given.values.get('from');
  if (from === undefined) throw new UsageError(`"import" needs --from SYSTEM: ${SOURCE_FORMATS.join(', ')}`);
  return chosenWord('--from', from, SOURCE_FORMATS);
}

async function printImported(
  result: Extract<ImportResult, { ok: true }>,
  given: Given,
  context: CommandContext,
): Promise<number> {
  const { io } = context;
  const importing = await io.importing();
  const output = given.values.get('output');
  const file = output === undefined ? undefined : resolve(output);
  if (file !== undefined) writeNewFile(file, result.text, 0o600);
  // Relative paths start at the folder of the configuration.
  const problems = importing.problemsOf(result.text, file ?? resolve('procman.toml'));
  context.print({ ...result, ...(file === undefined ? {} : { file }), problems }, () =>
    file === undefined ? result.text : `${output ?? ''} written\n`,
  );
  if (context.json) return clientExit.ok;
  const { length } = result.remarks;
  if (length > 0)
    io.err(`${length} ${length === 1 ? 'thing has' : 'things have'} no exact counterpart: see the lines "# import:"\n`);
  if (problems.length > 0) io.err(`"check" would say of it here:\n${importing.renderProblems(problems)}`);
  return clientExit.ok;
}
