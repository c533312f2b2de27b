/**
 * What services and hooks do: run on, end, ignore signals, take their time, fork into their session or away from it, hand over to
 * another process. What they are to do is their one argument, as JSON.
 */
import { parseStem } from '../core/identity.ts';
import type { SignalName } from '../core/model.ts';
import { SystemError } from '../effects/system.ts';
import type { Program, SimulatedMachine, SimulatedProcess } from './machine.ts';

/** How a process answers the stop signal: dies of it, ignores it, or exits after so many milliseconds. */
export type OnTerm = 'dies' | 'ignores' | number;

export interface MemberSpec {
  /** In the session and its process group, in the session with a group of its own, or in a session of its own. */
  readonly where: 'session' | 'group' | 'away';
  readonly onTerm: OnTerm;
  /** It has overwritten its environment, as nginx and sshd do; only within the session. */
  readonly unmarked?: boolean;
}

/** A service's whole behaviour. */
export interface ServiceSpec {
  /** The version, so that the checks know what ran. */
  readonly version: string;
  /** Exits after so many milliseconds; undefined: never by itself. */
  readonly life?: number;
  readonly code?: number;
  readonly onTerm: OnTerm;
  readonly members: readonly MemberSpec[];
  /** It changes this folder so often. */
  readonly touches?: { readonly folder: string; readonly interval: number };
  /** What is launched only starts the service, away from its session, and names it in the pid file. */
  readonly hands?: HandOver;
}

export interface HandOver {
  /** After how many milliseconds the pid is written; a wrong one that is no process's; or none at all. */
  readonly pid: number | 'dead' | 'never';
  /** How long it stays after that. */
  readonly lingers: number;
}

/** What a hook, or a check by command, does. */
export interface HookSpec {
  /** undefined: it hangs. */
  readonly life?: number;
  /** How likely it fails. */
  readonly fails: number;
  readonly members: readonly MemberSpec[];
  /** It asks the service to end, as a `stop` hook should. */
  readonly stops?: boolean;
}

/** No process has it, nor ever will. */
const DEAD_PID = 9_999;

/** The child's exec: from here on the process is the service, or the hook. */
export function* becomeProgram(machine: SimulatedMachine, self: SimulatedProcess, plan: string): Program {
  const exported = (name: string): string | undefined => new RegExp(`^export ${name}='([^']*)'$`, 'm').exec(plan)?.[1];
  const argument = (program: string): string | undefined =>
    new RegExp(`^exec ${program} '([^']*)'$`, 'm').exec(plan)?.[1];
  const [run, hook] = [exported('PROCMAN_RUN'), exported('PROCMAN_HOOK')];
  const [service, command] = [argument(`'/service'`), argument(`'/bin/sh' '-c'`)];
  if (run !== undefined && service !== undefined) {
    self.marks = { run };
    return yield* becomeService(machine, self, JSON.parse(service) as ServiceSpec, exported('PROCMAN_PID_FILE'));
  }
  if (hook === undefined || command === undefined) throw new Error(`the plan is not understood: ${plan}`);
  self.marks = { hook };
  return yield* becomeHook(machine, self, JSON.parse(command) as HookSpec);
}

/* ------------------------------------------------------------------ services */

function* becomeService(
  machine: SimulatedMachine,
  self: SimulatedProcess,
  spec: ServiceSpec,
  pidFile: string | undefined,
): Program {
  if (spec.hands !== undefined && pidFile !== undefined)
    return yield* handOver(machine, self, spec, spec.hands, pidFile);
  self.role = 'main';
  return yield* serve(machine, self, spec);
}

function* serve(machine: SimulatedMachine, self: SimulatedProcess, spec: ServiceSpec): Program {
  self.command = `service ${spec.version}`;
  machine.observer?.onExec(self, spec);
  const asked = answerSignals(machine, self, spec.onTerm);
  const endsAt = spec.life === undefined ? Infinity : machine.mono + spec.life;
  for (const member of spec.members) {
    yield;
    forkMember(machine, self, 'member', member);
  }
  const isOver = (): boolean => machine.mono >= endsAt || asked.isDue();
  while (spec.touches !== undefined && !isOver()) {
    touch(machine, self, spec.touches.folder);
    const again = machine.mono + spec.touches.interval;
    yield () => machine.mono >= again || isOver();
  }
  yield isOver;
  return asked.isDue() ? 0 : (spec.code ?? 0);
}

