import { clientExit } from '@procman/protocol/exit-codes';
import { resolve } from 'node:path';
import type { Command } from '../command.ts';
import { writeNewFile } from './write-new-file.ts';

export const genFile: Command = {
  name: 'gen-file',
  summary: 'write a first configuration file, with a uid of its own',
  operands: [{ label: 'FILE', kind: 'file', optional: true }],
  options: [],
  details: ['A file that exists is never overwritten. Without FILE: to standard output.'],
  examples: ['gen-file procman.toml', 'gen-file > procman.toml'],
  run: async (context, given) => {
    const text = (await context.io.offline()).sampleFile(crypto.randomUUID(), context.io.now());
    const [file] = given.operands;
    if (file === undefined) context.io.out(text);
    else {
      writeNewFile(resolve(file), text);
      context.print({ file: resolve(file) }, () => `${file} written; "procmand run ${file}" serves it\n`);
    }
    return clientExit.ok;
  },
};
