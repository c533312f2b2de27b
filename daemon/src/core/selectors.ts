/** Which targets a NAME of a command means (SPEC 1, "selector"). */
import type { Target } from './targets.ts';

export interface Selection {
  /** In the configuration's order, each once. */
  readonly targets: readonly Target[];
  /** Keys that only a wide selector (`all`, `group:*`, a glob) chose: wide commands leave some of them alone. */
  readonly wide: ReadonlySet<string>;
  /** Selectors that match nothing: then nothing is done for any target. */
  readonly unknown: readonly string[];
}

export function select(targets: readonly Target[], selectors: readonly string[]): Selection {
  const exact = new Set<string>();
  const wide = new Set<string>();
  const unknown: string[] = [];
  for (const selector of selectors) {
    const matching = targets.filter((target) => matches(target, selector));
    if (matching.length === 0 && selector !== 'all') unknown.push(selector);
    for (const { key } of matching) (isWide(selector) ? wide : exact).add(key);
  }
  for (const key of exact) wide.delete(key);
  return { targets: targets.filter(({ key }) => exact.has(key) || wide.has(key)), wide, unknown };
}

export function isWide(selector: string): boolean {
  return selector === 'all' || selector.includes('*');
}

/** A selector means what is, or was, called so. */
export function matches(target: Pick<Target, 'name' | 'id' | 'instanceName'>, selector: string): boolean {
  if (selector === 'all') return true;
  const names = [target.name, target.id, target.instanceName];
  return selector.includes('*') ? names.some((name) => globMatches(selector, name)) : names.includes(selector);
}

/** Only `*` is special. Linear: each part is looked for after the one before, no backtracking. */
function globMatches(glob: string, name: string): boolean {
  const parts = glob.split('*');
  const first = parts[0] ?? '';
  const last = parts[parts.length - 1] ?? '';
  if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last)) return false;
  let position = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = name.indexOf(part, position);
    if (found < 0 || found + part.length > name.length - last.length) return false;
    position = found + part.length;
  }
  return true;
}