/** It does not mind a full disk. */
function touch(machine: SimulatedMachine, self: SimulatedProcess, folder: string): void {
  try {
    machine.files.write(`${folder}/heartbeat`, '');
    machine.observer?.onTouch(self);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
  }
}

function* handOver(
  machine: SimulatedMachine,
  self: SimulatedProcess,
  spec: ServiceSpec,
  { pid, lingers }: HandOver,
  pidFile: string,
): Program {
  self.role = 'expression';
  self.command = `starts ${spec.version}`;
  yield;
  const { marks, run } = self;
  const service = machine.start({
    role: 'main',
    command: '',
    parent: self.pid,
    marks,
    ...(run === undefined ? {} : { run }),
  });
  service.program = serve(machine, service, spec);
  // As a fork is: there from here on.
  machine.step(service);
  if (pid !== 'never') {
    const at = machine.mono + (pid === 'dead' ? 0 : pid);
    yield () => machine.mono >= at;
    yield* writePid(machine, pidFile, pid === 'dead' ? DEAD_PID : service.pid);
  }
  const ends = machine.mono + lingers;
  yield () => machine.mono >= ends;
  return 0;
}

/** Digit by digit, as anybody may look in between. */
function* writePid(machine: SimulatedMachine, path: string, pid: number): Generator<undefined, void, undefined> {
  try {
    const text = `${pid}\n`;
    for (let length = 1; length <= text.length; length += 1) {
      machine.files.write(path, text.slice(0, length));
      yield;
    }
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
  }
}

/* ------------------------------------------------------------------ hooks */

function* becomeHook(machine: SimulatedMachine, self: SimulatedProcess, spec: HookSpec): Program {
  self.role = 'hook';
  self.command = 'hook';
  machine.observer?.onHook(self);
  const endsAt = spec.life === undefined ? Infinity : machine.mono + spec.life;
  for (const member of spec.members) {
    yield;
    forkMember(machine, self, 'hook-member', member);
  }
  yield () => machine.mono >= endsAt;
  if (spec.stops === true) askToEnd(machine, self);
  return machine.random.chance(spec.fails) ? 1 : 0;
}

function askToEnd(machine: SimulatedMachine, { run }: SimulatedProcess): void {
  const { key } = parseStem(run?.key ?? '');
  for (const process of [...machine.processes.values()]) {
    if (process.role === 'main' && process.run?.key === key) machine.signal(process, 'TERM');
  }
}

/* ------------------------------------------------------------------ both */

function forkMember(
  machine: SimulatedMachine,
  parent: SimulatedProcess,
  role: 'member' | 'hook-member',
  spec: MemberSpec,
): void {
  const isUnmarked = spec.unmarked === true && spec.where !== 'away';
  const member = machine.start({
    role,
    command: `helper ${spec.where}`,
    parent: parent.pid,
    marks: isUnmarked ? {} : parent.marks,
    ...(parent.run === undefined ? {} : { run: parent.run }),
    ...(spec.where === 'away' ? {} : { session: parent.session }),
    ...(spec.where === 'session' ? { processGroup: parent.processGroup } : {}),
  });
  const asked = answerSignals(machine, member, spec.onTerm);
  member.program = (function* (): Program {
    yield asked.isDue;
    return 0;
  })();
}

function answerSignals(
  machine: SimulatedMachine,
  process: SimulatedProcess,
  onTerm: OnTerm,
): { readonly isDue: () => boolean } {
  let dueAt = Infinity;
  process.onSignal = (_signal: SignalName) => {
    if (onTerm === 'dies') return 'dies';
    if (onTerm !== 'ignores') dueAt = Math.min(dueAt, machine.mono + onTerm);
    return 'lives';
  };
  return { isDue: () => machine.mono >= dueAt };
}
