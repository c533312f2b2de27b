/** A pseudo-terminal that a test types into and reads the screen of: a tmux server of its own. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { World } from './world.ts';

/** Names of keys as tmux has them: `Tab`, `Enter`, `Up`, `C-c`, `C-d`. */
export type Key = 'Tab' | 'Enter' | 'Escape' | 'Up' | 'Down' | 'End' | 'C-c' | 'C-d' | 'C-u' | 'C-z';

export class Terminal {
  static #count = 0;
  readonly #world: World;
  readonly #socket: string;
  readonly #env: NodeJS.ProcessEnv;

  /** @param command - run by sh; the terminal stays after its end and shows `ended CODE` */
  constructor(world: World, command: string, env: NodeJS.ProcessEnv = world.env) {
    this.#world = world;
    this.#env = env;
    this.#socket = join(world.root, `tmux-${(Terminal.#count += 1)}`);
    const shown = `${command}; echo "ended $?"; exec sleep 1000000`;
    this.#tmux('-f', '/dev/null', 'new-session', '-d', '-x', '120', '-y', '40', shown);
  }

  /** Returns once it shows: what comes in one piece with it would count as pasted, where Tab completes nothing. */
  async type(text: string): Promise<void> {
    const before = this.screen().split(text).length;
    this.#tmux('send-keys', '-l', text);
    await this.#world.waitFor(`the screen to echo ${text}`, () => this.screen().split(text).length > before);
  }

  press(...keys: Key[]): void {
    this.#tmux('send-keys', ...keys);
  }

  /** A line, typed and sent. */
  enter(line: string): void {
    this.#tmux('send-keys', '-l', line);
    this.press('Enter');
  }

  screen(): string {
    return this.#tmux('capture-pane', '-p', '-J', '-S', '-');
  }

  /** Until the screen shows this. */
  async waitFor(wanted: string | RegExp): Promise<string> {
    const shows = (screen: string): boolean =>
      typeof wanted === 'string' ? screen.includes(wanted) : wanted.test(screen);
    let screen = '';
    return this.#world.waitFor(`the screen to show ${String(wanted)}`, () => {
      screen = this.screen();
      if (shows(screen)) return screen;
      throw new Error(`the screen:\n${screen}`);
    });
  }

  /** What is seen now, without what has scrolled away. */
  visible(): string {
    return this.#tmux('capture-pane', '-p');
  }

  /** A key that is a sign. */
  hit(...signs: string[]): void {
    for (const sign of signs) this.#tmux('send-keys', '-l', sign);
  }

  resize(columns: number, rows: number): void {
    this.#tmux('resize-window', '-x', String(columns), '-y', String(rows));
  }

  /** Whether a program has left it as it was: the usual screen, a cursor, and no modes of a full screen. */
  isClean(): boolean {
    const format = '#{alternate_on} #{cursor_flag} #{wrap_flag} #{keypad_flag}';
    return this.#tmux('display-message', '-p', format).trim() === '0 1 1 0';
  }

  /** Path of its device. */
  tty(): string {
    return this.#tmux('display-message', '-p', '#{pane_tty}').trim();
  }

  close(): void {
    spawnSync('tmux', ['-S', this.#socket, 'kill-server']);
  }

  #tmux(...args: string[]): string {
    const { status, stdout, stderr } = spawnSync('tmux', ['-S', this.#socket, ...args], {
      env: { ...this.#env, TERM: 'xterm' },
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`tmux ${args.join(' ')}: ${stderr}`);
    return stdout;
  }
}
