/** How to print: for a person at a terminal, or for whatever reads a pipe. */
import type { Verdict } from '@procman/protocol/vocabulary';
import type { Io } from '../io.ts';

export interface Style {
  readonly terminal: boolean;
  readonly columns: number;
  readonly color: boolean;
}

export type Paint = 'red' | 'yellow' | 'bold' | 'dim' | 'inverse';

const SGR: Readonly<Record<Paint, string>> = { red: '31', yellow: '33', bold: '1', dim: '2', inverse: '7' };

export interface ColorChoice {
  readonly color: boolean;
  readonly noColor: boolean;
}

/** Colours only on a terminal, unless asked for; never with NO_COLOR (https://no-color.org) or on a dumb terminal. */
export function chooseStyle(io: Io, choice: ColorChoice): Style {
  const terminal = io.stdoutIsTerminal;
  const refused = choice.noColor || Boolean(io.env.NO_COLOR) || isDumb(io.env.TERM);
  const color = choice.noColor ? false : choice.color || (terminal && !refused);
  return { terminal, columns: terminal ? io.columns() : Infinity, color };
}

/** Where nothing is said of the terminal, nothing is presumed. */
export function isDumb(kind: string | undefined): boolean {
  return kind === undefined || kind === '' || kind === 'dumb';
}

export const VERDICT_PAINT: Readonly<Record<Verdict, Paint | undefined>> = {
  ok: undefined,
  pending: 'yellow',
  problem: 'red',
};

/** What `paint` has added taken away again. */
export function unpainted(text: string): string {
  return text.replace(/\u001b\[[\d;]*m/g, '');
}

export function paint(text: string, as: Paint | undefined, style: Style): string {
  return as === undefined || !style.color || text === '' ? text : `\u001b[${SGR[as]}m${text}\u001b[0m`;
}
