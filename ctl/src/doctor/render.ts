/** What `doctor` says to people: problems first, then warnings, each with its mend; the rest is counted. */
import type { DoctorCheck, DoctorResult } from '@procman/protocol/views';
import { paint, type Paint, type Style } from '../render/style.ts';
import { printable } from '../text/width.ts';

const ORDER = ['problem', 'warning', 'skipped', 'ok'] as const;
const PAINT: Readonly<Partial<Record<DoctorCheck['status'], Paint>>> = { problem: 'red', warning: 'yellow' };

/** @param verbose - also what is well, and what could not be looked at */
export function renderDoctor({ checks }: DoctorResult, style: Style, verbose: boolean): string {
  const shown = ORDER.filter((status) => verbose || PAINT[status] !== undefined).flatMap((status) =>
    checks.filter((check) => check.status === status),
  );
  return [...shown.flatMap((check) => linesOf(check, style)), summaryOf(checks, verbose)]
    .map((line) => `${line}\n`)
    .join('');
}

function linesOf({ id, status, message, mend }: DoctorCheck, style: Style): string[] {
  const head = `${paint(status, PAINT[status], style)}  ${id}: ${printable(message)}`;
  return mend === undefined ? [head] : [head, `    mend: ${printable(mend)}`];
}

function summaryOf(checks: readonly DoctorCheck[], verbose: boolean): string {
  const count = (status: DoctorCheck['status']): number => checks.filter((check) => check.status === status).length;
  const parts = [
    plural(count('problem'), 'problem'),
    plural(count('warning'), 'warning'),
    `${count('ok')} ok`,
    `${count('skipped')} skipped`,
  ];
  return `${parts.join(', ')}${verbose ? '' : ' (--verbose shows all)'}`;
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
