/** What the units of an instance are called: `worker_00.service`, with `worker_00-stop.timer` and the like beside it. */
import { fnv1a64 } from '@procman/daemon/core/hash';

/** Suffixes of the units that an instance may have beside its service. */
export const HELPERS = ['-stop', '-window'] as const;

/** Characters that unit names may have; without `@`, which makes a template, and `\`, which escapes. */
const FOREIGN = /[^A-Za-z0-9:_.-]/g;

/**
 * A name for each instance, none of which is another's, nor that of another's helper. What a unit name cannot hold becomes `_`.
 *
 * @param prefix - put before each
 */
export function unitNames(instances: readonly string[], prefix: string): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const taken = new Set<string>();
  for (const instance of instances) {
    const plain = safe(`${prefix}${instance}`);
    const name = isFree(plain, taken) ? plain : `${plain}-${fnv1a64(instance)}`;
    for (const each of withHelpers(name)) taken.add(each);
    names.set(instance, name);
  }
  return names;
}

/** As a part of the name of a unit or file. */
export function safe(text: string): string {
  return text.replace(FOREIGN, '_').replace(/^[.-]/, '_');
}

const withHelpers = (name: string): readonly string[] => [name, ...HELPERS.map((helper) => name + helper)];

function isFree(name: string, taken: ReadonlySet<string>): boolean {
  return withHelpers(name).every((each) => !taken.has(each));
}
