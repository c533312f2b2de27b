/**
 * Keys that are not in a table's shape: slips, of which the nearest key is proposed, and keys of a later release, which are
 * refused by name. Nothing is ever silently accepted.
 */
import { createNearest } from './nearest.ts';
import { quote } from './problem.ts';

/** How everything is refused that the contract has and this version has not. */
const NOT_YET = 'not yet supported by this version';

/** Keys that are specified but not built, by table. A key that is built moves from here into its shape. */
export const LATER_KEYS = {
  daemon: ['no-cleanup', 'stream', 'log-max-bytes', 'log-backups'],
  process: ['user', 'group-name', 'limits', 'log-max-bytes', 'log-backups', 'log-collapse', 'pty', 'required'],
} as const satisfies Record<string, readonly string[]>;

/** What is said of a key that the table does not have; follows the key's name. */
export function unknownKeyMessage(given: string, known: readonly string[], later: readonly string[] = []): string {
  if (later.includes(given.replaceAll('_', '-'))) return `is ${NOT_YET}`;
  const nearest = createNearest(known)(given);
  return nearest === undefined ? 'is not a known key' : `is not a known key; did you mean ${quote(nearest)}?`;
}
