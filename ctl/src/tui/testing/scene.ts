/** A screen for tests, pictures and figures: a state that keys and replies are put into, with a clock that stands still. */
import type { Explanation, Resources, Row, StatusResult } from '@procman/protocol/views';
import { row, running, statusOf } from '../../testing/fake-daemon.ts';
import type { Effect, Input, Key } from '../model/inputs.ts';
import { reduce } from '../model/reduce.ts';
import { type Beginning, initialState, type State } from '../model/state.ts';
import { frameOf } from '../view/frame.ts';

export const NOW = Date.parse('2026-03-01T12:00:00Z');

export class Scene {
  state: State;
  now = NOW;
  /** All that was wanted so far. */
  readonly effects: Effect[] = [];

  constructor(beginning: Partial<Beginning> = {}) {
    const size = { columns: 80, rows: 24 };
    this.state = initialState({ size, now: NOW, color: false, unicode: true, ...beginning });
  }

  take(...inputs: readonly Input[]): this {
    for (const input of inputs) {
      const { state, effects } = reduce(this.state, input, this.now);
      this.state = state;
      this.effects.push(...effects);
    }
    return this;
  }

  press(...keys: readonly Key[]): this {
    return this.take(...keys.map((key): Input => ({ kind: 'key', key })));
  }

  type(text: string): this {
    return this.press(...Array.from(text));
  }

  /** A daemon that answers. */
  connected(rows: readonly Row[] | StatusResult): this {
    const status = 'daemon' in rows ? rows : statusOf(rows);
    return this.take({ kind: 'link', link: { kind: 'connected' } }, { kind: 'status', status });
  }

  frame(): string {
    return frameOf(this.state)
      .map((line) => `${line.trimEnd()}\n`)
      .join('');
  }
}

/** A small shop: something of everything. */
export function shop(): StatusResult {
  const at = (clock: string): string => `2026-03-01T${clock}.000+00:00`;
  const { daemon } = statusOf([]);
  return {
    daemon: { ...daemon, uid: 'shop', configPath: '/etc/shop.toml' },
    processes: [
      { ...running('db', 4101, 93_784), dependents: ['web', 'worker:worker_00', 'worker:worker_01'] },
      { ...running('web', 4102, 93_780), next: { at: at('18:00:00'), action: 'stop' } },
      { ...running('worker:worker_00', 4110, 3725), group: 'worker' },
      { ...running('worker:worker_01', 4111, 312), group: 'worker', restarts: 2 },
      row({
        name: 'mailer',
        state: 'FATAL',
        verdict: 'problem',
        reason: { code: 'exit', message: 'it exited with code 7 before it had settled; gave up after 4 failed starts' },
        restarts: 3,
      }),
      row({
        name: 'report',
        state: 'STOPPED',
        expected: 'stopped',
        reason: { code: 'schedule', message: 'outside its window (22:00-23:00 daily UTC)' },
        next: { at: at('22:00:00'), action: 'start' },
      }),
      row({
        name: 'search',
        state: 'STARTING',
        phase: 'settle',
        verdict: 'pending',
        pid: 4130,
        uptimeSeconds: 2,
        reason: { code: 'wanted', message: 'it is to run' },
      }),
      { ...running('支払い', 4140, 86_400) },
    ],
  };
}

export function shopUsage(): ReadonlyMap<string, Resources> {
  const uses = (cpuPercent: number, mebibytes: number): Resources => {
    return { cpuPercent, rssBytes: mebibytes * 1_048_576, threads: 4, processes: 1 };
  };
  return new Map([
    ['db', uses(3.2, 812)],
    ['web', uses(112.5, 96.4)],
    ['worker:worker_00', uses(0, 41)],
    ['worker:worker_01', uses(48.1, 44.5)],
    ['search', uses(99.7, 1340)],
    ['支払い', uses(0.3, 22.1)],
  ]);
}

export function manyRows(count: number): readonly Row[] {
  return Array.from({ length: count }, (_, at) => {
    const name = at % 5 === 0 ? `pool_${at % 7}:pool_${at}` : `service_${at}`;
    if (at % 100 === 99) {
      const reason = { code: 'exit' as const, message: 'it exited with code 1' };
      return row({ name, state: 'FATAL', verdict: 'problem', reason });
    }
    return running(name, 1000 + at, at * 61);
  });
}

export function explanationOf(status: Row, overrides: Partial<Explanation> = {}): Explanation {
  return {
    ...status,
    because: [{ code: status.reason.code, message: status.reason.message, since: status.since }],
    versions: [{ applyOn: '2026-01-01T00:00:00', fake: false, effective: true, why: 'the only one' }],
    commandType: { type: 'simple', why: '' },
    dependencies: [],
    dependents: [],
    failures: { failedStarts: 0, runsInWindow: 0, maxRuns: 0 },
    exits: [],
    staleKeys: [],
    logs: {},
    upcoming: [],
    uptime: { days: 0, expectedSeconds: 0, upSeconds: 0 },
    ...overrides,
  };
}
