/** The grammars of both programs, as completion reads them. */
import { BARE_OPERANDS, DAEMON_VERBS, RUN_BUILT_IN, RUN_OPTIONS } from '@procman/daemon/option-table';
import { type Command, GLOBAL_OPTIONS, SHELL_OPTIONS } from './command.ts';
import type { Program } from './completion.ts';
import { TOPICS } from './topics.ts';

const topics = TOPICS.map(({ name, title }) => ({ text: name, about: title }));

export function clientProgram(commands: readonly Command[]): Program {
  return { verbs: commands, globals: GLOBAL_OPTIONS, bare: { operands: [], options: SHELL_OPTIONS }, topics };
}

const leave = ['exit', 'quit'].map((name) => ({ name, summary: 'leave the shell', operands: [], options: [] }));

/** In the shell, which has words of its own, and no options without a command. */
export function shellProgram(commands: readonly Command[]): Program {
  const { verbs, ...others } = clientProgram(commands);
  return { ...others, verbs: [...verbs, ...leave], bare: { operands: [], options: [] } };
}

export const daemonProgram: Program = {
  verbs: DAEMON_VERBS,
  globals: [],
  bare: { operands: BARE_OPERANDS, options: [...RUN_OPTIONS, ...RUN_BUILT_IN] },
  topics: [],
};
