import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { MetricsTable } from '../config/metrics-table.ts';
import type { MetricsBundle } from './bundle.ts';
import { Collector, type FiguresContext } from './collector.ts';
import type { EndpointOptions } from './endpoint.ts';
import { Metrics } from './metrics.ts';

const table = (port: number, tokenFile?: string): MetricsTable => ({
  listen: { text: `127.0.0.1:${port}`, host: '127.0.0.1', port },
  ...(tokenFile === undefined ? {} : { tokenFile }),
});

let done: string[];
let loads: number;
let freed: (() => void)[];

class FakeEndpoint {
  readonly #port: number;
  constructor({ table: { listen } }: EndpointOptions) {
    this.#port = listen.port;
  }
  open(): void {
    done.push(`open ${this.#port}`);
  }
  close(): Promise<void> {
    done.push(`close ${this.#port}`);
    return new Promise((resolve) => freed.push(resolve));
  }
}

const bundle = { Endpoint: FakeEndpoint, Collector, CONTENT_TYPE: 'text/plain' } as unknown as MetricsBundle;

function metricsWith(load: () => MetricsBundle = () => ((loads += 1), bundle)): Metrics {
  return new Metrics({ context: {} as FiguresContext, log: (level, text) => void done.push(`${level} ${text}`), load });
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

beforeEach(() => {
  done = [];
  freed = [];
  loads = 0;
});

describe('a configuration', () => {
  it('without [metrics] loads nothing', async () => {
    metricsWith().configure(undefined);
    await settle();
    expect([done, loads]).toEqual([[], 0]);
  });

  it('that is the same leaves the listener alone; a changed one waits for the port', async () => {
    const metrics = metricsWith();
    metrics.configure(table(1));
    await settle();
    metrics.configure(table(1));
    await settle();
    expect(done).toEqual(['open 1']);
    metrics.configure(table(1, '/token'));
    await settle();
    expect(done).toEqual(['open 1', 'close 1']);
    freed[0]?.();
    await settle();
    expect(done).toEqual(['open 1', 'close 1', 'open 1']);
  });

  it('that is replaced before its turn never listens', async () => {
    const metrics = metricsWith();
    metrics.configure(table(1));
    await settle();
    metrics.configure(table(2));
    metrics.configure(table(3));
    metrics.configure(undefined);
    metrics.configure(table(4));
    freed[0]?.();
    await settle();
    expect(done).toEqual(['open 1', 'close 1', 'open 4']);
  });

  it('that is back before the port is free listens once', async () => {
    const metrics = metricsWith();
    metrics.configure(table(1));
    await settle();
    metrics.configure(undefined);
    metrics.configure(table(1));
    for (const free of freed) free();
    await settle();
    expect(done.filter((line) => line === 'open 1')).toHaveLength(2);
  });

  it('with a broken installation is told of, and nothing else', async () => {
    const metrics = metricsWith(() => {
      throw new Error('Cannot find module');
    });
    metrics.configure(table(1));
    await settle();
    expect(done).toEqual(['error metrics: cannot be served: Cannot find module']);
    await expect(metrics.read()).rejects.toThrow('Cannot find module');
  });

  it('of a daemon that ends listens no more', async () => {
    const metrics = metricsWith();
    metrics.configure(table(1));
    const closing = metrics.close();
    await settle();
    expect(done).toEqual([]);
    await closing;
  });
});

describe('the figures', () => {
  const contextOf = (look: () => number): { context: FiguresContext; clock: { mono: number } } => {
    const clock = { mono: 0 };
    const world = { instances: new Map(), clock: {}, config: { processes: [] }, kept: new Set() };
    const system = {
      now: () => ({ wall: clock.mono, mono: clock.mono }),
      ticks: () => 0,
      ticksPerSecond: 100,
      pidCursor: () => undefined,
      pids: () => (look(), []),
      stat: () => undefined,
      usage: () => undefined,
    };
    const context = {
      system,
      supervisor: { world, survey: () => ({ world, now: system.now(), targets: [] }) },
      configuration: { current: { uid: 'u' }, loadedAt: 0 },
      tally: { events: new Map(), reloads: new Map() },
    } as unknown as FiguresContext;
    return { context, clock };
  };

  it('are gathered once for all who ask within a second, also at the same time', async () => {
    const look = vi.fn(() => 0);
    const { context, clock } = contextOf(look);
    const collector = new Collector(context);
    const [first, second] = await Promise.all([collector.text(), collector.text()]);
    expect(first).toContain('procman_daemon_info');
    expect(second).toBe(first);
    clock.mono = 999;
    await collector.text();
    expect(look).toHaveBeenCalledTimes(1);
    clock.mono = 1_000;
    expect(await collector.text()).not.toBe(first);
    expect(look).toHaveBeenCalledTimes(2);
  });

  it('that could not be gathered are gathered anew for the next one who asks', async () => {
    const look = vi
      .fn(() => 0)
      .mockImplementationOnce(() => {
        throw new Error('no /proc');
      });
    const collector = new Collector(contextOf(look).context);
    await expect(collector.text()).rejects.toThrow('no /proc');
    expect(await collector.text()).toContain('procman_daemon_info');
  });
});
