/** What services do: run on, end, ignore signals, take their time, fork into their session or away from it. */
import type { SignalName } from '../core/model.ts';
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

/** A service's whole behaviour: its one argument, as JSON. */
export interface ServiceSpec {
  /** The version, so that the checks know what ran. */
  readonly version: string;
  /** Exits after so many milliseconds; undefined: never by itself. */
  readonly life?: number;
  readonly code?: number;
  readonly onTerm: OnTerm;
  readonly members: readonly MemberSpec[];
}

/** The child's exec: from here on the process is the service. */
export function* becomeService(machine: SimulatedMachine, self: SimulatedProcess, plan: string): Program {
  const mark = /^export PROCMAN_RUN='([^']*)'$/m.exec(plan)?.[1];
  const text = /^exec '\/service' '([^']*)'$/m.exec(plan)?.[1];
  if (mark === undefined || text === undefined) throw new Error(`the plan is not understood: ${plan}`);
  const spec = JSON.parse(text) as ServiceSpec;
  self.role = 'main';
  self.marks = { run: mark };
  self.command = `service ${spec.version}`;
  machine.observer?.onExec(self, text);
  const asked = answerSignals(machine, self, spec.onTerm);
  const endsAt = spec.life === undefined ? Infinity : machine.mono + spec.life;
  for (const member of spec.members) {
    yield;
    forkMember(machine, self, member);
  }
  yield () => machine.mono >= endsAt || asked.isDue();
  return asked.isDue() ? 0 : (spec.code ?? 0);
}

function forkMember(machine: SimulatedMachine, parent: SimulatedProcess, spec: MemberSpec): void {
  const isUnmarked = spec.unmarked === true && spec.where !== 'away';
  const member = machine.start({
    role: 'member',
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
