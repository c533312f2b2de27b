/** Runs the command line of this process, and ends the process with its exit code. */
import { run } from './cli.ts';
import type { Backups } from './backups.ts';
import type { Command } from './command.ts';
import type { Completions } from './completions.ts';
import type { Examination } from './examination.ts';
import type { Importing } from './importing.ts';
import type { Exporting } from './exporting.ts';
import type { Interactive } from './interactive.ts';
import type { Live } from './live.ts';
import type { Offline } from './offline.ts';
import { processIo } from './process-io.ts';
import type { Reports } from './reports.ts';
import type { Tui } from './tui.ts';
import type { Unsupervised } from './unsupervised.ts';

/** The bundles are CommonJS and lie side by side. */
declare const require: (path: string) => unknown;

/** A text, so that the compiler does not look for what only the build makes. */
const TUI_BUNDLE: string = './tui.mjs';

export function start(words: readonly string[], commands: readonly Command[]): void {
  const io = processIo({
    offline: () => (require('./offline.cjs') as { offline: Offline }).offline,
    interactive: () => (require('./interactive.cjs') as { interactive: Interactive }).interactive,
    live: () => (require('./live.cjs') as { live: Live }).live,
    reports: () => (require('./reports.cjs') as { reports: Reports }).reports,
    completions: () => (require('./completions.cjs') as { completions: Completions }).completions,
    examination: () => (require('./examination.cjs') as { examination: Examination }).examination,
    // Ink begins with an `await`: that bundle cannot be CommonJS.
    tui: async () => ((await import(TUI_BUNDLE)) as { tui: Tui }).tui,
    backups: () => (require('./backups.cjs') as { backups: Backups }).backups,
    exporting: () => (require('./exporting.cjs') as { exporting: Exporting }).exporting,
    unsupervised: () => (require('./unsupervised.cjs') as { unsupervised: Unsupervised }).unsupervised,
    importing: () => (require('./importing.cjs') as { importing: Importing }).importing,
  });
  const surroundings = { euid: process.geteuid?.() ?? 0, env: process.env, proc: '/proc', rootRuntime: '/run/procman' };
  // All output has been written when `run` ends: no need to wait for the connection's last rites.
  void run(words, { io, surroundings, commands, isLast: true }).then((code) => process.exit(code));
}
