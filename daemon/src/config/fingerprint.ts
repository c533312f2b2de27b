/** Hashes of definitions: they tell that something has changed, and give no secret away when they are kept on disk. */
import { createHash } from 'node:crypto';
import type { Fingerprint, ProcessVersion } from '../core/model.ts';

/** Everything of a version but its hashes. */
export type Definition = Omit<ProcessVersion, 'fingerprint' | 'digest'>;

/** Anything that JSON can hold. */
type Hashable = object | string | number | null;

/** SHA-256 of a value, shortened to 16 hexadecimal digits. The order of a table's keys makes no difference. */
export function hashValue(value: Hashable): string {
  return createHash('sha256').update(canonical(value)).digest('hex').slice(0, 16);
}

/** JSON with sorted keys; what is undefined is left out, so that a key added by a later release changes no old hash. */
function canonical(value: Hashable): string {
  return JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/** A hash per key whose change makes a live run stale (SPEC 2.2). */
export function fingerprintOf(definition: Definition, args: readonly string[]): Fingerprint {
  const { command } = definition;
  return {
    command: hashValue({ line: command.line, type: command.type }),
    args: hashValue(args),
    env: hashValue(definition.env),
    'work-dir': hashValue(definition.workDir),
    umask: hashValue(definition.umask ?? null),
    nice: hashValue(definition.nice ?? null),
    'stdout-log': hashValue(definition.stdoutLog),
    'stderr-log': hashValue(definition.stderrLog),
  };
}

/** A hash of the whole definition. The reason for the command's type is left out: its wording is for people. */
export function digestOf(definition: Definition): string {
  const { line, type, argv } = definition.command;
  return hashValue({ ...definition, command: { line, type, argv } });
}
