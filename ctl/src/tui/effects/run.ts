/** `tui`: state, screen, keys and link put together, and taken apart again whatever happens. */
import { render } from 'ink';
import { createElement } from 'react';
import type { CommandContext, Reached } from '../../context.ts';
import type { Wish } from '../../find-daemon.ts';
import { hasUnicode } from '../../render/timeline-picture.ts';
import type { Effect, Input } from '../model/inputs.ts';
import { itemsOf } from '../model/items.ts';
import { bodyRows, seesUsage } from '../model/layout.ts';
import { reduce } from '../model/reduce.ts';
import { initialState, type State } from '../model/state.ts';
import { frameOf } from '../view/frame.ts';
import { guardTerminal } from './guard.ts';
import { LogTail } from './log-tail.ts';
import { performer } from './performer.ts';
import { Screen } from './screen.ts';
import { Session } from './session.ts';
import { Frame, inputHandler } from './view.ts';

const TICK_MS = 1000;

/** Gives the exit code; rejects where there is nothing to show at the beginning. */
export async function runTui(context: CommandContext): Promise<number> {
  const wish = await context.wish();
  // Before anything is drawn: that no daemon can be reached is told as by every other command.
  const first = await context.reach(wish).catch((error: unknown) => {
    if (codeOf(error) === 'several-daemons') return undefined;
    throw error;
  });
  return new Promise((resolve, reject) => {
    new Tui(context, wish, first, resolve, reject).start();
  });
}

const codeOf = (error: unknown): unknown => (error as { code?: unknown } | undefined)?.code;

class Tui {
  readonly #context: CommandContext;
  readonly #screen: Screen;
  readonly #tail: LogTail;
  readonly #resolve: (code: number) => void;
  readonly #reject: (error: unknown) => void;
  readonly #perform: (effect: Effect) => void;
  readonly #onInput = inputHandler((key) => this.#take({ kind: 'key', key }));
  #wish: Wish;
  readonly #first: Reached | undefined;
  #state: State;
  #session: Session;
  #ink: ReturnType<typeof render> | undefined;
  #isDrawing = false;
  #isOver = false;
  readonly #tidy: (() => void)[] = [];

  constructor(
    context: CommandContext,
    wish: Wish,
    first: Reached | undefined,
    resolve: (code: number) => void,
    reject: (error: unknown) => void,
  ) {
    const { io, style } = context;
    this.#context = context;
    this.#wish = wish;
    this.#first = first;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#screen = new Screen(io);
    const size = { columns: io.columns(), rows: io.rows() };
    this.#state = initialState({ size, now: Date.now(), color: style.color, unicode: hasUnicode(io.env) });
    this.#session = this.#newSession();
    const reach = (): Promise<Reached> => context.reach(this.#wish);
    this.#tail = new LogTail({ reach, tell: this.#take });
    this.#perform = performer({
      context,
      session: () => this.#session,
      state: () => this.#state,
      tell: this.#take,
      tail: this.#tail,
      quit: (code) => this.#end(() => this.#resolve(code)),
      suspend: () => this.#suspend(),
      switchTo: (socket) => this.#switchTo(socket),
    });
  }

  start(): void {
    const { io } = this.#context;
    this.#tidy.push(
      guardTerminal(io, this.#screen, {
        resized: () => this.#resized(),
        suspended: () => this.#suspend(),
        resumed: () => this.#resumed(),
        ended: (code, signal) =>
          this.#end(() => {
            if (signal !== undefined) io.raise(signal);
            this.#resolve(code);
          }),
        crashed: (error) => this.#end(() => this.#reject(error)),
      }),
    );
    const tick = setInterval(() => this.#take({ kind: 'tick' }), TICK_MS);
    this.#tidy.push(() => clearInterval(tick));
    try {
      this.#screen.enter();
      // `debug`: Ink hands over each frame whole, at once; the screen finds out what is new in it.
      this.#ink = render(this.#element(), {
        stdout: this.#screen as unknown as NodeJS.WriteStream,
        debug: true,
        exitOnCtrlC: false,
        patchConsole: false,
      });
    } catch (error) {
      this.#end(() => this.#reject(error));
      return;
    }
    if (this.#first) void this.#session.run(this.#first);
    else this.#choose();
  }

  /** Several daemons, and none was named. */
  #choose(): void {
    this.#state = { ...this.#state, views: [{ kind: 'daemons', selected: 0 }] };
    this.#perform({ kind: 'daemons' });
  }

  readonly #take = (input: Input): void => {
    if (this.#isOver) return;
    try {
      const { state, effects } = reduce(this.#state, input, Date.now());
      this.#state = state;
      effects.forEach(this.#perform);
      this.#drawSoon();
    } catch (error) {
      this.#end(() => this.#reject(error));
    }
  };

  /** Once for all that comes in one turn. */
  #drawSoon(): void {
    if (this.#isDrawing) return;
    this.#isDrawing = true;
    queueMicrotask(() => {
      this.#isDrawing = false;
      if (this.#isOver) return;
      try {
        this.#ink?.rerender(this.#element());
      } catch (error) {
        this.#end(() => this.#reject(error));
      }
    });
  }

  #element(): ReturnType<typeof createElement> {
    return createElement(Frame, { tokens: this.#screen.tokensOf(frameOf(this.#state)), onInput: this.#onInput });
  }

  #newSession(): Session {
    return new Session({
      reach: () => this.#context.reach(this.#wish),
      tell: (input) => this.#take(input),
      wanted: () => namesInSight(this.#state),
    });
  }

  #switchTo(socket: string): void {
    this.#session.close();
    this.#wish = { socket };
    const { size, color, unicode } = this.#state;
    this.#state = initialState({ size, now: Date.now(), color, unicode });
    this.#session = this.#newSession();
    void this.#session.run();
  }

  #resized(): void {
    const { io } = this.#context;
    this.#screen.forget();
    this.#take({ kind: 'resize', size: { columns: io.columns(), rows: io.rows() } });
  }

  #suspend(): void {
    process.stdin.setRawMode(false);
    this.#screen.leave();
    this.#context.io.raise('SIGSTOP');
  }

  #resumed(): void {
    process.stdin.setRawMode(true);
    this.#screen.enter();
    this.#resized();
  }

  /** Once; what is said afterwards is said on a clean terminal. */
  #end(then: () => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#session.close();
    this.#tail.stop();
    for (const each of this.#tidy) each();
    try {
      this.#ink?.unmount();
    } catch {
      // It has failed before: the terminal is put right all the same.
    }
    try {
      if (process.stdin.isTTY) process.stdin.setRawMode(false);
      this.#screen.leave();
    } catch {
      // The terminal has gone.
    }
    then();
  }
}

/** Instances whose CPU and memory can be seen now. */
function namesInSight(state: State): readonly string[] {
  if (!seesUsage(state) || state.views.length > 0 || state.status === undefined) return [];
  const { top } = state.list;
  const items = itemsOf(state).slice(top, top + bodyRows(state));
  return items.flatMap((item) => (item.kind === 'row' && item.row.pid !== undefined ? [item.row.name] : []));
}
