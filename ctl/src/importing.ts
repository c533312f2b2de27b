/** Entry of the bundle `importing.cjs`: readers of other systems' files, with YAML and the configuration checker. Loaded when first used. */
import { currentContext, parseConfig } from '@procman/daemon/config/load';
import { formatProblem, type Problem } from '@procman/daemon/config/problem';
import { importFiles } from './import/import-files.ts';
import { realMachine } from './import/real-machine.ts';

/** What `check` says of the text, were it in this file. */
function problemsOf(text: string, file: string): readonly Problem[] {
  const result = parseConfig(text, file, currentContext());
  return result.ok ? result.warnings : result.problems;
}

const renderProblems = (problems: readonly Problem[]): string =>
  problems.map((problem) => `${formatProblem(problem)}\n`).join('');

export const importing = { importFiles, problemsOf, realMachine, renderProblems };
export type Importing = typeof importing;
