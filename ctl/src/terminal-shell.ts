/** The interactive shell: prompt, line editing, history; commands run one after the other. */
import { clearScreenDown, createInterface, cursorTo, type Interface, moveCursor } from 'node:readline';
import { type Choice, selectorsOf } from './completion.ts';
import { DaemonLink } from './daemon-link.ts';
import { listDaemons } from './find-daemon.ts';
import { appendHistory, historyFile, loadHistory, LONGEST_HISTORY } from './history.ts';
import { shellProgram } from './programs.ts';
import { promptOf } from './prompt.ts';
import { type Completion, completeLine, listFiles } from './shell-completion.ts';
import { executeLine, type ShellHost } from './shell.ts';

export interface Terminal {
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
}

const NAMES_FRESH_MS = 1000;
/** Nobody waits longer at a Tab for a daemon that does not answer. */
const NAMES_PATIENCE_MS = 1000;

/** Prompts until `exit` or Ctrl-D. Its own exit code is 0: each failure was told when it happened. */
export function runTerminal(host: ShellHost, terminal: Terminal): Promise<number> {
  return new TerminalShell(host, terminal).run();
}

class TerminalShell {
  readonly #host: ShellHost;
  readonly #terminal: Terminal;
  readonly #historyFile: string | undefined;
  readonly #readline: Interface;
  readonly #link: DaemonLink;
  /** It can move its cursor: else there is no line editing, no completion and no history. */
  readonly #isCapable: boolean;
  readonly #pending: string[] = [];
  readonly #news: string[] = [];
  #lastStored: string | undefined;
  #lastCode = 0;
  #isBusy = true;
  #isClosed = false;
  #names: { readonly at: number; readonly list: Promise<readonly Choice[]> } | undefined;
  #whenIdle: () => void = () => undefined;

