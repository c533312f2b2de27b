import { dirname } from 'node:path';
import type { LogsResult } from '@procman/protocol';
import { RpcFailure } from '@procman/protocol/errors';
import { logsOf } from '../../core/explain/explain.ts';
import type { Survey } from '../../core/survey.ts';
import type { Target } from '../../core/targets.ts';
import type { Call } from '../dispatch.ts';
import { Follower } from '../log-reader.ts';
import { readTail, type Tail } from '../log-tail.ts';
import { selectedOne, type ReadingContext } from './context.ts';

export interface LogsParams {
  readonly name?: string | undefined;
  readonly daemon?: true | undefined;
  readonly stream?: 'stdout' | 'stderr' | undefined;
  readonly lines?: number | undefined;
  readonly follow?: boolean | undefined;
}

const DEFAULT_LINES = 50;

/** The last lines of a log; with `follow`, those to come as notifications until the client goes away. */
export async function logs(daemon: ReadingContext, params: LogsParams, call: Call): Promise<LogsResult> {
  const stream = params.stream ?? 'stdout';
  const { name, path } =
    params.name === undefined ? daemonLog(daemon) : serviceLog(daemon.supervisor.survey(), params.name, stream);
  if (path === undefined) return { name, stream, path: null, lines: [], truncated: false };
  const follow = params.follow === true;
  await daemon.rotation.still(path);
  if (call.closed.aborted) return { name, stream, path, lines: [], truncated: false };
  try {
    // In one turn, so that nothing is rotated between the two.
    const tail = readTail(path, params.lines ?? DEFAULT_LINES, follow);
    if (follow) followLog(daemon, path, tail, call, { name, stream });
    return { name, stream, path, lines: tail.lines, truncated: tail.truncated };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new RpcFailure('unavailable', `the log cannot be read: ${why}`, { what: 'log', why });
  }
}

function followLog(
  daemon: ReadingContext,
  path: string,
  { position, partial }: Tail,
  call: Call,
  what: { name: string; stream: 'stdout' | 'stderr' },
): void {
  // Of a process that was never started: its log is to come, and so may its folder.
  const { logDirectory } = daemon.supervisor.world;
  if (dirname(path) === logDirectory) daemon.system.makeDirectory(logDirectory);
  const follower: Follower = new Follower({
    path,
    position,
    partial,
    audience: daemon.rotation.audience,
    onLines: (lines) => {
      if (!call.notify('log', { ...what, lines })) follower.stop();
    },
    hasRoom: () => call.hasRoom(),
  });
  call.closed.addEventListener('abort', () => follower.stop(), { once: true });
}

/** @throws RpcFailure `unavailable` where it goes to no file */
function daemonLog({ logger: { path, place } }: ReadingContext): { name: string; path: string } {
  if (path !== undefined) return { name: 'procmand', path };
  const why = `it goes to ${place}; log-file under [daemon], -l or -d keep it in a file, from the next start on`;
  throw new RpcFailure('unavailable', `the daemon's log cannot be shown here: ${why}`, { what: 'log', why });
}

/** The log of the live run, or the one that the next run will have. */
function serviceLog(
  survey: Survey,
  given: string,
  stream: 'stdout' | 'stderr',
): { name: string; path: string | undefined } {
  const target: Target = selectedOne(survey, given);
  return { name: target.name, path: logsOf({ survey, target, instance: survey.instance(target) })[stream] };
}
