/**
 * `priority`: supervisord starts in this order and stops in the reverse one, without waiting for anything to run. So it is a
 * dependency only where the operator says so; otherwise a remark tells the line that would make it one.
 */
import { tomlValue } from '../toml-writer.ts';
import type { Value } from '../draft.ts';
import type { Reading } from '../reading.ts';
import type { Program } from './programs.ts';

export function applyPriorities(programs: readonly Program[], reading: Reading): void {
  const known = programs.flatMap((program) => {
    const { priority } = program;
    const rank = priority === undefined ? undefined : reading.integer(priority);
    return priority === undefined || rank === undefined || rank === STANDARD
      ? []
      : [{ program, field: priority, rank }];
  });
  const ranks = [...new Set(known.map(({ rank }) => rank))].toSorted((a, b) => a - b);
  for (const { tables, priority } of programs) {
    if (priority !== undefined && Number(priority.text) === STANDARD)
      for (const table of tables) reading.leaveOut(table, priority, 'the default: no order');
  }
  for (const { program, field, rank } of known) {
    const before = ranks[ranks.indexOf(rank) - 1];
    const earlier = known.filter((each) => each.rank === before).flatMap((each) => each.program.tables);
    const ids = earlier.map(({ id }): Value => ({ id, condition: 'started', 'on-loss': 'keep' }));
    for (const table of program.tables) {
      if (ids.length === 0) reading.leaveOut(table, field, ORDER);
      else if (reading.options.prioritiesAreDependencies) table.set('depends-on', ids);
      else reading.leaveOut(table, field, `${ORDER}; if it needs what comes before: depends-on = ${tomlValue(ids)}`);
    }
  }
}

/** What a program without one has: it says nothing. */
const STANDARD = 999;

const ORDER = 'only the order of starting, no dependency';
