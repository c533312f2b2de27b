/**
 * Keys that are not in a table's shape: slips, of which the nearest key is proposed. Nothing is ever silently accepted.
 */
import { createNearest } from './nearest.ts';
import { quote } from './problem.ts';

/** A table with more keys than this is looked up. */
const MOST_NAMED = 12;

/** What other supervisors call it (supervisord's manual, systemd.service(5), the compose specification). */
const FOREIGN_KEYS: Readonly<Partial<Record<string, string>>> = {
  directory: 'work-dir', 'working-dir': 'work-dir', workingdirectory: 'work-dir', cwd: 'work-dir',
  environment: 'env', environmentfile: 'env-file', stopwaitsecs: 'stop-timeout', 'stop-grace-period': 'stop-timeout', timeoutstopsec: 'stop-timeout',
  startretries: 'start-retries', stopsignal: 'stop-signal', restart: 'autorestart', restartsec: 'restart-delay',
  'stdout-logfile': 'stdout-log', 'stderr-logfile': 'stderr-log', 'redirect-stderr': 'stderr-log', logfile: 'log-file',
  execstart: 'command', cmd: 'command', exec: 'command', execstop: 'stop', execstartpre: 'before', 'pre-start': 'before', 'pre-script': 'before',
  execstartpost: 'after-start', 'post-start': 'after-start', 'pos-script': 'after-start', execstoppost: 'after-stop', 'post-stop': 'after-stop',
  healthcheck: 'health-check', enabled: 'autostart', name: 'id', instances: 'numprocs', replicas: 'numprocs', start: 'start-time', days: 'week-days', tz: 'timezone',
  oneshot: 'one-shot', after: 'depends-on', requires: 'depends-on', seconds: 'secs',
}; // prettier-ignore

/** What is said of a key that the table does not have; follows the key's name. */
export function unknownKeyMessage(given: string, known: readonly string[]): string {
  const meant = FOREIGN_KEYS[given.replaceAll('_', '-').toLowerCase()];
  const nearest = meant !== undefined && known.includes(meant) ? meant : createNearest(known)(given);
  if (nearest !== undefined) return `is not a known key; did you mean ${quote(nearest)}?`;
  const all =
    known.length <= MOST_NAMED ? `the keys here are ${known.join(', ')}` : 'docs/configuration.md has them all';
  return `is not a known key; ${all}`;
}
