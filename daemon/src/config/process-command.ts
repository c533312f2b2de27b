/** Makes the command of a process from what is written: its type is decided first, then names are filled in, word by word. */
import type { Command } from '../core/model.ts';
import { buildCommand } from './command-line.ts';
import type { Draft } from './draft.ts';
import type { Report } from './report.ts';
import { isTable } from './table-reader.ts';
import type { Scope } from './variables.ts';

/** undefined, with its problems reported, where the line is wrong or a name in it stands for nothing. */
export function commandOf(draft: Omit<Draft, 'version'>, scope: Scope, report: Report): Command | undefined {
  const { command: written, args } = draft.values;
  if (written === undefined || args === undefined) return undefined;
  const { line, type } = typeof written === 'string' ? { line: written, type: 'auto' as const } : written;
  const result = buildCommand({ line, type, args }, scope.find);
  if ('command' in result) return result.command;
  const path = [...draft.path, 'command', ...(isTable(draft.raw['command']) ? ['line'] : [])];
  for (const { problem, hint } of result.problems) {
    report.error({ path, process: draft.id, key: 'command', message: problem, hint });
  }
  return undefined;
}
