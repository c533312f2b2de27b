/** Entry of the bundle `importing.cjs`: readers of other systems' files, with YAML and the configuration checker. Loaded when first used. */
import { currentContext, problemsOfText } from '@procman/daemon/config/load';
import { formatProblem, type Problem } from '@procman/daemon/config/problem';
import { importFiles } from './import/import-files.ts';
import { realMachine } from './import/real-machine.ts';

/** What `check` says of the text, were it in this file. */
function problemsOf(text: string, file: string): readonly Problem[] {
  return problemsOfText(text, file, currentContext());
}

const renderProblems = (problems: readonly Problem[]): string =>
  problems.map((problem) => `${formatProblem(problem)}\n`).join('');

export const importing = { importFiles, problemsOf, realMachine, renderProblems };
export type Importing = typeof importing;
