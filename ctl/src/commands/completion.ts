import { clientExit } from '@procman/protocol/exit-codes';
import type { Command } from '../command.ts';
import { UsageError } from '../failure.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

export const completion: Command = {
  name: 'completion',
  summary: 'a script that lets your shell complete procmanctl and procmand',
  operands: [{ label: 'SHELL', kind: 'text', values: SHELLS }],
  options: [],
  details: [
    'SHELL is bash, zsh or fish. Names of processes are completed too, as the daemon knows them.',
    'For the shell that you are in: source <(procmanctl completion bash), also for zsh; procmanctl completion fish | source.',
    'The script asks procmanctl at each Tab, so it need not be written anew after an upgrade. Its first lines say where to put it.',
  ],
  examples: [
    'procmanctl completion bash > /usr/share/bash-completion/completions/procmanctl',
    'procmanctl completion zsh > ~/.zfunc/_procmanctl',
    'procmanctl completion fish > ~/.config/fish/completions/procmanctl.fish',
  ],
  run: async (context, given) => {
    const [word = ''] = given.operands;
    const shell = SHELLS.find((each) => each === word);
    if (shell === undefined)
      throw new UsageError(`"${word}" is no shell that there is a script for; it may be ${SHELLS.join(', ')}`);
    context.io.out((await context.io.completions()).script(shell));
    return clientExit.ok;
  },
};
