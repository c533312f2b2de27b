/** When nothing fails any more, the world becomes what the configuration and the operator want, within bounded time. */
import { isOwnEnding } from '../core/ending.ts';
import type { Instance } from '../core/model.ts';
import type { Survey } from '../core/survey.ts';
import type { Target } from '../core/targets.ts';
import type { History } from './history.ts';
import type { SimulatedProcess } from './machine.ts';
import { mendDisk } from './machine-deeds.ts';
import { isSteadyVersion } from './steadiness.ts';
import { isOpen } from './time-invariants.ts';
import { described, keyOf } from './truth.ts';

/** Simulated time that all of it may take. */
const PATIENCE = 180_000;

/** A daemon with something to do each few milliseconds has something wrong. */
const ROUNDS = 3_000;

const OPERATOR_INTERVAL = 60_000;

/** Ends all faults and waits; what has not come right by then is a violation. */
export function converge(history: History): void {
  const { machine, daemon, invariants } = history;
  history.note('all faults end');
  mendDisk(history);
  machine.mendClock();
  history.speedUp();
  history.troubled.clear();
  if (daemon.world()?.ending !== undefined) daemon.killNow();
  const since = machine.mono;
  const deadline = since + PATIENCE;
  let operatorComesAt = since;
  for (let round = 1; ; round += 1) {
    if (!daemon.isAlive) history.startDaemon();
    machine.thaw();
    history.letOthersRun(200);
    daemon.answer(100);
    // Now and then a notification is late.
    if (machine.random.chance(0.8)) daemon.tell('look', (supervisor) => supervisor.lookAt('all'));
    history.wake();
    invariants.check();
    invariants.checkLengths(since);
    if (invariants.violations.length > 0) return;
    // The operator confirms the configuration on disk, and sees to what is stuck.
    if (machine.mono >= operatorComesAt && daemon.isAlive) {
      daemon.configure(history.config, false);
      const stuck = daemon.supervisor?.survey().targets ?? [];
      history.operator.order('unblock', stuck);
      // What failed for a fault before may have given up since.
      operatorComesAt = machine.mono + OPERATOR_INTERVAL;
    }
    for (const key of inDoubt(history)) history.operator.resolve(key);
    const wrong = operatorComesAt === since ? ['it has not begun'] : whatIsWrong(history);
    if (wrong.length === 0) break;
    if (round > ROUNDS) wrong.push(`the daemon does not come to rest: ${round} rounds in ${machine.mono - since} ms`);
    if (machine.mono >= deadline || round > ROUNDS) {
      for (const text of wrong) invariants.violate('it comes right', text);
      return;
    }
    // What was started takes its time from here on.
    history.letOthersRun(200);
    machine.advance(Math.ceil(Math.min(Math.max(daemon.nextWake() ?? 100, 10), 2_000)));
  }
  // What ended last has to get to its last word, and to be seen.
  for (let round = 0; round < 4; round += 1) {
    machine.advance(1_000);
    history.letOthersRun(200);
    daemon.tell('look', (supervisor) => supervisor.lookAt('all'));
    history.wake();
    invariants.check();
  }
  history.letOthersRun(200);
  daemon.tell('look', (supervisor) => supervisor.lookAt('all'));
  invariants.checkReported();
}

function inDoubt({ daemon }: History): string[] {
  const instances = [...(daemon.world()?.instances.values() ?? [])];
  return instances.filter(({ doubt }) => doubt !== undefined).map(({ key }) => key);
}

function whatIsWrong(history: History): string[] {
  const survey = history.daemon.supervisor?.survey();
  if (survey === undefined) return ['there is no daemon'];
  const wrong: string[] = [];
  const allowed = new Set<string>();
  for (const target of survey.targets) {
    const instance = survey.instance(target);
    const held = heldNow(history, target.key);
    if (held !== undefined && held !== (instance.hold !== undefined))
      wrong.push(`${target.key}: ${held ? 'its hold is lost' : 'it is held, though it was released'}`);
    if (!mayLive(history, instance, target)) continue;
    allowed.add(target.key);
    if (!isWanted(instance, target)) continue;
    const copies = liveMains(history, target.key);
    const isRunning = instance.activity.kind === 'running' && copies === 1;
    if (isSteady(survey, target) && !isRunning && !isLeftEnded(instance, target))
      wrong.push(`${target.key}: it should run; ${instance.activity.kind}, ${copies} copies`);
  }
  return [...wrong, ...unwantedOf(history, allowed)];
}

/** What lives though it should be gone; with kill-mode `process` only main processes are the daemon's business. */
function unwantedOf(history: History, allowed: ReadonlySet<string>): string[] {
  const wrong: string[] = [];
  for (const process of history.machine.processes.values()) {
    const { run, role, state, marks } = process;
    if (run === undefined || state === 'zombie' || allowed.has(keyOf(run.key)) || isLeftByHook(process)) continue;
    if (role === 'member' && history.blueprintOf(run.key).killMode === 'process') continue;
    // Its session's leader is forgotten, and it bears no mark: nobody can tell whose it is.
    if (role === 'member' && marks.run === undefined && history.lossy.has(run.key)) continue;
    wrong.push(`${run.key}: ${described(process)} lives, though it is not wanted`);
  }
  return wrong;
}

/** What has left a hook's session was meant to outlive it; what is unmarked in it cannot always be proven to be. */
const isLeftByHook = ({ role, session, pid, marks }: SimulatedProcess): boolean =>
  role === 'hook-member' && (session === pid || marks.hook === undefined);

function liveMains({ machine }: History, key: string): number {
  return [...machine.processes.values()].filter(
    ({ run, role, state }) => run?.key === key && role === 'main' && state === 'alive',
  ).length;
}

/** What the operator was told, with holds that end by themselves; undefined where he cannot know. */
function heldNow({ machine, operator: { held, until } }: History, key: string): boolean | undefined {
  const end = until.get(key);
  if (held.get(key) !== true || typeof end !== 'number' || machine.latestWall < end) return held.get(key);
  // The clock showed its end before: whether the daemon has seen that is not known.
  return machine.wall >= end ? false : undefined;
}

/** By the configuration and what the operator was told; where he was told nothing, by what the daemon made of it. */
function mayLive(history: History, { hold, forced }: Instance, target: Target): boolean {
  const isHeld = heldNow(history, target.key) ?? hold !== undefined;
  const version = target.effective?.version;
  if (version === undefined || isHeld) return false;
  const isLate = version.oneShot && version.catchUp;
  return forced || isLate || isOpen(version.schedule, history.machine.wall);
}

/** With `autostart = false` only what an operator started is, though nothing else that lives is stopped. */
function isWanted({ operatorStarted, forced }: Instance, { effective }: Target): boolean {
  return effective?.version?.autostart === true || operatorStarted || forced;
}

function isSteady(survey: Survey, target: Target): boolean {
  const version = target.effective?.version;
  return version !== undefined && isSteadyVersion(version) && survey.unmet(target).length === 0;
}

function isLeftEnded(instance: Instance, target: Target): boolean {
  const version = target.effective?.version;
  return instance.ended !== undefined && isOwnEnding(instance.ended) && version?.autorestart !== 'always';
}
