/** The shape of one command: parsing, help, completion and dispatch all read it, so nothing is said twice. */
import type { CommandContext } from './context.ts';

/** What an operand or a value stands for: tells completion what to propose. */
export type OperandKind = 'name' | 'signal' | 'command' | 'file' | 'uid' | 'text';

export interface Operand {
  /** As shown in the usage line: `NAME`. */
  readonly label: string;
  readonly kind: OperandKind;
  /** All that it may be, where that is a fixed list: completion proposes them. */
  readonly values?: readonly string[];
  readonly optional?: boolean;
  /** The last operand only: takes all that follow. */
  readonly repeated?: boolean;
}

export interface Option {
  readonly long: string;
  readonly short?: string;
  /** Label of its value (`DURATION`); without one the option is a switch. */
  readonly value?: string;
  readonly valueKind?: OperandKind;
  /** All that its value may be, where that is a fixed list: completion proposes them. */
  readonly values?: readonly string[];
  readonly summary: string;
  /** Part of the contract, but not built yet: refused, and in no help text. */
  readonly later?: boolean;
}

export interface Command {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** For machines only: in no help text, document or completion. */
  readonly hidden?: boolean;
  /** One line, without a full stop. */
  readonly summary: string;
  readonly operands: readonly Operand[];
  readonly options: readonly Option[];
  /** Paragraphs below the usage line of `help COMMAND`. */
  readonly details?: readonly string[];
  readonly examples: readonly string[];
  /** Where no daemon can be reached it is answered from what the last one left; exit code 5 then. */
  readonly withoutDaemon?: true;
  /** Runs it; gives the exit code. */
  readonly run: (context: CommandContext, given: Given) => Promise<number> | number;
}

/** What was typed, checked against the command's operands and options. */
export interface Given {
  readonly operands: readonly string[];
  readonly switches: ReadonlySet<string>;
  readonly values: ReadonlyMap<string, string>;
}

export const GLOBAL_OPTIONS: readonly Option[] = [
  { long: 'socket', short: 's', value: 'SOCKET', valueKind: 'file', summary: 'talk to the daemon behind this socket' },
  {
    long: 'config',
    short: 'c',
    value: 'FILE',
    valueKind: 'file',
    summary: 'the daemon of this configuration (its uid)',
  },
  { long: 'uid', short: 'u', value: 'UID', valueKind: 'uid', summary: 'the daemon of this uid' },
  { long: 'yes', short: 'y', summary: 'do not ask before stopping much' },
  { long: 'json', summary: 'print exactly what the daemon answers, as one line of JSON' },
  { long: 'color', summary: 'colours even where the output is no terminal' },
  { long: 'no-color', summary: 'no colours (also with NO_COLOR in the environment)' },
  { long: 'version', short: 'v', summary: 'print the version of procmanctl' },
  { long: 'help', short: 'h', summary: 'print help, also of a single command' },
];

/** For the shell only, before any command. */
export const SHELL_OPTIONS: readonly Option[] = [
  { long: 'exit-on-error', short: 'e', summary: 'a script on stdin stops at its first failing command' },
];
