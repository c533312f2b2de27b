/** The figures for Prometheus, as the daemon has them: counts from its start on; all else is loaded when it is first needed. */
import { createRequire } from 'node:module';
import type { MetricsTable } from '../config/metrics-table.ts';
import type { MetricsBundle } from './bundle.ts';
import type { Collector, FiguresContext } from './collector.ts';
import type { Endpoint } from './endpoint.ts';

export interface MetricsOptions {
  readonly context: FiguresContext;
  readonly log: (level: 'error' | 'warning' | 'info', text: string) => void;
  readonly load?: () => MetricsBundle;
}

/** The bundles are CommonJS and lie side by side; the sources, as tests load them, are not. */
const HERE = typeof __filename === 'string' ? __filename : `${process.cwd()}/daemon/dist/procmand.cjs`;

export class Metrics {
  readonly #o: MetricsOptions;
  #collector: Collector | undefined;
  #endpoint: Endpoint | undefined;
  #table: MetricsTable | undefined;

  constructor(options: MetricsOptions) {
    this.#o = options;
  }

  /** In the text format of Prometheus, whether anybody listens or not. */
  async read(): Promise<{ readonly contentType: string; readonly text: string }> {
    return { contentType: this.#load().CONTENT_TYPE, text: await this.#collected() };
  }

  /** Listens where it is told to, and nowhere else; what has not changed is left alone. */
  configure(table: MetricsTable | undefined): void {
    if (isSame(table, this.#table)) return;
    this.#table = table;
    const before = this.#endpoint;
    this.#endpoint = undefined;
    // The port of the one before may be the very one that is wanted.
    const freed = before?.close() ?? Promise.resolve();
    if (before !== undefined && table === undefined) this.#o.log('info', 'metrics: listens no more');
    void freed.then(() => this.#open(table));
  }

  #open(table: MetricsTable | undefined): void {
    if (table === undefined || table !== this.#table) return;
    try {
      const { Endpoint, CONTENT_TYPE } = this.#load();
      const text = (): Promise<string> => this.#collected();
      this.#endpoint = new Endpoint({ table, contentType: CONTENT_TYPE, text, log: this.#o.log });
      this.#endpoint.open();
    } catch (error) {
      // An installation with a file missing: no reason to end.
      this.#o.log('error', `metrics: cannot be served: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  async close(): Promise<void> {
    this.#table = undefined;
    await this.#endpoint?.close();
  }

  #collected(): Promise<string> {
    const { Collector } = this.#load();
    this.#collector ??= new Collector(this.#o.context);
    return this.#collector.text();
  }

  #load(): MetricsBundle {
    const load =
      this.#o.load ??
      ((): MetricsBundle => (createRequire(HERE)('./metrics.cjs') as { metrics: MetricsBundle }).metrics);
    return load();
  }
}

function isSame(a: MetricsTable | undefined, b: MetricsTable | undefined): boolean {
  return a?.listen.text === b?.listen.text && a?.tokenFile === b?.tokenFile;
}
