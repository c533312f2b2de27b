import type { DaemonTable } from '../config/load.ts';
import type { TimeText } from '../time-text.ts';
import type { LogSettings } from './logger.ts';

/** What of `[daemon]` is about its log and takes effect at once. */
export function logSettings(table: DaemonTable, time: TimeText): LogSettings {
  return {
    level: table.logLevel,
    maxBytes: table.logMaxBytes,
    backups: table.logBackups,
    timeText: (wall) => time.format(wall),
  };
}
