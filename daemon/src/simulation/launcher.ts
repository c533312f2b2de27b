/**
 * launch.sh, step by step: the launcher and its child as two processes, each of which may be held up, frozen or killed between
 * any two steps. Keep it in step with the script: what is simulated here is tortured for real in launch.test.ts.
 */
import type { ProcessIdentity } from '../core/model.ts';
import { formatRecord, parseRecord } from '../effects/launch-files.ts';
import { SystemError, type LauncherStart } from '../effects/system.ts';
import { signalNumber } from '../effects/signals.ts';
import type { Program, SimulatedMachine, SimulatedProcess, Status } from './machine.ts';
import { becomeProgram } from './services.ts';

/** Defects on purpose: the simulation has to find each. */
export interface LauncherFlaws {
  readonly skipsRecordCheck?: boolean;
  readonly skipsClaim?: boolean;
}

const LOCK_PATIENCE = 2_000;

interface Launch extends LauncherStart {
  readonly machine: SimulatedMachine;
  readonly self: SimulatedProcess;
  readonly flaws: LauncherFlaws;
}

export function startLauncher(
  machine: SimulatedMachine,
  parent: number,
  start: LauncherStart,
  flaws: LauncherFlaws,
): void {
  const { uid, stem, launchId, directory } = start;
  machine.observer?.onLaunch(stem, launchId);
  const marks = { launcher: `${uid}/${stem}/${launchId}` };
  const self = machine.start({ role: 'launcher', command: `sh launch.sh ${stem}`, parent, marks }, directory);
  self.program = launcherProgram({ ...start, machine, self, flaws });
}

const filesOf = ({ directory, stem, launchId }: Launch): string => `${directory}/launch/${stem}.${launchId}`;
const exitFileOf = ({ directory, stem, launchId }: Launch): string => `${directory}/exit/${stem}.${launchId}`;
const lockOf = ({ directory, stem }: Launch): string => `${directory}/lock/${stem}`;
const recordOf = ({ directory, stem }: Launch): string => `${directory}/record/${stem}`;

function* launcherProgram(launch: Launch): Program {
  const { machine, self, flaws, stem, launchId } = launch;
  const { files } = machine;
  // 1. The lock.
  yield;
  if (!isDone(() => files.exists(lockOf(launch)) || files.write(lockOf(launch), ''))) {
    return giveUp(launch, 'failed lock cannot open the lock file');
  }
  const deadline = machine.mono + LOCK_PATIENCE;
  while (!machine.tryLock(lockOf(launch), self.pid)) {
    if (machine.mono >= deadline) return giveUp(launch, 'refused lock');
    yield () => !machine.isLocked(lockOf(launch)) || machine.mono >= deadline;
  }
  yield;
  // 2. No live process on record.
  if (flaws.skipsRecordCheck !== true && isRecordAlive(launch)) return giveUp(launch, 'refused alive');
  yield;
  // 3. The claim.
  if (flaws.skipsClaim !== true) {
    if (!isDone(() => files.rename(`${filesOf(launch)}.intent`, `${filesOf(launch)}.claimed`))) {
      const isThere = files.exists(`${filesOf(launch)}.intent`);
      return giveUp(launch, isThere ? 'failed claim cannot rename the intent' : 'refused void');
    }
  }
  yield;
  // 4. The service.
  self.onSignal = () => 'lives';
  const child = machine.start(
    {
      role: 'child', command: 'sh', parent: self.pid, marks: self.marks, processGroup: self.processGroup,
      session: self.session, run: { key: stem, launchId },
    },
    launch.directory,
  ); // prettier-ignore
  machine.shareLock(lockOf(launch), child.pid);
  child.program = childProgram({ ...launch, self: child }, self);
  yield () => child.state === 'zombie';
  const status = child.status;
  machine.reap(child);
  yield;
  // 5. The last word, unless the child has left it.
  const said = files.read(exitFileOf(launch)) ?? '';
  if (!/ end\s*$/.test(said) && status !== undefined) say(launch, statusText(status));
  return 0;
}

function statusText(status: Status): string {
  return 'code' in status ? `exit ${status.code}` : `signal ${signalNumber(status.signal) ?? 0}`;
}

function* childProgram(launch: Launch, launcher: SimulatedProcess): Program {
  const { machine, self, launchId } = launch;
  const { files } = machine;
  yield;
  self.session = self.pid;
  self.processGroup = self.pid;
  yield;
  const identityOf = ({ pid, startTicks }: SimulatedProcess): ProcessIdentity => {
    const { bootId, pidNamespace } = machine;
    return { pid, startTicks, bootId, pidNamespace };
  };
  const record = formatRecord({ launchId, process: identityOf(self), launcher: identityOf(launcher) });
  const draft = `${filesOf(launch)}.record`;
  if (!isDone(() => files.write(draft, record))) return left(launch, 'failed record cannot write the run record');
  yield;
  if (!isDone(() => files.rename(draft, recordOf(launch))))
    return left(launch, 'failed record cannot write the run record');
  yield;
  machine.closeLock(lockOf(launch), self.pid);
  yield;
  const plan = files.read(`${filesOf(launch)}.plan`);
  if (plan === undefined) return left(launch, 'failed plan cannot read the plan');
  yield;
  return yield* becomeProgram(machine, self, plan);
}

/** The child's last word where it ends before its exec. */
function left(launch: Launch, text: string): number {
  say(launch, text);
  return 125;
}

function giveUp(launch: Launch, text: string): number {
  if (!launch.machine.files.exists(`${filesOf(launch)}.claimed`)) say(launch, text);
  return 0;
}

function say(launch: Launch, text: string): void {
  const { machine, stem, launchId } = launch;
  const isWritten = machine.files.overwrite(exitFileOf(launch), `${text.padEnd(60)} end\n`);
  if (isWritten) machine.observer?.onLastWord(stem, launchId, text);
}

function isRecordAlive(launch: Launch): boolean {
  const { machine } = launch;
  const record = parseRecord(machine.files.read(recordOf(launch)) ?? '');
  if (record === undefined) return false;
  const { pid, startTicks, bootId, pidNamespace } = record.process;
  if (bootId !== machine.bootId || pidNamespace !== machine.pidNamespace) return false;
  const process = machine.processes.get(pid);
  return process !== undefined && process.startTicks === startTicks && process.state !== 'zombie';
}

/** Whether it worked: a shell's command that fails ends nothing by itself. */
function isDone(work: () => unknown): boolean {
  try {
    return work() !== false;
  } catch (error) {
    if (error instanceof SystemError) return false;
    throw error;
  }
}
