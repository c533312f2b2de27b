/** Somebody looks while no daemon runs: what is told is judged by what is true, and nothing may be changed by it. */
import { Describer } from '../core/describe.ts';
import type { CoreConfig, World } from '../core/model.ts';
import { NO_VETOES } from '../core/schedule.ts';
import { mainOf } from '../core/lifecycle.ts';
import { Survey } from '../core/survey.ts';
import { ReadOnlySystem } from '../effects/read-only-system.ts';
import { lookOn } from '../supervision/onlooker.ts';
import { STATE_DIRECTORY, UID } from './daemon-on-trial.ts';
import type { SimulatedMachine, SimulatedProcess } from './machine.ts';
import { SimulatedSystem } from './simulated-system.ts';
import { described } from './truth.ts';

/** What cannot be held against one who looks: `lossy`, whose state was destroyed; what is left of a run with kill-mode `process`. */
export interface Excuses {
  readonly lossy: ReadonlySet<string>;
  readonly isLeftAlone: (key: string) => boolean;
}

/** @returns what is wrong with it */
export function lookAtDead(machine: SimulatedMachine, config: CoreConfig, excuses: Excuses): string[] {
  const looker = machine.start({ role: 'daemon', command: 'procmanctl', parent: 1 });
  try {
    const before = filesOf(machine);
    const world = lookOn(
      {
        system: new ReadOnlySystem(new SimulatedSystem(machine, looker)),
        uid: UID,
        stateDirectory: STATE_DIRECTORY,
        self: looker.pid,
        log: () => undefined,
      },
      emptyWorld(machine, config),
    );
    const changed = filesOf(machine) === before ? [] : ['files were changed by one who only looked'];
    return [...changed, ...wrongStates(machine, world, excuses)];
  } finally {
    machine.end(looker, { code: 0 });
    machine.reap(looker);
  }
}

function emptyWorld({ bootId }: SimulatedMachine, config: CoreConfig): World {
  return {
    config, bootId, instances: new Map(), kept: new Set(), clock: {}, vetoes: NO_VETOES,
    logDirectory: `${STATE_DIRECTORY}/logs`, session: '', nextLaunch: 0,
  }; // prettier-ignore
}

function filesOf({ files }: SimulatedMachine): string {
  const folders = ['instances', ...['record', 'exit', 'launch', 'lock', 'pid'].map((name) => `runs/${name}`)];
  const paths = folders.flatMap((folder) => {
    const path = `${STATE_DIRECTORY}/${folder}`;
    return files.list(path).map((name) => `${path}/${name}`);
  });
  return JSON.stringify(paths.map((path) => [path, files.get(path)]));
}

function wrongStates(machine: SimulatedMachine, world: World, { lossy, isLeftAlone }: Excuses): string[] {
  const now = { wall: machine.wall, mono: machine.mono };
  const survey = new Survey(world, now);
  const describer = new Describer(survey);
  return survey.targets.flatMap((target) => {
    const { activity, key } = survey.instance(target);
    const { state, verdict } = describer.view(target);
    const told = activity.kind === 'idle' ? undefined : mainOf(activity.run)?.pid;
    const live = [...machine.processes.values()].filter((process) => isMainOf(process, key));
    const seen = told === undefined ? undefined : machine.processes.get(told);
    // Before its exec it is the launcher's child, of the same identity.
    const isTold = seen?.run?.key === key && seen.state !== 'zombie' && seen.role !== 'launcher';
    if (state === 'RUNNING' && told !== undefined && !isTold && !lossy.has(key))
      return [
        `${key} is told to be RUNNING as ${told} (${seen === undefined ? 'nothing' : described(seen)}); alive is ${live.map(described).join(', ') || 'nothing'}`,
      ];
    // What a launcher is about to bring up, and what is in doubt, are told as such.
    const isDenied = ['STOPPED', 'EXITED'].includes(state) && verdict === 'ok' && live.length > 0;
    return isDenied && !lossy.has(key) && !isLeftAlone(key)
      ? [`${key} is told to be ${state} and right; alive is ${live.map(described).join(', ')}`]
      : [];
  });
}

const isMainOf = ({ role, run, state }: SimulatedProcess, key: string): boolean =>
  role === 'main' && run?.key === key && state !== 'zombie';
