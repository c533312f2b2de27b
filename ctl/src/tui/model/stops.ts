/** What a stop would end. */
import type { Row } from '@procman/protocol/views';

/** The targets that have a process, and the live ones that depend on them, in the order of the configuration. */
export function stopsOf(rows: readonly Row[], names: readonly string[]): readonly string[] {
  const targets = new Set(names);
  const ended = new Set<string>();
  for (const row of rows) {
    if (!targets.has(row.name)) continue;
    if (row.pid !== undefined) ended.add(row.name);
    for (const dependent of row.dependents ?? []) ended.add(dependent);
  }
  return rows.filter(({ name }) => ended.has(name)).map(({ name }) => name);
}
