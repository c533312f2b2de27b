/** What runs use, as columns of the table of `status`. */
import type { Resources } from '@procman/protocol/views';

export const RESOURCE_COLUMNS = ['CPU', 'MEMORY', 'THREADS', 'FILES', 'PROCESSES'] as const;

/** `?` where it may not be told, `-` where nothing runs. */
export function resourceCells(resources: Resources | undefined): string[] {
  if (resources === undefined) return RESOURCE_COLUMNS.map(() => '-');
  const { cpuPercent, rssBytes, threads, openFiles, processes } = resources;
  return [
    `${cpuPercent.toFixed(1)}%`,
    formatBytes(rssBytes),
    String(threads),
    String(openFiles ?? '?'),
    String(processes),
  ];
}

const UNITS = ['KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `812KiB`, `45.1MiB`: three digits are enough. */
export function formatBytes(bytes: number): string {
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 1023.5 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value.toFixed(unit === 0 || value >= 100 ? 0 : 1)}${UNITS[unit] ?? ''}`;
}
