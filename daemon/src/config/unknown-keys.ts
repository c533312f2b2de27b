/**
 * Keys that are not in a table's shape: slips, of which the nearest key is proposed, and keys of the next release, which are
 * refused by name. Nothing is ever silently accepted.
 */
import { createNearest } from './nearest.ts';
import { quote } from './problem.ts';

/** How everything is refused that the contract has and this version has not. */
export const NOT_YET = 'not yet supported by this version';

/** Keys that are specified but not built, by table. A key that is built moves from here into its shape. */
export const LATER_KEYS = {
  top: ['include', 'template'],
  daemon: [
    'monitor-socket',
    'monitor-socket-mode',
    'no-cleanup',
    'watch-config',
    'stream',
    'log-max-bytes',
    'log-backups',
    'events-max-age',
    'events-max-bytes',
  ],
  process: [
    'wait-after',
    'env-file',
    'inherit-env',
    'user',
    'group-name',
    'limits',
    'before',
    'init',
    'after-start',
    'stop',
    'after-stop',
    'start-health-check',
    'health-check',
    'schedule',
    'max-run-time',
    'log-file',
    'log-max-bytes',
    'log-backups',
    'log-collapse',
    'pty',
    'required',
    'pid-file-timeout',
    'fallback-timeout',
    'catch-up',
    'template',
    'params',
  ],
  dependency: ['command', 'interval', 'timeout'],
} as const satisfies Record<string, readonly string[]>;

/** What is said of a key that the table does not have; follows the key's name. */
export function unknownKeyMessage(given: string, known: readonly string[], later: readonly string[]): string {
  if (later.includes(given.replaceAll('_', '-'))) return `is ${NOT_YET}`;
  const nearest = createNearest(known)(given);
  return nearest === undefined ? 'is not a known key' : `is not a known key; did you mean ${quote(nearest)}?`;
}
