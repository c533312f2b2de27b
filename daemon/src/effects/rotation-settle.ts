/**
 * Once a run has ended, its log file is to begin with text: where rotation could only punch, what is left after the hole goes into
 * a fresh file. Only without a writer, because whoever has the old file open would go on writing into nowhere.
 */
import { renameSync } from 'node:fs';
import type { Rotation } from '../core/model.ts';
import { settledName } from '../core/rotation.ts';
import { writersOf } from './file-writers.ts';
import { copyBytes } from './rotation-copy.ts';
import { LogFiles } from './rotation-files.ts';
import { lookAt, rotate, type RotationTools } from './rotation.ts';

export interface SettleTools extends RotationTools {
  /** Whether nothing that may write it has been started. Asked at the last moment. */
  readonly isUnused: () => boolean;
}

/** @returns `busy`: somebody still writes it, or does so again */
export async function settle(path: string, rotation: Rotation, tools: SettleTools): Promise<'settled' | 'busy'> {
  // What was begun is brought to an end; nothing else is begun.
  await rotate(path, { ...rotation, maxBytes: 0 }, tools);
  const files = await LogFiles.open(path);
  if (files === undefined) return 'settled';
  try {
    return await settleOpen(path, files, tools);
  } finally {
    await files.close();
  }
}

async function settleOpen(path: string, files: LogFiles, tools: SettleTools): Promise<'settled' | 'busy'> {
  const { base, size, phase, side } = await lookAt(files);
  if (base === 0) return 'settled';
  if (phase !== undefined || !tools.isUnused()) return 'busy';
  const draft = settledName(files.name);
  await files.remove(draft);
  const fresh = await files.make(draft);
  try {
    await copyBytes(files.live, fresh, { from: base, to: size, at: 0 });
    await fresh.sync();
    await tools.at?.('settle copied');
    const isAlone = (await writersOf(await files.live.stat(), process.pid)).length === 0;
    const isWhole = (await files.live.stat()).size === size;
    // From here on one turn: a launch in between would open the old file.
    if (!isAlone || !isWhole || !tools.isUnused()) {
      await files.remove(draft);
      return 'busy';
    }
    renameSync(files.path(draft), files.path(files.name));
    tools.audience.replaced(path, base);
  } finally {
    await fresh.close();
  }
  await files.removeBases(side.bases);
  return 'settled';
}
