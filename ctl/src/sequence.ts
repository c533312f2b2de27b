/** Several commands on one line of the shell: `stop web; start web`, `check new.toml && update`. */
import { splitLine, type TypedWord } from './text/words.ts';

export interface Step {
  readonly words: readonly string[];
  /** Behind `&&`: only when the one before it has succeeded. */
  readonly onlyAfterSuccess: boolean;
}

export type Sequence = { readonly steps: readonly Step[] } | { readonly problem: string };

/** The commands of a line; none on a blank line or a comment. */
export function sequenceOf(line: string): Sequence {
  const { words, openQuote } = splitLine(line);
  if (openQuote) return { problem: `the quote ${openQuote} is not closed` };
  const foreign = words.find(({ isOperator, text }) => isOperator && text !== ';' && text !== '&&');
  if (foreign) return { problem: refusal(foreign.text) };
  return stepsOf(words);
}

function refusal(operator: string): string {
  const outside = 'from a shell of the system: procmanctl status | grep web';
  return `there is no ${operator} in this shell, only ; and && (put it in quotes where it is part of a word); pipes and files work ${outside}`;
}

function stepsOf(words: readonly TypedWord[]): Sequence {
  const steps: Step[] = [];
  let current: string[] = [];
  let onlyAfterSuccess = false;
  for (const { text, isOperator } of [...words, { text: ';', isOperator: true }]) {
    if (!isOperator) {
      current.push(text);
      continue;
    }
    if (current.length > 0) steps.push({ words: current, onlyAfterSuccess });
    else if (text === '&&' || onlyAfterSuccess) return { problem: 'a command is missing beside &&' };
    onlyAfterSuccess = text === '&&';
    current = [];
  }
  return { steps };
}
