/** Entry of the bundle `tui.mjs`: the full screen, with Ink. Loaded by `tui` alone. */
import { runTui } from './tui/effects/run.ts';

export const tui = { run: runTui };
export type Tui = typeof tui;
