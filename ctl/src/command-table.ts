/** All commands, in the order of the help text. */
import type { Command } from './command.ts';
import { backup } from './commands/backup.ts';
import { check } from './commands/check.ts';
import { complete } from './commands/complete.ts';
import { completion } from './commands/completion.ts';
import { deleteOldStatusFiles } from './commands/delete-old-status-files.ts';
import { doctor } from './commands/doctor.ts';
import { exportCommand } from './commands/export.ts';
import { expandTemplates } from './commands/expand-templates.ts';
import { events } from './commands/events.ts';
import { explain } from './commands/explain.ts';
import { genFile } from './commands/gen-file.ts';
import { help } from './commands/help.ts';
import { importCommand } from './commands/import.ts';
import { list } from './commands/list.ts';
import { logs } from './commands/logs.ts';
import { metrics } from './commands/metrics.ts';
import { notifyTest } from './commands/notify-test.ts';
import { pid } from './commands/pid.ts';
import { ping } from './commands/ping.ts';
import { plan } from './commands/plan.ts';
import { restart } from './commands/restart.ts';
import { restore } from './commands/restore.ts';
import { schema } from './commands/schema.ts';
import { shutdown } from './commands/shutdown.ts';
import { signal } from './commands/signal.ts';
import { start } from './commands/start.ts';
import { status } from './commands/status.ts';
import { stop } from './commands/stop.ts';
import { timeline } from './commands/timeline.ts';
import { tui } from './commands/tui.ts';
import { uid } from './commands/uid.ts';
import { unblock } from './commands/unblock.ts';
import { update } from './commands/update.ts';
import { version } from './commands/version.ts';
import { wait } from './commands/wait.ts';

export const COMMANDS: readonly Command[] = [
  status,
  tui,
  start,
  stop,
  restart,
  unblock,
  signal,
  explain,
  wait,
  timeline,
  events,
  logs,
  metrics,
  plan,
  update,
  check,
  expandTemplates,
  exportCommand,
  backup,
  restore,
  genFile,
  importCommand,
  schema,
  uid,
  list,
  doctor,
  notifyTest,
  deleteOldStatusFiles,
  ping,
  pid,
  version,
  shutdown,
  completion,
  complete,
  help,
];
