/** Rules about the token that `[metrics]` names: the file is read for each request, and has to be there and to hold one. */
import { readGuarded } from './guarded-file.ts';
import type { MetricsTable } from './metrics-table.ts';
import { quote } from './problem.ts';
import type { Report } from './report.ts';

/** Shorter ones can be guessed. */
const SHORTEST_TOKEN = 16;
const MAKE_ONE = 'make one with: umask 077; head -c 32 /dev/urandom | base64 >FILE';

/** The token in the text of a file; undefined where that holds none that a header could carry. */
export function tokenIn(text: string): string | undefined {
  const token = text.trim();
  // RFC 6750, section 2.1, but for its rule on "=": what else can be seen may stand there, too.
  return /^[\x21-\x7e]+$/.test(token) ? token : undefined;
}

/** @param severity - of what keeps requests from being answered, and nothing from running */
export function checkMetrics(metrics: MetricsTable, severity: 'error' | 'warning', report: Report): void {
  const { tokenFile } = metrics;
  if (tokenFile === undefined) return;
  const place = { path: ['metrics', 'token-file'], key: 'token-file', found: quote(tokenFile) };
  const file = readGuarded(tokenFile);
  if (!file.ok) {
    report.remark(severity, { ...place, message: file.message, hint: MAKE_ONE });
    return;
  }
  const token = tokenIn(file.text);
  if (token === undefined) {
    const message = file.text.trim() === '' ? 'holds no token' : 'holds more than one line of visible ASCII characters';
    report.remark(severity, { ...place, message, hint: MAKE_ONE });
    return;
  }
  if (token.length < SHORTEST_TOKEN) {
    const message = `holds a token of ${token.length} characters, which can be guessed`;
    report.warning({ ...place, message, allowed: `at least ${SHORTEST_TOKEN}`, hint: MAKE_ONE });
  }
  if ((file.stats.mode & 0o004) === 0) return;
  report.warning({ ...place, message: 'anybody may read the token', hint: `mend it with: chmod o-r ${tokenFile}` });
}
