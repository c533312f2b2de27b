/** What the next daemon would do with a state folder, worked out from files and /proc; nothing is done. */
import { currentContext, loadConfig } from '@procman/daemon/config/load';
import { formatProblem } from '@procman/daemon/config/problem';
import { CannotTell, Unsupervised } from '@procman/daemon/unsupervised';
import type { Row, StatusResult } from '@procman/protocol/views';
import { VERSION } from '../version.ts';

export interface Step {
  readonly name: string;
  /** `adopt`: it lives, and goes on. `wait`: nothing for now. */
  readonly action: 'start' | 'stop' | 'adopt' | 'wait' | 'blocked';
  readonly why: string;
}

export type NextStart =
  | { readonly ok: true; readonly steps: readonly Step[]; readonly notes: readonly string[] }
  | { readonly ok: false; readonly problems: readonly string[] };

export async function nextStart(uid: string, config: string, stateDir: string): Promise<NextStart> {
  const loaded = loadConfig(config, currentContext());
  if (!loaded.ok) return { ok: false, problems: loaded.problems.map(formatProblem) };
  try {
    const onlooker = new Unsupervised({ uid, stateDir, config, next: loaded.config }, VERSION);
    const never = new AbortController().signal;
    const reply = await onlooker.answer('status', {}, { closed: never, notify: () => true, hasRoom: () => true });
    if ('error' in reply) return { ok: false, problems: [reply.error.message] };
    const elsewhere =
      loaded.config.daemon.stateDir === stateDir
        ? []
        : [
            `the configuration has its state in ${loaded.config.daemon.stateDir}: start with "procmand run ${config} --state-dir ${stateDir}", or change state-dir`,
          ];
    const { processes } = reply.result as StatusResult;
    return { ok: true, steps: processes.map(stepOf), notes: [...onlooker.notes, ...elsewhere] };
  } catch (error) {
    if (error instanceof CannotTell) return { ok: false, problems: [error.message] };
    throw error;
  }
}

function stepOf({ name, state, expected, reason, pid, held, next }: Row): Step {
  if (state === 'BLOCKED') return { name, action: 'blocked', why: reason.message };
  if (pid !== undefined || state === 'RUNNING')
    return expected === 'stopped'
      ? { name, action: 'stop', why: held ? 'an operator has stopped it' : 'it is not to run now' }
      : { name, action: 'adopt', why: `pid ${pid ?? '?'} lives` };
  if (expected === 'stopped' || reason.code === 'finished' || state === 'EXITED') {
    const when = next === undefined ? '' : `; next: ${next.action} ${next.at}`;
    if (expected === 'stopped' || reason.code === 'finished')
      return { name, action: 'wait', why: `${reason.message}${when}` };
  }
  return { name, action: 'start', why: reason.code === 'dependency' ? reason.message : 'it is to run' };
}
