/** Every method of the contract and what answers it. */
import { protocolVersion } from '@procman/protocol/methods';
import type { Call, Handlers } from '../dispatch.ts';
import { OPERATOR } from '../../supervision/journal.ts';
import { act, resultOf } from './act.ts';
import { refuseWhileStopping, type HandlerContext } from './context.ts';
import { eventsOf } from './events.ts';
import { explainOf } from './explain.ts';
import { forecastsOf } from './forecast.ts';
import { logs } from './logs.ts';
import { restart } from './restart.ts';
import { signal } from './signal.ts';
import { statusOf } from './status.ts';
import { stop } from './stop.ts';
import { unblock } from './unblock.ts';
import { plan, update } from './update.ts';

export function handlersOf(daemon: HandlerContext): Handlers {
  const forecasts = forecastsOf(daemon);
  const history = eventsOf(daemon);
  const status = statusOf(daemon);
  const explain = explainOf(daemon);
  return {
    ping: () => ({ pid: daemon.pid, version: daemon.version, uid: daemon.configuration.current.uid }),
    version: () => ({ version: daemon.version, protocol: protocolVersion }),
    status: ({ at, ...params }, call) =>
      at === undefined ? status(params, call) : forecasts.statusAt(params.names, at, call),
    explain: (params, call) => explain(params, call),
    events: (params, call) => history.events(params, call),
    subscribe: (params, call) => history.subscribe(params, call),
    timeline: (params, call) => forecasts.timeline(params, call),
    start: ({ force, ...params }, call) => act(daemon, 'start', params, { force: force === true }, call),
    stop: (params, call) => stop(daemon, params, call),
    restart: (params, call) => restart(daemon, params, call),
    unblock: (params, call) => unblock(daemon, params, call),
    signal: (params) => signal(daemon, params),
    plan: (params) => plan(daemon, params),
    update: (params) => update(daemon, params),
    logs: (params, call: Call) => logs(daemon, params, call),
    shutdown: async ({ leaveRunning }) => {
      refuseWhileStopping(daemon);
      daemon.record('command', leaveRunning === true ? 'shutdown --leave-running' : 'shutdown', OPERATOR);
      if (leaveRunning === true) {
        daemon.leaveSoon('shutdown --leave-running');
        return { ok: true, results: [] };
      }
      const results = (await daemon.stopAll('shutdown')).map((outcome) => resultOf(daemon, outcome));
      daemon.exitSoon(0);
      return { ok: results.every(({ ok }) => ok), results };
    },
  };
}
