/** Entry of the bundle `reports.cjs`: tables of the rarer commands, explanations, and help. Loaded when first used. */
import { bootTime } from './boot-time.ts';
import { renderExplanations } from './render/explain.ts';
import { findTopic, renderCommandHelp, renderHelp, renderTopic } from './render/help.ts';
import { judgeForNagios, nagiosUnknown } from './render/nagios.ts';
import { renderStatusAt } from './render/status-at.ts';
import { renderTimeline, truncationNote } from './render/timeline.ts';

export const reports = {
  bootTime,
  findTopic,
  judgeForNagios,
  nagiosUnknown,
  renderCommandHelp,
  renderExplanations,
  renderHelp,
  renderTopic,
  renderStatusAt,
  renderTimeline,
  truncationNote,
};
export type Reports = typeof reports;
