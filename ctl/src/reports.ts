/** Entry of the bundle `reports.cjs`: tables and pictures of the rarer commands, explanations, and help. Loaded when first used. */
import { bootTime } from './boot-time.ts';
import { renderEvents } from './render/events.ts';
import { renderExplanations } from './render/explain.ts';
import { findTopic, renderCommandHelp, renderHelp, renderTopic } from './render/help.ts';
import { judgeForNagios, nagiosUnknown } from './render/nagios.ts';
import { renderStatusAt } from './render/status-at.ts';
import { hasUnicode, renderPicture } from './render/timeline-picture.ts';
import { tracksOf } from './render/timeline-tracks.ts';
import { renderTimeline, truncationNote } from './render/timeline.ts';
import { offsetsAlong } from './text/offsets.ts';

export const reports = {
  bootTime,
  findTopic,
  judgeForNagios,
  nagiosUnknown,
  renderCommandHelp,
  renderEvents,
  renderExplanations,
  renderHelp,
  renderTopic,
  renderStatusAt,
  renderTimeline,
  truncationNote,
  tracksOf,
  renderPicture,
  hasUnicode,
  offsetsAlong,
};
export type Reports = typeof reports;
