/** Entry of the bundle `reports.cjs`: tables of the rarer commands. Loaded when first used. */
import { renderExplanations } from './render/explain.ts';
import { renderStatusAt } from './render/status-at.ts';
import { renderTimeline, truncationNote } from './render/timeline.ts';

export const reports = { renderExplanations, renderStatusAt, renderTimeline, truncationNote };
export type Reports = typeof reports;
