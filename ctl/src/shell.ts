/** Lines of commands: what the interactive shell and scripts on standard input have in common, and the scripts. */
import { createInterface } from 'node:readline';
import type { Client } from './client.ts';
import type { Command } from './command.ts';
import type { Surroundings, Target } from './find-daemon.ts';
import { sequenceOf, type Step } from './sequence.ts';
import { quoteWord } from './text/words.ts';

/** What the shell needs of the client around it. */
export interface ShellHost {
  readonly commands: readonly Command[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly surroundings: Surroundings;
  readonly color: boolean;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Runs one command line; reports its own failures; gives the exit code. */
  readonly execute: (words: readonly string[]) => Promise<number>;
  /** The daemon that the shell is for; rejects where none runs, or several do. */
  readonly target: () => Promise<Target>;
  readonly connect: (target: Target) => Promise<Client>;
  readonly exitOnError: boolean;
}

const EXIT_USAGE = 2;
export const EXIT_INTERRUPTED = 130;

/** What one line comes to. */
export interface Outcome {
  /** Exit code of the last command that ran. */
  readonly code: number;
  /** The last command of the line that failed. */
  readonly failed?: { readonly command: string; readonly code: number };
  readonly leaves?: true;
}

/** Runs the commands of a line. Ctrl-C at one of them drops the rest, and so does a failure with `stopAtFailure`. */
export async function executeLine(line: string, host: ShellHost, stopAtFailure = false): Promise<Outcome> {
  const sequence = sequenceOf(line);
  if ('problem' in sequence) {
    host.err(`procmanctl: ${sequence.problem}\n`);
    return { code: EXIT_USAGE, failed: { command: line.trim(), code: EXIT_USAGE } };
  }
  let outcome: Outcome = { code: 0 };
  for (const step of sequence.steps) {
    if (step.onlyAfterSuccess && outcome.code !== 0) continue;
    if (isLeave(step)) return { ...outcome, leaves: true };
    const code = await host.execute(step.words);
    outcome = code === 0 ? { ...outcome, code } : { code, failed: { command: shown(step), code } };
    if (code === EXIT_INTERRUPTED || (code !== 0 && stopAtFailure)) break;
  }
  return outcome;
}

function shown({ words }: Step): string {
  return words.map(quoteWord).join(' ');
}

function isLeave({ words }: Step): boolean {
  return words.length === 1 && (words[0] === 'exit' || words[0] === 'quit');
}

/** One line after the other, nothing echoed; gives the exit code of the last command that failed. */
export async function runScript(lines: AsyncIterable<string>, host: ShellHost): Promise<number> {
  let failure = 0;
  let number = 0;
  for await (const line of lines) {
    number += 1;
    const { code, failed, leaves } = await executeLine(line, host, host.exitOnError);
    if (failed) failure = failed.code;
    if (failed && host.exitOnError) {
      host.err(`procmanctl: line ${number}: "${failed.command}" ended with exit code ${failed.code}; stopped (-e)\n`);
      break;
    }
    if (leaves || code === EXIT_INTERRUPTED) break;
  }
  return failure;
}

/** Lines of standard input that is no terminal. */
export function linesOf(input: NodeJS.ReadableStream): AsyncIterable<string> {
  return createInterface({ input, terminal: false, crlfDelay: Infinity });
}
