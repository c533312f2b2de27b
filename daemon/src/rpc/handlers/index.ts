/** Every method of the contract and what answers it. */
import { protocolVersion } from '@procman/protocol/methods';
import type { StatusResult } from '@procman/protocol';
import { guardEnd } from '../../core/clock.ts';
import type { Call, Handlers } from '../dispatch.ts';
import { rowsOf } from '../snapshot.ts';
import { act, resultOf } from './act.ts';
import { refuseWhileStopping, selected, type HandlerContext } from './context.ts';
import { forecastsOf } from './forecast.ts';
import { logs } from './logs.ts';
import { signal } from './signal.ts';
import { stop } from './stop.ts';
import { unblock } from './unblock.ts';
import { plan, problemView, update } from './update.ts';

export function handlersOf(daemon: HandlerContext): Handlers {
  const forecasts = forecastsOf(daemon);
  return {
    ping: () => ({ pid: daemon.pid, version: daemon.version, uid: daemon.configuration.current.uid }),
    version: () => ({ version: daemon.version, protocol: protocolVersion }),
    status: ({ names, at }, call) => (at === undefined ? status(daemon, names) : forecasts.statusAt(names, at, call)),
    timeline: (params, call) => forecasts.timeline(params, call),
    start: ({ force, ...params }, call) => act(daemon, 'start', params, { force: force === true }, call),
    stop: (params, call) => stop(daemon, params, call),
    restart: (params, call) => act(daemon, 'restart', params, {}, call),
    unblock: (params, call) => unblock(daemon, params, call),
    signal: (params) => signal(daemon, params),
    plan: (params) => plan(daemon, params),
    update: (params) => update(daemon, params),
    logs: (params, call: Call) => logs(daemon, params, call),
    shutdown: async ({ leaveRunning }) => {
      refuseWhileStopping(daemon);
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

function status(daemon: HandlerContext, names: readonly string[] | undefined): StatusResult {
  const survey = daemon.supervisor.survey();
  const targets = names === undefined ? survey.targets : selected(survey, names).targets;
  const { configuration, time } = daemon;
  const { error, held } = configuration;
  const { wall: behindUntil } = guardEnd(survey.world.clock, survey.now);
  return {
    daemon: {
      pid: daemon.pid,
      version: daemon.version,
      uid: configuration.current.uid,
      startedAt: time.format(daemon.startedAt),
      configPath: configuration.current.path,
      configLoadedAt: time.format(configuration.loadedAt),
      adopted: daemon.adopted,
      ...(error === undefined
        ? {}
        : { configError: { at: time.format(error.at), problems: error.problems.map(problemView) } }),
      ...(held === undefined ? {} : { heldReload: { at: time.format(held.at), hash: held.hash, stops: held.stops } }),
      ...(behindUntil === undefined ? {} : { clock: { behindUntil: time.format(behindUntil) } }),
    },
    processes: rowsOf(survey, targets, time),
  };
}
