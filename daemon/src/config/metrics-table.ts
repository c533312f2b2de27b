/** Reads `[metrics]`: where the figures for Prometheus are served, and to whom. */
import { resolve } from 'node:path';
import { describeValue } from './issues.ts';
import { placeBelow } from './key-places.ts';
import { isLoopback, metricsKeys, type ListenAddress } from './metrics-keys.ts';
import { quote } from './problem.ts';
import type { Report } from './report.ts';
import { isTable, readTable, type RawTable, type TableKind } from './table-reader.ts';

/** `[metrics]` where it has the daemon listen. */
export interface MetricsTable {
  readonly listen: ListenAddress;
  /** Absolute; undefined: whoever reaches the address may read. */
  readonly tokenFile?: string;
}

const METRICS: TableKind<typeof metricsKeys> = {
  shape: metricsKeys,
  elsewhere: (key) => placeBelow('[metrics]', key, ['daemon', 'process']),
};

/** @returns undefined where nothing is to listen */
export function readMetrics(top: RawTable, directory: string, report: Report): MetricsTable | undefined {
  const raw = top['metrics'] ?? {};
  if (!isTable(raw)) {
    const remark = { message: 'is not a table', found: describeValue(raw), hint: 'write [metrics]' };
    report.error({ path: ['metrics'], key: 'metrics', ...remark });
    return undefined;
  }
  const { listen, 'token-file': token } = readTable(raw, METRICS, { path: ['metrics'] }, report);
  if (listen === undefined) {
    if (token !== undefined && !('listen' in raw)) warnOfNoListener(token, report);
    return undefined;
  }
  const isOpen = token === undefined && !('token-file' in raw) && !('token_file' in raw);
  if (isOpen && !isLoopback(listen.host)) refuseOpen(listen, report);
  return { listen, ...(token === undefined ? {} : { tokenFile: resolve(directory, token) }) };
}

function warnOfNoListener(token: string, report: Report): void {
  report.warning({
    path: ['metrics', 'token-file'],
    key: 'token-file',
    message: 'has no effect: nothing listens',
    found: quote(token),
    hint: 'add listen = "127.0.0.1:9464", or take it out',
  });
}

function refuseOpen({ text, port }: ListenAddress, report: Report): void {
  report.error({
    path: ['metrics', 'listen'],
    key: 'listen',
    message: 'others than this machine could read the figures, and there is no token-file',
    found: quote(text),
    allowed: 'without a token-file 127.0.0.1, [::1] or localhost',
    hint: `write "127.0.0.1:${port}", or add a token-file`,
  });
}
