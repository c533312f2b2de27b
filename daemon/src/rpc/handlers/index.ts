/** Every method of the contract and what answers it. */
import { protocolVersion } from '@procman/protocol/methods';
import type { Handlers } from '../dispatch.ts';
import { OPERATOR } from '../../supervision/journal.ts';
import { act, resultOf } from './act.ts';
import { refuseWhileStopping, type HandlerContext } from './context.ts';
import { subscribe } from './events.ts';
import { readingHandlersOf } from './reading.ts';
import { notifyTest } from './notify-test.ts';
import { restart } from './restart.ts';
import { signal } from './signal.ts';
import { stop } from './stop.ts';
import { unblock } from './unblock.ts';
import { plan, update } from './update.ts';

export function handlersOf(daemon: HandlerContext): Handlers {
  return {
    ...readingHandlersOf(daemon),
    ping: () => ({ pid: daemon.pid, version: daemon.version, uid: daemon.configuration.current.uid }),
    version: () => ({ version: daemon.version, protocol: protocolVersion }),
    subscribe: (params, call) => subscribe(daemon, params, call),
    start: ({ force, ...params }, call) => act(daemon, 'start', params, { force: force === true }, call),
    stop: (params, call) => stop(daemon, params, call),
    restart: (params, call) => restart(daemon, params, call),
    unblock: (params, call) => unblock(daemon, params, call),
    signal: (params) => signal(daemon, params),
    plan: (params) => plan(daemon, params),
    update: (params) => update(daemon, params),
    metrics: () => daemon.metrics.read(),
    'notify-test': (params) => notifyTest(daemon, params),
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
