/** Up to where each log was copied, kept on disk so that the next daemon goes on from there. */
import { replaceFile } from '../effects/atomic-file.ts';
import type { System } from '../effects/system.ts';

export interface Place {
  readonly position: number;
  readonly inode: number | undefined;
}

/** The places as the last daemon left them, by path; none where there are none, or they cannot be read. */
export function readPlaces(system: System, file: string): Map<string, Place> {
  try {
    const value: unknown = JSON.parse(system.readFile(file)?.text ?? '{}');
    const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
    return new Map(entries.filter((entry): entry is [string, Place] => isPlace(entry[1]) && system.exists(entry[0])));
  } catch {
    return new Map();
  }
}

/** Not synced: after a power cut nothing runs whose output could be missed. */
export function writePlaces(system: System, file: string, places: ReadonlyMap<string, Place>): void {
  replaceFile(system, file, `${JSON.stringify(Object.fromEntries(places))}\n`);
}

function isPlace(value: unknown): value is Place {
  if (typeof value !== 'object' || value === null || !('position' in value)) return false;
  const { position } = value;
  const inode = 'inode' in value ? value.inode : undefined;
  const isInode = inode === undefined || Number.isSafeInteger(inode);
  return isInode && typeof position === 'number' && Number.isSafeInteger(position) && position >= 0;
}
