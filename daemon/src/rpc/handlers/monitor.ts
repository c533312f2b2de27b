/** What the monitor socket answers (SPEC 2.1): anybody may read there, so values of a broken configuration are left out. */
import type { Row } from '@procman/protocol';
import type { Handlers } from '../dispatch.ts';

export function monitorHandlers(handlers: Handlers): Handlers {
  return {
    ...handlers,
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
