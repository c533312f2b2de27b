/**
 * What people are told of an instance while no daemon runs (SPEC 7.2): nobody starts, stops or tries again, so all that counts is
 * whether it is alive, and whether that is right.
 */
import type { View } from './describe.ts';
import type { Ended, Instance, LiveProcess, Run } from './model.ts';
import { causeText, exitText, type Reason } from './wording.ts';

const NOBODY = 'no daemon runs that would start it';

/**
 * @param view - what a daemon would say, had it found this
 * @param leftovers - what lives of runs and hooks that have ended
 */
export function unsupervisedView(view: View, instance: Instance, leftovers: readonly LiveProcess[]): View {
  const { expected } = view;
  const { activity } = instance;
  // A launcher is at work right now: what comes of it shows in an instant.
  if (activity.kind === 'launching') return { state: view.state, reason: view.reason, expected, verdict: 'pending' };
  if (activity.kind !== 'idle') return aliveView(view, activity.run);
  const idle = idleView(view, instance);
  return leftovers.length === 0 ? idle : { ...idle, reason: withLeftovers(idle.reason, leftovers), verdict: 'problem' };
}

function aliveView({ state, reason, expected }: View, run: Run): View {
  const verdict = expected === 'stopped' ? 'problem' : 'ok';
  // As of its last health-check, and of a clock that nobody follows: neither holds any more.
  const isOld = state !== 'RUNNING' || reason.code === 'health-check' || reason.code === 'clock';
  return { state: 'RUNNING', reason: isOld ? whyAlive(state, reason, run) : reason, expected, verdict };
}

function whyAlive(state: View['state'], reason: Reason, run: Run): Reason {
  const plain = causeText(run.why);
  const broken = state === 'STOPPING' ? `; its stop was broken off (${reason.message})` : '';
  return { code: run.why, message: `${plain}${broken}` };
}

function idleView({ state, reason, expected }: View, { ended }: Instance): View {
  switch (state) {
    case 'STOPPED':
      return { state, reason, expected, verdict: expected === 'stopped' ? 'ok' : 'problem' };
    case 'EXITED':
      return { state, reason, expected, verdict: reason.code === 'finished' ? 'ok' : 'problem' };
    // What is alive and cannot be proven is in doubt with or without a daemon.
    case 'BLOCKED':
      if (reason.code !== 'too-many-runs') return { state, reason, expected, verdict: 'problem' };
      break;
    case 'FATAL':
      return { state: 'EXITED', reason, expected, verdict: 'problem' };
    default:
      break;
  }
  const verdict = expected === 'stopped' ? 'ok' : 'problem';
  if (ended !== undefined && isCountedAsExit(ended)) {
    const message = `it ${exitText(ended.exit)}; ${NOBODY} again`;
    return { state: 'EXITED', reason: { code: 'exit', message, data: { exit: ended.exit } }, expected, verdict };
  }
  const { code, message, data } = reason;
  const waitsFor = data?.waitsFor === undefined ? {} : { data: { waitsFor: data.waitsFor } };
  const shown = code === 'dependency' ? { code, message, ...waitsFor } : { code: 'start-queue', message: NOBODY };
  return { state: 'STOPPED', reason: shown, expected, verdict };
}

/** A stop that somebody wanted is no exit of its own. */
function isCountedAsExit({ by }: Ended): boolean {
  return by === 'itself' || by === 'boot' || by === 'health-check' || by === 'max-run-time';
}

function withLeftovers(reason: Reason, leftovers: readonly LiveProcess[]): Reason {
  const named = leftovers.map(({ pid, command }) => `${pid} (${command})`).join(', ');
  const pids = leftovers.map(({ pid }) => pid);
  return { ...reason, message: `${reason.message}; alive of it: ${named}`, data: { ...reason.data, pids } };
}
