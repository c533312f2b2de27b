/** An Io for tests: keeps what was printed; the terminal, the answers and Ctrl-C are the test's. */
import type { Io } from '../io.ts';
import { backups } from '../backups.ts';
import { completions } from '../completions.ts';
import { examination } from '../examination.ts';
import { importing } from '../importing.ts';
import { exporting } from '../exporting.ts';
import { interactive } from '../interactive.ts';
import type { ScreenSignal } from '../io.ts';
import { live } from '../live.ts';
import { offline } from '../offline.ts';
import { reports } from '../reports.ts';
import { unsupervised } from '../unsupervised.ts';

export interface FakeIo extends Io {
  readonly printed: { out: string; err: string };
  readonly questions: string[];
  readonly raised: string[];
  /** Presses Ctrl-C. */
  readonly interrupt: () => void;
  /** Sends a signal of the terminal. */
  readonly signal: (signal: ScreenSignal) => void;
  /** Changes the terminal's size, and tells of it. */
  readonly resize: (columns: number, rows: number) => void;
}

export interface FakeTerminal {
  readonly terminal?: boolean;
  /** Answer to every question. */
  readonly answer?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  readonly now?: () => Date;
  readonly env?: Readonly<Record<string, string>>;
  /** Called before each output. */
  readonly beforeOut?: () => void;
}

export function fakeIo({
  terminal = false,
  answer = true,
  env = {},
  columns = 80,
  rows = 24,
  now,
  beforeOut,
}: FakeTerminal = {}): FakeIo {
  const printed = { out: '', err: '' };
  const questions: string[] = [];
  const raised: string[] = [];
  const listeners = new Set<() => void>();
  const signalListeners = new Set<(signal: ScreenSignal) => void>();
  const size = { columns, rows };
  const signal = (name: ScreenSignal): void => {
    for (const react of signalListeners) react(name);
  };
  const confirm = (question: string): boolean => {
    questions.push(question);
    return answer;
  };
  return {
    printed,
    questions,
    raised,
    out: (text) => {
      beforeOut?.();
      printed.out += text;
    },
    err: (text) => void (printed.err += text),
    stdinIsTerminal: terminal,
    stdoutIsTerminal: terminal,
    columns: () => size.columns,
    rows: () => size.rows,
    env: { NO_COLOR: '1', ...env },
    now: now ?? (() => new Date('2026-03-01T12:00:00Z')),
    onInterrupt: (react) => {
      listeners.add(react);
      return () => void listeners.delete(react);
    },
    onScreenSignal: (react) => {
      signalListeners.add(react);
      return () => void signalListeners.delete(react);
    },
    raise: (name) => void raised.push(name),
    signal,
    resize: (newColumns, newRows) => {
      size.columns = newColumns;
      size.rows = newRows;
      signal('SIGWINCH');
    },
    interrupt: () => {
      for (const react of listeners) react();
    },
    offline: () => offline,
    interactive: () => ({ ...interactive, confirm }),
    reports: () => reports,
    completions: () => completions,
    live: () => live,
    examination: () => examination,
    // Ink takes its time to load.
    tui: async () => (await import('../tui.ts')).tui,
    backups: () => backups,
    exporting: () => exporting,
    unsupervised: () => unsupervised,
    importing: () => importing,
  };
}
