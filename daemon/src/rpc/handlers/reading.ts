/** The methods that only tell: a daemon answers them, and so do the files that it left (`unsupervised.ts`). */
import type { Handlers } from '../dispatch.ts';
import type { ReadingContext } from './context.ts';
import { eventsOf } from './events.ts';
import { explainOf } from './explain.ts';
import { forecastsOf } from './forecast.ts';
import { logs } from './logs.ts';
import { statusOf } from './status.ts';

export type ReadingHandlers = Pick<Handlers, 'status' | 'explain' | 'events' | 'timeline' | 'logs'>;

export function readingHandlersOf(daemon: ReadingContext): ReadingHandlers {
  const forecasts = forecastsOf(daemon);
  const status = statusOf(daemon);
  return {
    status: ({ at, ...params }, call) =>
      at === undefined ? status(params, call) : forecasts.statusAt(params.names, at, call),
    explain: explainOf(daemon),
    events: eventsOf(daemon),
    timeline: (params, call) => forecasts.timeline(params, call),
    logs: (params, call) => logs(daemon, params, call),
  };
}
