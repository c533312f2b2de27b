/** What the monitor socket answers (SPEC 2.1): anybody may read there, so values of a broken configuration are left out. */
import type { Event, Row } from '@procman/protocol';
import type { Handlers } from '../dispatch.ts';

export function monitorHandlers(handlers: Handlers): Handlers {
  return {
    ...handlers,
    events: async (params, call) => {
      const result = await handlers.events(params, call);
      return { ...result, events: result.events.map(withoutText) };
    },
    subscribe: (params, call) =>
      handlers.subscribe(params, {
        ...call,
        notify: (method, event) => call.notify(method, method === 'event' ? withoutText(event as Event) : event),
      }),
    status: async (params, call) => {
      const answer = await handlers.status(params, call);
      if (!('daemon' in answer)) return answer;
      const result = { ...answer, processes: answer.processes.map(withoutOutput) };
      if (result.daemon.configError === undefined) return result;
      const { configError } = result.daemon;
      const problems = configError.problems.map(({ found: _secret, ...problem }) => problem);
      return { ...result, daemon: { ...result.daemon, configError: { ...configError, problems } } };
    },
  };
}

/** What a hook or a check printed, and what a broken version says, stand behind a colon; states and types say enough. */
function withoutText(event: Event): Event {
  const { reason } = event;
  const isPlain =
    event.type === 'daemon' || event.type === 'reload' || event.type === 'hold' || event.type === 'missed';
  return {
    ...event,
    ...(isPlain
      ? {}
      : {
          message: event.message.replace(
            /:.*$/s,
            event.message.endsWith(')') && event.message.includes('(') ? ')' : '',
          ),
        }),
    ...(reason === undefined ? {} : { reason: { ...reason, message: reason.message.replace(/:.*$/s, '') } }),
  };
}

/** What a hook or a check printed stands behind a colon. */
function withoutOutput(row: Row): Row {
  const { reason } = row;
  return TELLING.has(reason.code)
    ? { ...row, reason: { ...reason, message: reason.message.replace(/:.*$/s, '') } }
    : row;
}

const TELLING: ReadonlySet<string> = new Set([
  'health-check',
  'start-health-check',
  'init',
  'before',
  'dependency',
  'exit',
]);
