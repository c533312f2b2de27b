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

/**
 * An event for anybody: what a hook or a check printed and what a broken version says are left out. The message is made anew of the parts
 * that are known to be harmless, not cut out of the text: anything may stand in that, also colons and brackets.
 */
export function withoutText(event: Event): Event {
  const { reason } = event;
  const shown = { ...event, message: publicMessage(event) };
  // Of a hold the message only says until when.
  return reason === undefined || event.type === 'hold'
    ? shown
    : { ...shown, reason: { ...reason, message: reason.code } };
}

function publicMessage({ type, message, from, to, reason }: Event): string {
  const cause = `${to ?? 'changed'} (${reason?.code ?? 'unknown'})`;
  switch (type) {
    case 'state':
      return `${from ?? 'new'} -> ${cause}`;
    case 'problem':
      return `problem: ${cause}`;
    case 'recovered':
      return `no problem any more: ${cause}`;
    case 'health':
      return message === 'healthy' || message === 'healthy again' ? message : 'unhealthy';
    case 'hook':
      return publicHook(message);
    case 'version':
      return message.replace(/( may not take over): .*$/s, '$1');
    case 'notify':
      return publicNotify(message);
    default:
      return message;
  }
}

/** `before succeeded`, or the hook's name and that it failed. */
function publicHook(message: string): string {
  const [hook = 'hook'] = message.split(' ', 1);
  return message === `${hook} succeeded` ? message : `${hook} failed`;
}

/** Names of `[[notify]]` hold no colon. What a server or a program said of a failure is left out. */
function publicNotify(message: string): string {
  const [name = ''] = message.split(': ', 1);
  const isSent = message.startsWith(`${name}: sent`) || message === `${name}: test sent`;
  return isSent ? message : `${name}: not sent`;
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