  constructor(host: ShellHost, terminal: Terminal) {
    this.#host = host;
    this.#terminal = terminal;
    this.#isCapable = !['', 'dumb'].includes(host.env.TERM ?? '');
    this.#historyFile = historyFile(host.env, host.surroundings.euid);
    this.#link = new DaemonLink(host, {
      onNews: (text) => this.#tell(text),
      onChange: () => this.#showPromptAnew(),
    });
    const history = loadHistory(this.#historyFile);
    this.#lastStored = history.at(-1);
    this.#readline = createInterface({
      ...terminal,
      terminal: this.#isCapable,
      history: history.reverse(),
      historySize: LONGEST_HISTORY,
      removeHistoryDuplicates: true,
      completer: (line: string, done: (error: null, completion: Completion) => void) => {
        void this.#complete(line).then((completion) => done(null, completion));
      },
    });
  }

  run(): Promise<number> {
    // Raw mode is off while a command runs, so that Ctrl-C is a signal then: the command handles it, the shell stays.
    const stay = (): void => {
      if (!this.#isCapable && !this.#isBusy) this.#clearLine();
    };
    process.on('SIGINT', stay);
    return new Promise((resolve) => {
      this.#readline.on('line', (line) => {
        this.#pending.push(line);
        if (!this.#isBusy) void this.#work();
      });
      this.#readline.on('SIGINT', () => this.#clearLine());
      this.#readline.on('close', () => {
        this.#isClosed = true;
        this.#link.close();
        process.off('SIGINT', stay);
        if (!this.#isBusy) resolve(0);
        else this.#whenIdle = () => resolve(0);
      });
      void this.#work();
    });
  }

  /** Runs the lines that have come (several when pasted), one after the other; then prompts. */
  async #work(): Promise<void> {
    this.#isBusy = true;
    this.#release();
    do {
      for (let line = this.#pending.shift(); line !== undefined; line = this.#pending.shift()) {
        if (await this.#execute(line)) {
          this.#pending.length = 0;
          this.#isBusy = false;
          this.#readline.close();
          return;
        }
      }
      if (!this.#isClosed) await this.#link.refresh();
    } while (this.#pending.length > 0);
    this.#isBusy = false;
    if (this.#isClosed) this.#whenIdle();
    else this.#resume();
  }

  /** Gives true where the line asks to leave. */
  async #execute(line: string): Promise<boolean> {
    this.#store(line);
    const isBlank = /^\s*(#|$)/.test(line);
    const { code, leaves } = await executeLine(line, this.#host);
    if (!isBlank) this.#lastCode = code;
    return leaves === true;
  }

  #release(): void {
    if (this.#isClosed) return;
    this.#readline.pause();
    this.#setRaw(false);
  }

  #resume(): void {
    for (const text of this.#news.splice(0)) this.#host.err(`procmanctl: ${text}\n`);
    this.#setRaw(true);
    this.#prompt();
  }

  #setRaw(isRaw: boolean): void {
    if (this.#isCapable) this.#terminal.input.setRawMode(isRaw);
  }

  #prompt(keepsCursor = false): void {
    const { view, hasOthers } = this.#link;
    const facts = { daemon: view, hasOthers, lastCode: this.#lastCode };
    this.#readline.setPrompt(promptOf(facts, this.#host.color && this.#isCapable));
    this.#readline.prompt(keepsCursor);
  }

  #clearLine(): void {
    this.#terminal.output.write(this.#isCapable ? '^C\n' : '\n');
    if (this.#isCapable) {
      this.#readline.write(null, { ctrl: true, name: 'e' });
      this.#readline.write(null, { ctrl: true, name: 'u' });
    }
    this.#prompt();
  }

  /* ---------------------------------------------------------------- what happens while nobody has asked */

  /** News of the daemon: above the line that is being typed, or before the next prompt. */
  #tell(text: string): void {
    if (this.#isClosed) return;
    if (this.#isBusy) {
      this.#news.push(text);
      return;
    }
    this.#leaveLine();
    this.#host.err(`procmanctl: ${text}\n`);
    this.#prompt(true);
  }

  /** Nothing moves under the hands of somebody who types. */
  #showPromptAnew(): void {
    if (this.#isBusy || this.#isClosed || !this.#isCapable || this.#readline.line !== '') return;
    this.#prompt(true);
  }

  /** Takes the typed line off the screen; the next prompt shows it again. */
  #leaveLine(): void {
    const { output } = this.#terminal;
    if (!this.#isCapable) {
      output.write('\n');
      return;
    }
    moveCursor(output, 0, -this.#readline.getCursorPos().rows);
    cursorTo(output, 0);
    clearScreenDown(output);
    // So many rows further up readline believes the line to begin.
    (this.#readline as unknown as { prevRows: number }).prevRows = 0;
  }

  /* ---------------------------------------------------------------- history and completion */

  #store(line: string): void {
    // As in bash (ignorespace): what begins with a blank is kept to oneself.
    if (/^\s/.test(line) || line === '' || line === this.#lastStored) return;
    this.#lastStored = line;
    appendHistory(this.#historyFile, line);
  }

  #complete(line: string): Promise<Completion> {
    return completeLine(line, shellProgram(this.#host.commands), {
      names: () => this.#freshNames(),
      uids: () => listDaemons(this.#host.surroundings).map(({ owner }) => ({ text: owner.uid })),
      files: listFiles,
    });
  }

  #freshNames(): Promise<readonly Choice[]> {
    const now = performance.now();
    if (!this.#names || now - this.#names.at > NAMES_FRESH_MS) this.#names = { at: now, list: this.#askNames() };
    return this.#names.list;
  }

  async #askNames(): Promise<readonly Choice[]> {
    let client: Awaited<ReturnType<ShellHost['connect']>> | undefined;
    const timer = setTimeout(() => client?.close(), NAMES_PATIENCE_MS);
    try {
      client = await this.#host.connect(await this.#host.target());
      return selectorsOf((await client.call('status', {})).processes);
    } catch {
      return [];
    } finally {
      clearTimeout(timer);
      client?.close();
    }
  }
}
