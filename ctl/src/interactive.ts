/** Entry of the bundle `interactive.cjs`: what only a person at a terminal needs. Loaded when first used. */
import CliTable from 'cli-table3';
import { question } from 'readline-sync';
import { linesOf, runScript, runTerminal, type ShellHost } from './shell.ts';

/** Asks on the terminal; only `y` or `yes` is a yes. */
function confirm(prompt: string): boolean {
  return /^y(es)?$/i.test(question(`${prompt} [y/N] `).trim());
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
