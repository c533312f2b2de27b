import type { WallTime } from '../core/model.ts';

/** Where a file goes that cannot be read: beside its place, with the time (`PATH.broken-2026-03-01T080000.000Z`). Never overwritten. */
export function asidePath(path: string, now: WallTime): string {
  return `${path}.broken-${new Date(now).toISOString().replaceAll(':', '')}`;
}
