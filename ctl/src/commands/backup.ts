import { clientExit } from '@procman/protocol/exit-codes';
import { resolve } from 'node:path';
import type { Command } from '../command.ts';

export const backup: Command = {
  name: 'backup',
  summary: 'save configuration, holds, ledgers and events of a daemon to a file',
  operands: [{ label: 'FILE', kind: 'file' }],
  options: [{ long: 'force', summary: 'replace FILE if it is there' }],
  details: [
    'A tar.gz (mode 0600, it may hold secrets) with the configuration and all files that it names (included ones, env-files, those with passwords and tokens), the states of instances, and a consistent copy of the history. The daemon may run or not; nothing is stopped. "restore" brings it back.',
  ],
  examples: ['backup /var/backups/procman.tar.gz', '-c procman.toml backup shop.tar.gz --force'],
  run: async (context, given) => {
    const { save } = await context.io.backups();
    const file = resolve(given.operands[0] ?? '');
    const wish = await context.wish();
    const result = save(file, wish, context.surroundings, context.io.now(), given.switches.has('force'));
    context.print(result, () => {
      const count = (kind: string): number => result.files.filter((each) => each.kind === kind).length;
      const history = count('events') === 0 ? 'no history' : 'the history';
      const notes = result.notes.map((note) => `${note}\n`).join('');
      return `${notes}${file} written (uid ${result.uid}): configuration files: ${count('config')}, instances: ${count('instance')}, holds: ${count('hold')}, ${history}\n`;
    });
    return clientExit.ok;
  },
};
