import type { State } from '@procman/protocol/vocabulary';
import { describe, expect, it } from 'vitest';
import type { Instance, ProcessVersion } from '../core/model.ts';
import { Survey } from '../core/survey.ts';
import { configOf, instanceOf, later, START, versionOf, worldOf } from '../core/testing/builders.ts';
import { daily } from '../core/testing/schedules.ts';
import type { Entry } from './event.ts';
import { uptimeOf, type Past } from './uptime.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const about = { key: 'web~0', id: 'web', name: 'web' };
const ago = (ms: number): number => START.wall - ms;

let seq = 0;
const state = (at: number, to: State): Entry => ({
  seq: (seq += 1),
  at,
  type: 'state',
  about,
  body: { to, message: '' },
});
const hold = (at: number, until?: number): Entry => {
  const data = until === undefined ? {} : { data: { until: new Date(until).toISOString() } };
  return {
    seq: (seq += 1),
    at,
    type: 'hold',
    about,
    body: { reason: { code: 'manual', message: '', ...data }, message: '' },
  };
};
const released = (at: number): Entry => ({ seq: (seq += 1), at, type: 'hold', about, body: { message: '' } });

function uptime(
  entries: readonly Entry[],
  version: Partial<ProcessVersion> = {},
  given: Partial<Instance> = {},
  waiting = 0,
) {
  const web = versionOf({ id: 'web', ...version });
  const instance = { ...instanceOf(web, given), key: about.key };
  const survey = new Survey(worldOf(configOf([web]), [instance]), later(0));
  const [target] = survey.targets;
  if (target === undefined) throw new Error('no target');
  const stored = entries.slice(0, entries.length - waiting);
  const past: Past = {
    waiting: entries.slice(entries.length - waiting),
    read: (work) => work({ lifeOf: () => stored.toReversed() }),
  };
  return uptimeOf(past, survey, { ...target, key: about.key });
}

const shown = (value: State, since: number): Partial<Instance> => ({
  shown: { state: value, since, sinceMono: START.mono },
});

describe('uptimeOf', () => {
  it('is all of the week where it has been up since before', () => {
    expect(uptime([state(ago(9 * DAY), 'RUNNING')])).toEqual({ days: 7, expectedSeconds: 604_800, upSeconds: 604_800 });
  });

  it('leaves out what it was down', () => {
    const entries = [state(ago(8 * DAY), 'RUNNING'), state(ago(DAY), 'BACKOFF'), state(ago(DAY - HOUR), 'RUNNING')];
    expect(uptime(entries)).toEqual({ days: 7, expectedSeconds: 604_800, upSeconds: 601_200 });
    // The last of them may not be in the store yet.
    expect(uptime(entries, {}, {}, 2)).toEqual(uptime(entries));
  });

  it('looks back no further than the history', () => {
    expect(uptime([state(ago(6 * HOUR), 'STARTING'), state(ago(5 * HOUR), 'RUNNING')])).toEqual({
      days: 0.25,
      expectedSeconds: 6 * 3600,
      upSeconds: 5 * 3600,
    });
    expect(uptime([], {}, shown('RUNNING', ago(12 * HOUR)))).toEqual({
      days: 0.5,
      expectedSeconds: 43_200,
      upSeconds: 43_200,
    });
  });

  it('counts its windows alone', () => {
    const schedule = daily('08:00-18:00', undefined, 'UTC');
    const up = uptime([state(ago(8 * DAY), 'RUNNING')], { schedule });
    expect(up).toEqual({ days: 7, expectedSeconds: 7 * 36_000, upSeconds: 7 * 36_000 });
    // Only from noon on, in the last window.
    const noon = Date.parse('2023-11-14T12:00:00Z');
    const down = [state(ago(8 * DAY), 'RUNNING'), state(noon - 4 * HOUR, 'FATAL'), state(noon, 'RUNNING')];
    expect(uptime(down, { schedule }).upSeconds).toBe(7 * 36_000 - 4 * 3600);
  });

  it('expects nothing of what is held, until the hold is released, or ends', () => {
    const stopped = [state(ago(8 * DAY), 'RUNNING'), state(ago(3 * HOUR), 'STOPPED'), state(ago(HOUR), 'RUNNING')];
    const missing = { days: 7, expectedSeconds: 604_800 - 7200, upSeconds: 604_800 - 7200 };
    expect(uptime([...stopped, hold(ago(3 * HOUR)), released(ago(HOUR))])).toEqual(missing);
    expect(uptime([...stopped, hold(ago(3 * HOUR), ago(HOUR))])).toEqual(missing);
    expect(uptime(stopped).upSeconds).toBe(604_800 - 7200);
    expect(uptime(stopped).expectedSeconds).toBe(604_800);
  });

  it('has nothing to say of a one-shot, nor of what does not start by itself', () => {
    const entries = [state(ago(8 * DAY), 'RUNNING')];
    expect(uptime(entries, { oneShot: true })).toEqual({ days: 7, expectedSeconds: 0, upSeconds: 0 });
    expect(uptime(entries, { autostart: false })).toMatchObject({ expectedSeconds: 0, upSeconds: 0 });
  });

  it('knows what is shown where the history cannot be read', () => {
    const web = versionOf({ id: 'web' });
    const survey = new Survey(worldOf(configOf([web]), [instanceOf(web, shown('RUNNING', ago(HOUR)))]), later(0));
    const [target] = survey.targets;
    if (target === undefined) throw new Error('no target');
    expect(uptimeOf({ waiting: [], read: () => undefined }, survey, target)).toEqual({
      days: 0.04,
      expectedSeconds: 3600,
      upSeconds: 3600,
    });
  });
});
