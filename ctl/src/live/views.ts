/** Where `status --watch` shows what it sees: a line of JSON per change, the table anew, or a screen that is redrawn in place. */
import type { StatusResult } from '@procman/protocol/views';
import type { CommandContext } from '../context.ts';
import { configWarnings, renderStatus, type StatusOptions } from '../render/status.ts';
import { isDumb, type Style } from '../render/style.ts';
import { formatTime } from '../text/time.ts';
import { aged, fingerprint, frameOf } from './frame.ts';

export interface View {
  /** What a daemon tells. */
  readonly show: (status: StatusResult) => void;
  /** What files tell while there is no daemon; until the next `show`. @param headline - says so, and since when */
  readonly unsupervised: (status: StatusResult, headline: string) => void;
  /** The daemon has gone; until the next of these. */
  readonly away: () => void;
  readonly end: () => void;
  /** Rejects where nothing can be shown any more. */
  readonly failure: Promise<never>;
}

export function viewOf(context: CommandContext, options: StatusOptions): View {
  const { io, style, json } = context;
  if (json) return jsonView(context, options);
  // Without cursor moves there is no redrawing in place.
  return style.terminal && !isDumb(io.env.TERM) ? new ScreenView(context, options) : textView(context, options);
}

const GONE = 'the daemon has gone; waiting until it is back';
const BACK = 'the daemon is back';
/** Where nothing is shown but on request, which then fails itself. */
const NEVER = new Promise<never>(() => undefined);

function jsonView({ io }: CommandContext, { problems }: StatusOptions): View {
  const show = onChange(({ daemon, processes }) => {
    const shown = problems ? processes.filter(({ verdict }) => verdict === 'problem') : processes;
    io.out(`${JSON.stringify({ daemon, processes: shown })}\n`);
  });
  const away = (): void => {
    io.out(`${JSON.stringify({ error: { code: 'no-daemon', message: GONE } })}\n`);
    show.forget();
  };
  return { show: show.see, unsupervised: show.see, away, end: () => undefined, failure: NEVER };
}

function textView({ io, style }: CommandContext, options: StatusOptions): View {
  let isFirst = true;
  let isAway = false;
  const print = (status: StatusResult, headline?: string): void => {
    const first = headline === undefined ? '' : `${headline}\n`;
    io.out(`${isFirst ? '' : '\n'}${first}${renderStatus(status, style, io.now(), options)}`);
    if (!style.terminal) for (const text of configWarnings(status.daemon, io.now())) io.err(`procmanctl: ${text}\n`);
    isFirst = false;
  };
  const show = onChange((status, headline) => {
    if (isAway && headline === undefined) io.err(`procmanctl: ${BACK}\n`);
    isAway = headline !== undefined;
    print(status, headline);
  });
  const away = (): void => {
    isAway = true;
    io.err(`procmanctl: ${GONE}\n`);
    show.forget();
  };
  return { show: show.see, unsupervised: show.see, away, end: () => undefined, failure: NEVER };
}

/** Passes on what differs from the one before in more than uptimes. */
function onChange(pass: (status: StatusResult, headline?: string) => void): {
  see: (status: StatusResult, headline?: string) => void;
  forget: () => void;
} {
  let last: string | undefined;
  const see = (status: StatusResult, headline?: string): void => {
    const now = fingerprint(status);
    if (now !== last) pass(status, headline);
    last = now;
  };
  return { see, forget: () => (last = undefined) };
}

/** Alternate screen, no cursor, no wrapping; and back (xterm(1), "Functions using CSI"). */
const ENTER = '\u001b[?1049h\u001b[?25l\u001b[?7l';
const LEAVE = '\u001b[?7h\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';
const TICK_MS = 1000;

class ScreenView implements View {
  readonly #context: CommandContext;
  readonly #options: StatusOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #unlisten: () => void;
  #seen: { readonly status: StatusResult; readonly at: number } | undefined;
  #footer = 'Ctrl-C ends';
  /** Above all else: that nobody supervises. */
  #headline: string | undefined;
  #isAway = false;
  #isEntered = false;
  #drawn = '';
  #fail: (error: unknown) => void = () => undefined;
  readonly failure = new Promise<never>((_, reject) => (this.#fail = reject));

  constructor(context: CommandContext, options: StatusOptions) {
    this.#context = context;
    this.#options = options;
    this.failure.catch(() => undefined);
    // Uptimes go on by themselves: nobody is asked for them.
    this.#timer = setInterval(() => this.#try(() => this.#draw()), TICK_MS);
    this.#unlisten = context.io.onScreenSignal((signal) => {
      if (signal === 'SIGTSTP') this.#try(() => this.#suspend());
      else if (signal === 'SIGWINCH' || signal === 'SIGCONT') this.#try(() => this.#draw(true));
    });
  }

  show = (status: StatusResult): void => {
    if (this.#isAway) this.#footer = `${BACK} since ${this.#now()}; Ctrl-C ends`;
    this.#isAway = false;
    this.#headline = undefined;
    this.#seen = { status, at: performance.now() };
    this.#draw();
  };

  unsupervised = (status: StatusResult, headline: string): void => {
    this.#isAway = true;
    this.#headline = headline;
    this.#footer = `waits for a daemon ("procmand run ${status.daemon.configPath}" starts one); Ctrl-C ends`;
    this.#seen = { status, at: performance.now() };
    this.#draw();
  };

  away = (): void => {
    this.#isAway = true;
    this.#headline = undefined;
    this.#footer = `${this.#now()}: ${GONE}; what you see is how it was`;
    // From now on nobody knows how long they have been running.
    if (this.#seen) this.#seen = { status: this.#aged(this.#seen), at: Infinity };
    this.#draw();
  };

  end = (): void => {
    clearInterval(this.#timer);
    this.#unlisten();
    this.#try(() => this.#leave());
  };

  /** Nobody is there to catch what a timer or a signal throws. */
  #try(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#fail(error);
    }
  }

  #draw(isWhole = false): void {
    if (!this.#seen) return;
    const { io, style } = this.#context;
    const columns = io.columns();
    const shown: Style = { ...style, columns };
    const screen = { style: shown, rows: io.rows(), headline: this.#headline };
    const lines = frameOf(this.#aged(this.#seen), this.#footer, screen, io.now(), this.#options);
    const text = lines.map((line) => `${line}${CLEAR_LINE}`).join('\r\n');
    if (text === this.#drawn && !isWhole) return;
    // In one piece, over what is there: nothing is seen to vanish in between.
    io.out(`${this.#isEntered ? '' : ENTER}${HOME}${text}${CLEAR_BELOW}`);
    this.#isEntered = true;
    this.#drawn = text;
  }

  #aged({ status, at }: { readonly status: StatusResult; readonly at: number }): StatusResult {
    return aged(status, Math.max(0, Math.floor((performance.now() - at) / 1000)));
  }

  #suspend(): void {
    this.#leave();
    this.#context.io.raise('SIGSTOP');
  }

  #leave(): void {
    if (this.#isEntered) this.#context.io.out(LEAVE);
    this.#isEntered = false;
  }

  #now(): string {
    const now = this.#context.io.now();
    return formatTime(now.toISOString(), now);
  }
}
