/** Entry of the bundle `offline.cjs`: what needs the configuration loader and no daemon. Loaded when first used. */
import { expandFile, type ExpandResult } from '@procman/daemon/config/expand-templates';
import { sampleConfig } from '@procman/daemon/config/gen-file';
import { configSchema } from '@procman/daemon/config/json-schema';
import { bundleConfig, countProcesses, currentContext, loadConfig } from '@procman/daemon/config/load';
import { parseToml } from '@procman/daemon/config/parse-toml';
import { formatProblem, type Problem } from '@procman/daemon/config/problem';
import type { GuardedText } from '@procman/daemon/config/guarded-file';
import type { CheckResult } from '@procman/protocol/views';
import { configFacts } from './doctor/config-facts.ts';
import { effectiveConfig } from './effective-config.ts';

function check(file: string): CheckResult {
  const result = loadConfig(file, currentContext());
  if (!result.ok) return { ok: false, file, processes: 0, problems: result.problems };
  return { ok: true, file, processes: countProcesses(result.config), problems: result.warnings };
}

/** Every problem, then one line of summary (SPEC 2.4). */
function renderCheck({ ok, processes, problems }: CheckResult): string {
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  const warnings = problems.length - errors;
  const what = ok ? `OK: ${count(processes, 'process', 'es')}` : count(errors, 'error');
  const summary = `${what}, ${count(warnings, 'warning')}`;
  return `${renderProblems(problems)}${summary}\n`;
}

const count = (number: number, noun: string, plural = 's'): string => `${number} ${noun}${number === 1 ? '' : plural}`;

/** How the commands of a file are run, and why so: a line per version of each process. */
function commandTypes(file: string): string {
  const result = loadConfig(file, currentContext());
  if (!result.ok) return '';
  const versions = result.config.core.processes.flatMap((process) => process.versions);
  return versions
    .map(({ id, applyOn, command }) => `${id} (${applyOn.text}): ${command.type}: ${command.why}\n`)
    .join('');
}

function expand(file: string): ExpandResult {
  return expandFile(file, currentContext());
}

function renderProblems(problems: readonly Problem[]): string {
  return problems.map((problem) => `${formatProblem(problem)}\n`).join('');
}

/** A configuration as one text, with what it names in it. */
function bundle(file: string): GuardedText {
  return bundleConfig(file, currentContext());
}

/** The uid in a configuration's text, however it is written; undefined where there is none. */
function uidOf(text: string): string | undefined {
  const parsed = parseToml(text, '');
  const uid = parsed.ok ? parsed.top['uid'] : undefined;
  return typeof uid === 'string' ? uid : undefined;
}

export const offline = {
  bundle,
  check,
  commandTypes,
  configFacts,
  effectiveConfig,
  expand,
  renderCheck,
  renderProblems,
  uidOf,
  sampleFile: sampleConfig,
  schema: configSchema,
};
export type Offline = typeof offline;
