/**
 * The fixed words of the protocol (SPEC 7 and 9.1), as lists for the schemas and as types for everybody. Free of zod, so that
 * the client may import it.
 */

export const states = [
  'STOPPED',
  'PENDING',
  'STARTING',
  'RUNNING',
  'BACKOFF',
  'STOPPING',
  'EXITED',
  'FATAL',
  'BLOCKED',
] as const;
export type State = (typeof states)[number];

/** Steps within STARTING (`before` to `settle`) and within STOPPING (`stop-hook` to `after-stop`). */
export const phases = [
  'before',
  'launch',
  'pid-file',
  'start-health-check',
  'init',
  'settle',
  'stop-hook',
  'signal',
  'kill',
  'leftovers',
  'after-stop',
] as const;
export type Phase = (typeof phases)[number];

/** Why an instance is in its state; which code belongs to which state: SPEC 7.3. */
export const reasonCodes = [
  'after-stop',
  'autostart',
  'before',
  'catch-up',
  'clock',
  'dependency',
  'exit',
  'fake',
  'fallback',
  'finished',
  'forced',
  'health-check',
  'identity',
  'init',
  'interrupted',
  'leftovers',
  'manual',
  'max-run-time',
  'missed',
  'new-version',
  'not-in-config',
  'not-yet-applied',
  'operator',
  'pid-file',
  'required',
  'restart',
  'schedule',
  'shutdown',
  'spawn-error',
  'start-health-check',
  'start-queue',
  'survivors',
  'too-many-runs',
  'version-failed',
  'wait-after',
  'wanted',
  'window-ended',
] as const;
export type ReasonCode = (typeof reasonCodes)[number];

/** What an instance should be doing now. */
export const expectations = ['running', 'stopped', 'finished'] as const;
export type Expectation = (typeof expectations)[number];

/** Whether what it does is what it should: `pending` is on its way there. */
export const verdicts = ['ok', 'pending', 'problem'] as const;
export type Verdict = (typeof verdicts)[number];

/** What happens to an instance next, by itself. */
export const nextActions = ['start', 'stop', 'version', 'retry', 'run', 'hold-ends'] as const;
export type NextAction = (typeof nextActions)[number];

/** What the timeline foretells of an instance: as `next`, but for retries, which no clock alone decides. */
export const timelineActions = ['start', 'stop', 'version', 'run', 'hold-ends'] as const;
export type TimelineAction = (typeof timelineActions)[number];

/** A civil time that the change of clocks moves: skipped ones take effect right after the gap, repeated ones once. */
export const timelineNotes = ['dst-skipped', 'dst-repeated'] as const;
export type TimelineNote = (typeof timelineNotes)[number];

/**
 * What a command did to one target (SPEC 9.1). Beyond the table: `requested` (`wait: false`, it goes on behind) and `failed`
 * (it settled in a state that is not the one asked for, see `state` and `reason`).
 */
export const actCodes = [
  'done',
  'requested',
  'already',
  'skipped',
  'released',
  'nothing',
  'failed',
  'timeout',
  'superseded',
  'waiting',
  'outside-window',
  'no-version',
  'not-launchable',
  'not-running',
  'in-doubt',
  'survivors',
] as const;
export type ActCode = (typeof actCodes)[number];

/** What a plan does to one instance. */
export const planActions = ['start', 'stop', 'restart'] as const;
export type PlanActionKind = (typeof planActions)[number];

/** Kinds of entries in the history. */
export const eventTypes = [
  'state',
  'exit',
  'hook',
  'health',
  'hold',
  'command',
  'reload',
  'version',
  'missed',
  'daemon',
  'problem',
  'recovered',
  'notify',
] as const;
export type EventType = (typeof eventTypes)[number];

export const logStreams = ['stdout', 'stderr'] as const;
export type LogStream = (typeof logStreams)[number];
