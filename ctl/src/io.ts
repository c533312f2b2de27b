/** All that a command touches of the process it runs in; replaced whole in tests. */
import type { Backups } from './backups.ts';
import type { Completions } from './completions.ts';
import type { Examination } from './examination.ts';
import type { Importing } from './importing.ts';
import type { Exporting } from './exporting.ts';
import type { Interactive } from './interactive.ts';
import type { Live } from './live.ts';
import type { Offline } from './offline.ts';
import type { Reports } from './reports.ts';
import type { Tui } from './tui.ts';
import type { Unsupervised } from './unsupervised.ts';

export interface Io {
  /** Writes to standard output, at once. Throws OutputClosed when the reader has gone. */
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly stdinIsTerminal: boolean;
  readonly stdoutIsTerminal: boolean;
  /** Columns of the terminal. */
  readonly columns: () => number;
  /** Lines of the terminal. */
  readonly rows: () => number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly now: () => Date;
  /** Calls back on Ctrl-C until the returned function is called. */
  readonly onInterrupt: (react: () => void) => () => void;
  /** Calls back on other signals that a full screen has to know of, until the returned function is called. */
  readonly onScreenSignal: (react: (signal: ScreenSignal) => void) => () => void;
  /** Does to this process what the signal does where nobody handles it. */
  readonly raise: (signal: NodeJS.Signals) => void;
  /** The parts that most commands do without: the config loader, shell and questions, the rarer tables, what looks at machine and state, the full screen, answers without a daemon, readers of foreign files, what writes units, and what saves and restores. */
  readonly offline: () => Promise<Offline> | Offline;
  readonly interactive: () => Promise<Interactive> | Interactive;
  readonly reports: () => Promise<Reports> | Reports;
  readonly completions: () => Promise<Completions> | Completions;
  readonly live: () => Promise<Live> | Live;
  readonly examination: () => Promise<Examination> | Examination;
  readonly tui: () => Promise<Tui> | Tui;
  readonly backups: () => Promise<Backups> | Backups;
  readonly exporting: () => Promise<Exporting> | Exporting;
  readonly unsupervised: () => Promise<Unsupervised> | Unsupervised;
  readonly importing: () => Promise<Importing> | Importing;
}

/** The terminal has another size; Ctrl-Z, and the return from it; the end. */
export type ScreenSignal = 'SIGWINCH' | 'SIGTSTP' | 'SIGCONT' | 'SIGTERM' | 'SIGHUP';
/** Exit codes, as a shell reports them, of those that end a full screen. */
export const ENDED_BY: Readonly<Partial<Record<ScreenSignal, number>>> = { SIGTERM: 128 + 15, SIGHUP: 128 + 1 };
export const SCREEN_SIGNALS: readonly ScreenSignal[] = ['SIGWINCH', 'SIGTSTP', 'SIGCONT', 'SIGTERM', 'SIGHUP'];

/** The reader of our output has gone (`| head -1`): nothing is left to say, and nothing went wrong. */
export class OutputClosed extends Error {
  override readonly name = 'OutputClosed';
}
