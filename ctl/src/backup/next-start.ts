/** What the next daemon would do with a state folder, worked out from files and /proc; nothing is done. */
import { currentContext, loadConfig } from '@procman/daemon/config/load';
import { formatProblem } from '@procman/daemon/config/problem';
import { Describer, type View } from '@procman/daemon/core/describe';
import type { Instance, World } from '@procman/daemon/core/model';
import { Survey } from '@procman/daemon/core/survey';
import { NodeSystem } from '@procman/daemon/effects/node-system';
import { CannotTell, Unsupervised } from '@procman/daemon/unsupervised';
import { VERSION } from '../version.ts';

export interface Step {
  readonly name: string;
  /** `adopt`: it lives, and goes on. `wait`: nothing for now. */
  readonly action: 'start' | 'stop' | 'adopt' | 'wait' | 'blocked';
  readonly why: string;
}

export type NextStart =
  | {
      readonly ok: true;
      readonly steps: readonly Step[];
      readonly notes: readonly string[];
      /** What starts that daemon, with this state. */
      readonly command: string;
    }
  | { readonly ok: false; readonly problems: readonly string[] };

export function nextStart(uid: string, config: string, stateDir: string): NextStart {
  const loaded = loadConfig(config, currentContext());
  if (!loaded.ok) return { ok: false, problems: loaded.problems.map(formatProblem) };
  try {
    const onlooker = new Unsupervised({ uid, stateDir, config, next: loaded.config }, VERSION);
    const command = `procmand run ${config}`;
    const elsewhere =
      loaded.config.daemon.stateDir === stateDir
        ? []
        : [
            `the configuration has its state in ${loaded.config.daemon.stateDir}: start with "${command} --state-dir ${stateDir}", or change state-dir`,
          ];
    return {
      ok: true,
      steps: stepsOf(onlooker.supervisor.world),
      notes: [...onlooker.notes, ...elsewhere],
      command: elsewhere.length === 0 ? command : `${command} --state-dir ${stateDir}`,
    };
  } catch (error) {
    if (error instanceof CannotTell) return { ok: false, problems: [error.message] };
    throw error;
  }
}

/** As a daemon would see it, and not as what is told while none runs. */
function stepsOf({ unsupervised: _nobody, ...world }: World): readonly Step[] {
  const survey = new Survey(world, new NodeSystem().now());
  const describer = new Describer(survey);
  return survey.targets.map((target) => stepOf(target.name, describer.view(target), survey.instance(target)));
}

function stepOf(name: string, { state, expected, reason }: View, { activity }: Instance): Step {
  const why = reason.message;
  if (state === 'BLOCKED') return { name, action: 'blocked', why };
  if (activity.kind !== 'idle') {
    if (expected === 'stopped' || state === 'STOPPING') return { name, action: 'stop', why };
    const { process } = activity.run;
    return { name, action: 'adopt', why: process === undefined ? 'it is being launched' : `pid ${process.pid} lives` };
  }
  const isOnItsWay = state === 'PENDING' || state === 'STARTING' || state === 'BACKOFF';
  return { name, action: isOnItsWay ? 'start' : 'wait', why };
}
