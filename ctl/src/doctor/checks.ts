/** All checks of `doctor`, in the order in which they are told. */
import type { DoctorCheck, DoctorResult } from '@procman/protocol/views';
import { DAEMON_CHECKS } from './daemon-checks.ts';
import { FOLDER_CHECKS } from './folder-checks.ts';
import { HOME_CHECKS } from './home-checks.ts';
import { MACHINE_CHECKS } from './machine-checks.ts';
import { RUN_CHECKS } from './run-checks.ts';
import type { Check, Subject } from './subject.ts';

export const CHECKS: readonly Check[] = [
  ...DAEMON_CHECKS,
  ...RUN_CHECKS,
  ...FOLDER_CHECKS,
  ...HOME_CHECKS,
  ...MACHINE_CHECKS,
];

/** A check that fails itself is told as skipped: the others still count. */
export function examine(subject: Subject): DoctorResult {
  const checks = CHECKS.map(({ id, look }): DoctorCheck => {
    try {
      return { id, ...look(subject) };
    } catch (error) {
      return { id, status: 'skipped', message: `it could not be looked at: ${String(error)}` };
    }
  });
  return { ok: checks.every(({ status }) => status !== 'problem'), checks };
}
