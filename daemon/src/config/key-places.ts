/** Below which header a key belongs that stands somewhere else: the commonest slip of all in TOML. */
import { daemonKeys, topKeys } from './daemon-keys.ts';
import { metricsKeys } from './metrics-keys.ts';
import { notifyKeys } from './notify-keys.ts';
import { processKeys } from './process-keys.ts';

const PLACES = {
  daemon: { keys: daemonKeys, hint: 'it belongs under [daemon]' },
  metrics: { keys: metricsKeys, hint: 'it belongs under [metrics]' },
  process: {
    keys: processKeys,
    hint: 'it belongs under [[process]], or under [defaults] for all of them',
  },
  notify: { keys: notifyKeys, hint: 'it belongs under [[notify]]' },
} as const;

/**
 * @param among - the tables that it may be meant for, the likeliest first
 * @returns a hint for people; undefined where none of them has such a key
 */
export function placeOf(key: string, among: readonly (keyof typeof PLACES)[]): string | undefined {
  const place = among.find((name) => Object.hasOwn(PLACES[name].keys, key));
  return place && PLACES[place].hint;
}

/** The same, below the header of a table. */
export function placeBelow(header: string, key: string, among: readonly (keyof typeof PLACES)[]): string | undefined {
  return Object.hasOwn(topKeys, key) ? `it belongs above all tables, before ${header}` : placeOf(key, among);
}
