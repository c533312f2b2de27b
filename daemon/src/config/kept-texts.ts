/** Values that TOML's parser has changed and that are meant as they are written. */
import type { Path } from './positions.ts';
import type { Report } from './report.ts';
import { isTable, type RawTable } from './table-reader.ts';

/** TOML's own dates as they are written: as a `Date`, February 30th would have become March 1st. */
export function keepDates(raw: RawTable, path: Path, report: Report): RawTable {
  const entries = Object.entries(raw).map(([key, value]) => {
    const written = value instanceof Date ? report.locator.valueText([...path, key]) : undefined;
    return [key, written === undefined ? value : written.replace(/[#,}\r\n].*$/s, '').trim()];
  });
  return Object.fromEntries(entries) as RawTable;
}

/** `VERSION = 1.10` stays `1.10`: a number with a fraction is taken as it is written, not as it is computed. */
export function keepDecimals(
  raw: unknown,
  path: Path,
  checked: Readonly<Record<string, string>> | undefined,
  report: Report,
): Record<string, string> {
  if (!isTable(raw) || checked === undefined) return {};
  const numbers = Object.entries(raw).filter(([, value]) => typeof value === 'number');
  return Object.fromEntries(
    numbers.flatMap(([name]) => {
      const written = /^[+-]?\d+\.\d+/.exec(report.locator.valueText([...path, name]) ?? '')?.[0];
      return written === undefined ? [] : [[name, written]];
    }),
  );
}
