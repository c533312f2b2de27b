/** Entry of the bundle `reports.cjs`: tables of the rarer commands. Loaded when first used. */
import { bootTime } from './boot-time.ts';
import { judgeForNagios, nagiosUnknown } from './render/nagios.ts';
import { renderStatusAt } from './render/status-at.ts';
import { renderTimeline, truncationNote } from './render/timeline.ts';

export const reports = { bootTime, judgeForNagios, nagiosUnknown, renderStatusAt, renderTimeline, truncationNote };
export type Reports = typeof reports;
