/** Entry of the bundle `exporting.cjs`: a configuration as units of systemd. Loaded when first used. */
import { currentContext, loadConfig } from '@procman/daemon/config/load';
import type { Problem } from '@procman/daemon/config/problem';
import { findProgram } from '@procman/daemon/find-program';
import { userInfo } from 'node:os';
import type { Exported, ExportOptions } from './export/model.ts';
import { exportUnits } from './export/systemd.ts';
import { writeFiles } from './export/write-files.ts';

export type ExportResult =
  ({ readonly ok: true } & Exported) | { readonly ok: false; readonly problems: readonly Problem[] };

/** Reads and checks a configuration as `check` does. Never throws. */
function exportFile(path: string, options: Pick<ExportOptions, 'at' | 'scope' | 'prefix' | 'folder'>): ExportResult {
  const context = currentContext();
  const loaded = loadConfig(path, context);
  if (!loaded.ok) return loaded;
  const isRoot = context.euid === 0;
  const exported = exportUnits(loaded.config.core, loaded.config.path, {
    ...options,
    ...(isRoot ? {} : { owner: ownName(context.euid) }),
    findProgram,
    searchPath: context.env['PATH'] ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  });
  return { ok: true, ...exported };
}

/** One without an entry in the user database has only its number. */
function ownName(euid: number): string {
  try {
    return userInfo().username;
  } catch {
    return String(euid);
  }
}

export const exporting = { exportFile, writeFiles };
export type Exporting = typeof exporting;
