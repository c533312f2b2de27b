/** Entry of the bundle `every-command.cjs`: the client with all commands, for whatever is not plainly `status`. */
import { COMMANDS } from './command-table.ts';
import { start } from './start.ts';

export const everyCommand = { start: (words: readonly string[]): void => start(words, COMMANDS) };
export type EveryCommand = typeof everyCommand;
