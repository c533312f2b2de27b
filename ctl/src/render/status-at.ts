/** `status --at`: what each process is to do at a moment. */
import type { StatusAtResult } from '@procman/protocol/views';
import { formatCivil } from '../text/civil.ts';
import { printable } from '../text/width.ts';
import type { Style } from './style.ts';
import { renderTable } from './table.ts';

const HEADER = ['NAME', 'EXPECTED', 'INFO'];

type Expected = StatusAtResult['processes'][number];

/** The whole answer; a pipe gets the rows alone. */
export function renderStatusAt({ at, processes }: StatusAtResult, style: Style): string {
  const rows = processes.map((row) => ({ cells: [row.name, row.expected, infoOf(row)] }));
  const lines = rows.length > 0 ? renderTable(HEADER, rows, style) : [];
  if (style.terminal) lines.push(`expected at ${formatCivil(at)}`);
  return lines.map((line) => `${line}\n`).join('');
}

function infoOf({ reason, applyOn, next }: Expected): string {
  const version = applyOn === undefined ? '' : `version ${applyOn}`;
  const after = next === undefined ? '' : `then ${next.action} ${formatCivil(next.at)}`;
  return [reason.message, version, after].filter(Boolean).map(printable).join(', ');
}
