/** Entry of the bundle `procmanctl.cjs`. Only what `status` needs is in it; the rest is loaded when asked for. */
import { status } from './commands/status.ts';
import type { EveryCommand } from './every-command.ts';
import { isPlainly } from './parse.ts';
import { start } from './start.ts';

/** The bundles are CommonJS and lie side by side. */
declare const require: (path: string) => unknown;

const words = process.argv.slice(2);
// The other bundle has all of this once more: classes of two bundles are not the same to `instanceof`.
if (isPlainly(status, words)) start(words, [status]);
else (require('./every-command.cjs') as { everyCommand: EveryCommand }).everyCommand.start(words);
