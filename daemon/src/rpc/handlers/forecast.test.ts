import { RpcFailure } from '@procman/protocol/errors';
import { contract } from '@procman/protocol/contract';
import { describe, expect, it } from 'vitest';
import { Survey } from '../../core/survey.ts';
import type { Instance, ProcessVersion } from '../../core/model.ts';
import { configOf, instanceOf, versionOf, worldOf } from '../../core/testing/builders.ts';
import { daily, WORK_DAYS } from '../../core/testing/schedules.ts';
import { TimeText } from '../../time-text.ts';
import type { Call } from '../dispatch.ts';
import type { HandlerContext } from './context.ts';
import { forecastsOf, type Forecasts } from './forecast.ts';

/** A Monday. */
const NOW = Date.parse('2026-03-02T12:00:00Z');
const OLD = { text: '2020-01-01T00:00:00', at: 0 };

const call: Call = { closed: new AbortController().signal, notify: () => true, hasRoom: () => true };

function forecasts(versions: readonly ProcessVersion[], instances: readonly Instance[] = []): Forecasts {
  const world = worldOf(configOf(versions), instances);
  return forecastsOf({
    supervisor: { survey: () => new Survey(world, { wall: NOW, mono: 0 }) },
    configuration: { daemon: { timezone: 'UTC' } },
    time: new TimeText('UTC'),
  } as unknown as HandlerContext);
}

const shop = versionOf({ id: 'shop', applyOn: OLD, schedule: daily('08:00-18:00', WORK_DAYS) });
const worker = versionOf({
  id: 'worker',
  applyOn: OLD,
  numprocs: 2,
  schedule: daily('10:00-11:00', [1, 2], 'Asia/Tokyo'),
});
const always = versionOf({ id: 'always', applyOn: OLD });

async function failure(work: Promise<unknown>): Promise<RpcFailure> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof RpcFailure)) throw new Error('it did not fail');
  return error as RpcFailure;
}

describe('timeline', () => {
  it('tells a day ahead, each time in the zone of its process', async () => {
    const result = await forecasts([always, shop, worker]).timeline({}, call);
    expect(contract.timeline.result.safeParse(result).error).toBeUndefined();
    expect([result.from, result.to, result.truncated]).toEqual([
      '2026-03-02T12:00:00.000+00:00',
      '2026-03-03T12:00:00.000+00:00',
      false,
    ]);
    expect(result.entries.map(({ at, name, action }) => `${at} ${name} ${action}`)).toEqual([
      '2026-03-02T18:00:00.000+01:00 shop stop',
      '2026-03-03T10:00:00.000+09:00 worker:worker_00 start',
      '2026-03-03T10:00:00.000+09:00 worker:worker_01 start',
      '2026-03-03T11:00:00.000+09:00 worker:worker_00 stop',
      '2026-03-03T11:00:00.000+09:00 worker:worker_01 stop',
      '2026-03-03T08:00:00.000+01:00 shop start',
    ]);
  });

  it('begins when and ends where it is told, for whom it is told', async () => {
    const { entries } = await forecasts([shop, worker]).timeline(
      { names: ['shop'], from: '2026-03-27', seconds: 3.5 * 86_400 },
      call,
    );
    expect(entries.map(({ at }) => at)).toEqual([
      '2026-03-27T08:00:00.000+01:00',
      '2026-03-27T18:00:00.000+01:00',
      '2026-03-30T08:00:00.000+02:00',
    ]);
  });

  it('ends after 10,000 entries, and tells where it goes on', async () => {
    const shops = [1, 2, 3].map((number) => ({ ...shop, id: `shop${number}` }));
    const { entries, truncated, to } = await forecasts(shops).timeline({ seconds: 10 * 365 * 86_400 }, call);
    expect([entries.length, truncated]).toEqual([10_000, true]);
    expect(Date.parse(to)).toBe(Date.parse(entries.at(-1)?.at ?? ''));
  });

  it('tells when a hold ends', async () => {
    const held = instanceOf(always, { hold: { since: NOW, until: NOW + 3_600_000 } });
    const { entries } = await forecasts([always], [held]).timeline({}, call);
    expect(entries).toEqual([
      { at: '2026-03-02T13:00:00.000+00:00', name: 'always', id: 'always', action: 'hold-ends', applyOn: OLD.text },
    ]);
  });

  it('refuses what is no time, and unknown names', async () => {
    const bad = await failure(forecasts([shop]).timeline({ from: 'soon' }, call));
    expect([bad.name, bad.data]).toEqual([
      'invalid-params',
      { issues: [{ path: 'from', message: expect.stringMatching(/^"soon" is no time; write 18:00/) as string }] },
    ]);
    expect((await failure(forecasts([shop]).timeline({ names: ['shup'] }, call))).name).toBe('unknown-name');
  });
});

describe('status at a moment', () => {
  it('tells what is expected then, why, and what comes next', async () => {
    const future = versionOf({ id: 'future', applyOn: { text: '2027-01-01T00:00:00', at: Date.parse('2027-01-01') } });
    const held = instanceOf(always, { hold: { since: NOW } });
    const result = await forecasts([always, shop, future], [held]).statusAt(undefined, '19:00', call);
    expect(contract.status.result.safeParse(result).error).toBeUndefined();
    expect(result).toMatchObject({
      at: '2026-03-02T19:00:00.000+00:00',
      processes: [
        { name: 'always', expected: 'stopped', reason: { code: 'manual' } },
        {
          name: 'shop',
          expected: 'stopped',
          reason: { code: 'schedule' },
          applyOn: OLD.text,
          next: { at: '2026-03-03T08:00:00.000+01:00', action: 'start' },
        },
        { name: 'future', expected: 'stopped', reason: { code: 'not-yet-applied' }, next: { action: 'start' } },
      ],
    });
  });

  it('refuses what is no time', async () => {
    expect((await failure(forecasts([shop]).statusAt(undefined, '25:00', call))).data).toMatchObject({
      issues: [{ path: 'at' }],
    });
  });
});
