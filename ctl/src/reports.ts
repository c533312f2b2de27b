/** Entry of the bundle `reports.cjs`: tables of the rarer commands, explanations, and help. Loaded when first used. */
import { renderExplanations } from './render/explain.ts';
import { findTopic, renderCommandHelp, renderHelp, renderTopic } from './render/help.ts';
import { renderStatusAt } from './render/status-at.ts';
import { renderTimeline, truncationNote } from './render/timeline.ts';

export const reports = {
  findTopic,
  renderCommandHelp,
  renderExplanations,
  renderHelp,
  renderTopic,
  renderStatusAt,
  renderTimeline,
  truncationNote,
};
export type Reports = typeof reports;
