/** An Io for tests: keeps what was printed; the terminal, the answers and Ctrl-C are the test's. */
import type { Io } from '../io.ts';
import { interactive } from '../interactive.ts';
import { offline } from '../offline.ts';
import { reports } from '../reports.ts';
import { unsupervised } from '../unsupervised.ts';

export interface FakeIo extends Io {
  readonly printed: { out: string; err: string };
  readonly questions: string[];
  /** Presses Ctrl-C. */
  readonly interrupt: () => void;
}

export interface FakeTerminal {
  readonly terminal?: boolean;
  /** Answer to every question. */
  readonly answer?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** Called before each output. */
  readonly beforeOut?: () => void;
}

export function fakeIo({ terminal = false, answer = true, env = {}, beforeOut }: FakeTerminal = {}): FakeIo {
  const printed = { out: '', err: '' };
  const questions: string[] = [];
  const listeners = new Set<() => void>();
  const confirm = (question: string): boolean => {
    questions.push(question);
    return answer;
  };
  return {
    printed,
    questions,
    out: (text) => {
      beforeOut?.();
      printed.out += text;
    },
    err: (text) => void (printed.err += text),
    stdinIsTerminal: terminal,
    stdoutIsTerminal: terminal,
    columns: () => 80,
    env: { NO_COLOR: '1', ...env },
    now: () => new Date('2026-03-01T12:00:00Z'),
    onInterrupt: (react) => {
      listeners.add(react);
      return () => void listeners.delete(react);
    },
    interrupt: () => {
      for (const react of listeners) react();
    },
    offline: () => offline,
    interactive: () => ({ ...interactive, confirm }),
    reports: () => reports,
    unsupervised: () => unsupervised,
  };
}
