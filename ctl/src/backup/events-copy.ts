/** A copy of the history that is whole, also while a daemon writes it. */
import { stateFile } from '@procman/protocol/state-files';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { copyDatabase, sqlite } from '@procman/daemon/history/sqlite';

/**
 * @param isServed - a daemon has it open: SQLite gives a snapshot of it. Else a copy is read, because even a reader would write beside it
 * @returns undefined where there is none
 * @throws where it cannot be read
 */
export function copyOfEvents(stateDir: string, isServed: boolean): Uint8Array | undefined {
  const path = stateFile(stateDir, 'events');
  if (!existsSync(path)) return undefined;
  // 0700.
  const folder = mkdtempSync(join(tmpdir(), 'procman-backup-'));
  try {
    const from = isServed ? path : copyDatabase(path, folder);
    return snapshot(from, join(folder, 'snapshot.db'), isServed);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function snapshot(from: string, to: string, readOnly: boolean): Uint8Array {
  const { DatabaseSync } = sqlite();
  const db = new DatabaseSync(from, { readOnly, timeout: 10_000 });
  try {
    db.prepare('VACUUM INTO ?').run(to);
  } finally {
    db.close();
  }
  return readFileSync(to);
}
