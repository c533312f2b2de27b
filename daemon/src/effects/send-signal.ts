/** Signals to processes and process groups. */
import type { SignalName } from '../core/model.ts';
import { signalNumber } from './signals.ts';
import { SystemError, type KillResult } from './system.ts';
import { codeOf } from './system-failure.ts';

/** @throws SystemError where there is no such signal */
export function numberOf(signal: SignalName): number {
  const number = signalNumber(signal);
  if (number === undefined) throw new SystemError('send', `signal ${signal}`, 'EINVAL');
  return number;
}

/**
 * @param pid - of a process; negative: a process group
 * @param signal - a number; 0 only asks
 * @throws SystemError
 */
export function send(pid: number, signal: number): KillResult {
  try {
    process.kill(pid, signal);
    return 'sent';
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ESRCH') return 'gone';
    if (code === 'EPERM') return 'denied';
    throw new SystemError('signal', String(pid), code);
  }
}
