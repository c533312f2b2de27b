/** What must hold between the tables of a file, and between the file and the machine (SPEC 1, 2.4). */
import { standings, type Draft, type Standing } from './draft.ts';
import type { LoadContext } from './context.ts';
import type { DaemonTable } from './daemon-table.ts';
import type { Report } from './report.ts';
import { checkCommands } from './rules-commands.ts';
import { checkCycles } from './rules-cycles.ts';
import { checkDaemon } from './rules-daemon.ts';
import { checkDependencies } from './rules-dependencies.ts';
import { checkEnvFiles } from './rules-env-file.ts';
import { checkLogs } from './rules-logs.ts';
import { checkMachine } from './rules-machine.ts';
import { checkNames } from './rules-names.ts';
import { checkPty } from './rules-pty.ts';
import { checkSchedules } from './rules-schedule.ts';
import { checkTiming } from './rules-timing.ts';
import { checkValues } from './rules-values.ts';

/** What the rules look at. */
export interface RuleInput {
  readonly drafts: readonly Draft[];
  readonly standings: ReadonlyMap<Draft, Standing>;
  readonly daemon: DaemonTable;
  readonly context: LoadContext;
}

/** Applies every rule; problems go to the report. @returns what was looked at */
export function checkRules(input: Omit<RuleInput, 'standings'>, report: Report): RuleInput {
  const complete = { ...input, standings: standings(input.drafts, input.context.now ?? Date.now()) };
  for (const check of [
    checkDaemon,
    checkValues,
    checkPty,
    checkTiming,
    checkCommands,
    checkNames,
    checkDependencies,
    checkCycles,
    checkSchedules,
    checkEnvFiles,
    checkLogs,
    checkMachine,
  ])
    check(complete, report);
  return complete;
}
