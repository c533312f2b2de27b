/** What the monitor socket answers (SPEC 2.1): anybody may read there, so values of a broken configuration are left out. */
import type { Handlers } from '../dispatch.ts';

export function monitorHandlers(handlers: Handlers): Handlers {
  return {
    ...handlers,
    status: async (params, call) => {
      const result = await handlers.status(params, call);
      if (!('daemon' in result) || result.daemon.configError === undefined) return result;
      const { configError } = result.daemon;
      const problems = configError.problems.map(({ found: _secret, ...problem }) => problem);
      return { ...result, daemon: { ...result.daemon, configError: { ...configError, problems } } };
    },
  };
}
