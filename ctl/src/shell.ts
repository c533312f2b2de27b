/** The interactive shell, and the reader of scripts on standard input. */
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { Command } from './command.ts';
import { completeLine, type Completion } from './completion.ts';
import { appendHistory, historyFile, loadHistory, LONGEST_HISTORY } from './history.ts';
import { sequenceOf, type Step } from './sequence.ts';

/** What the shell needs of the client around it. */
export interface ShellHost {
  readonly commands: readonly Command[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Runs one command line; reports its own failures; gives the exit code. */
  readonly execute: (words: readonly string[]) => Promise<number>;
  /** Selectors known to the daemon; empty when there is none. */
  readonly names: () => Promise<readonly string[]>;
  readonly exitOnError: boolean;
}

export interface Terminal {
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
}

const PROMPT = 'procman> ';
const NAMES_FRESH_MS = 1000;
const EXIT_USAGE = 2;
const EXIT_INTERRUPTED = 130;

/** What one line of the shell comes to: an exit code, or the wish to leave. */
type Outcome = number | 'leave';

/** Runs the commands of a line; Ctrl-C at one of them drops the rest. */
async function executeLine(line: string, host: ShellHost): Promise<Outcome> {
  const sequence = sequenceOf(line);
  if ('problem' in sequence) {
    host.err(`procmanctl: ${sequence.problem}\n`);
    return EXIT_USAGE;
  }
  let outcome: Outcome = 0;
  for (const step of sequence.steps) {
    if (step.onlyAfterSuccess && outcome !== 0) continue;
    outcome = await executeStep(step, host);
    if (outcome === 'leave' || outcome === EXIT_INTERRUPTED) break;
  }
  return outcome;
}

function executeStep({ words }: Step, host: ShellHost): Promise<Outcome> | Outcome {
  const [word, ...others] = words;
  return others.length === 0 && (word === 'exit' || word === 'quit') ? 'leave' : host.execute(words);
}

/** One command per line, nothing echoed; gives the exit code of the last one that failed. */
export async function runScript(lines: AsyncIterable<string>, host: ShellHost): Promise<number> {
  let failure = 0;
  for await (const line of lines) {
    const outcome = await executeLine(line, host);
    if (outcome === 'leave') break;
    if (outcome !== 0) failure = outcome;
    if (outcome === EXIT_INTERRUPTED || (outcome !== 0 && host.exitOnError)) break;
  }
  return failure;
}

/** Prompts until `exit` or Ctrl-D. Its own exit code is 0: each failure was told when it happened. */
export function runTerminal(host: ShellHost, terminal: Terminal): Promise<number> {
  return new TerminalShell(host, terminal).run();
}

class TerminalShell {
  readonly #host: ShellHost;
  readonly #terminal: Terminal;
  readonly #historyFile: string | undefined;
  readonly #readline: Interface;
  readonly #pending: string[] = [];
  #lastStored: string | undefined;
  #isBusy = false;
  #isClosed = false;
  #names: { readonly at: number; readonly list: Promise<readonly string[]> } | undefined;

  constructor(host: ShellHost, terminal: Terminal) {
    this.#host = host;
    this.#terminal = terminal;
    this.#historyFile = historyFile(host.env);
    const history = loadHistory(this.#historyFile);
    this.#lastStored = history.at(-1);
    this.#readline = createInterface({
      ...terminal,
      terminal: true,
      prompt: PROMPT,
      history: history.reverse(),
      historySize: LONGEST_HISTORY,
      completer: (line: string, done: (error: null, completion: Completion) => void) => {
        void this.#complete(line).then((completion) => done(null, completion));
      },
    });
  }

  run(): Promise<number> {
    // Raw mode is off while a command runs, so that Ctrl-C is a signal then: the command handles it, the shell stays.
    const stay = (): void => undefined;
    process.on('SIGINT', stay);
    return new Promise((resolve) => {
      this.#readline.on('line', (line) => {
        this.#pending.push(line);
        void this.#work();
      });
      this.#readline.on('SIGINT', () => this.#clearLine());
      this.#readline.on('close', () => {
        this.#isClosed = true;
        process.off('SIGINT', stay);
        if (!this.#isBusy) resolve(0);
        else this.#whenIdle = () => resolve(0);
      });
      this.#readline.prompt();
    });
  }

  #whenIdle: () => void = () => undefined;

  /** Runs the lines that have come (several when pasted), one after the other. */
  async #work(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.#release();
    for (let line = this.#pending.shift(); line !== undefined; line = this.#pending.shift()) {
      this.#store(line);
      if ((await executeLine(line, this.#host)) === 'leave') {
        this.#pending.length = 0;
        this.#isBusy = false;
        this.#readline.close();
        return;
      }
    }
    this.#isBusy = false;
    if (this.#isClosed) this.#whenIdle();
    else this.#resume();
  }

  #release(): void {
    if (this.#isClosed) return;
    this.#readline.pause();
    this.#terminal.input.setRawMode(false);
  }

  #resume(): void {
    this.#terminal.input.setRawMode(true);
    this.#readline.prompt();
  }

  #clearLine(): void {
    this.#terminal.output.write('^C\n');
    this.#readline.write(null, { ctrl: true, name: 'e' });
    this.#readline.write(null, { ctrl: true, name: 'u' });
    this.#readline.prompt();
  }

  #store(line: string): void {
    if (line.trim() === '' || line === this.#lastStored) return;
    this.#lastStored = line;
    appendHistory(this.#historyFile, line);
  }

  async #complete(line: string): Promise<Completion> {
    const names = await this.#freshNames();
    return completeLine(line, { commands: this.#host.commands, names, files: listFiles });
  }

  #freshNames(): Promise<readonly string[]> {
    const now = performance.now();
    if (!this.#names || now - this.#names.at > NAMES_FRESH_MS) {
      this.#names = { at: now, list: this.#host.names().catch(() => []) };
    }
    return this.#names.list;
  }
}

/** Lines of standard input that is no terminal. */
export function linesOf(input: NodeJS.ReadableStream): AsyncIterable<string> {
  return createInterface({ input, terminal: false, crlfDelay: Infinity });
}

/** Files and folders (with a final slash) that begin so. */
function listFiles(prefix: string): readonly string[] {
  const folder = prefix.endsWith('/') ? prefix : dirname(prefix);
  const shown = prefix.endsWith('/') ? prefix : prefix.includes('/') ? `${folder.replace(/\/$/, '')}/` : '';
  try {
    return readdirSync(folder, { withFileTypes: true })
      .map((entry) => (entry.isDirectory() ? `${join(shown, entry.name)}/` : join(shown, entry.name)))
      .filter((path) => path.startsWith(prefix));
  } catch {
    return [];
  }
}
