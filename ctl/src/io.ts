/** All that a command touches of the process it runs in; replaced whole in tests. */
import type { Interactive } from './interactive.ts';
import type { Offline } from './offline.ts';
import type { Reports } from './reports.ts';
import type { Unsupervised } from './unsupervised.ts';

export interface Io {
  /** Writes to standard output, at once. Throws OutputClosed when the reader has gone. */
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly stdinIsTerminal: boolean;
  readonly stdoutIsTerminal: boolean;
  /** Columns of the terminal. */
  readonly columns: () => number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly now: () => Date;
  /** Calls back on Ctrl-C until the returned function is called. */
  readonly onInterrupt: (react: () => void) => () => void;
  /** The parts that most commands do without: the config loader, shell and questions, the rarer tables, and answers without a daemon. */
  readonly offline: () => Promise<Offline> | Offline;
  readonly interactive: () => Promise<Interactive> | Interactive;
  readonly reports: () => Promise<Reports> | Reports;
  readonly unsupervised: () => Promise<Unsupervised> | Unsupervised;
}

/** The reader of our output has gone (`| head -1`): nothing is left to say, and nothing went wrong. */
export class OutputClosed extends Error {
  override readonly name = 'OutputClosed';
}
