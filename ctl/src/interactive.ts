/** Entry of the bundle `interactive.cjs`: what only a person at a terminal needs. Loaded when first used. */
import CliTable from 'cli-table3';
import { question } from 'readline-sync';
import { linesOf, runScript, type ShellHost } from './shell.ts';
import { runTerminal } from './terminal-shell.ts';

/** Asks on the terminal; only `y` or `yes` is a yes. */
function confirm(prompt: string): boolean {
  // The question blocks, and a handler of Ctrl-C would run only after an answer. Without one, Ctrl-C ends all of this, the shell
  // too, with nothing done: it never becomes a question that goes on waiting for what is typed next.
  const handlers = process.rawListeners('SIGINT') as NodeJS.SignalsListener[];
  process.removeAllListeners('SIGINT');
  try {
    return /^y(es)?$/i.test(question(`${prompt} [y/N] `).trim());
  } finally {
    for (const handler of handlers) process.on('SIGINT', handler);
  }
}

/** A table in a frame, for people. */
function framedTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const table = new CliTable({ head: [...head], style: { head: [], border: [] } });
  table.push(...rows.map((row) => [...row]));
  return `${table.toString()}\n`;
}

function shell(host: ShellHost): Promise<number> {
  const { stdin, stdout } = process;
  return stdin.isTTY && stdout.isTTY
    ? runTerminal(host, { input: stdin, output: stdout })
    : runScript(linesOf(stdin), host);
}

export const interactive = { confirm, framedTable, shell };
export type Interactive = typeof interactive;
