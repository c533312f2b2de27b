/**
 * The contract: every method of the protocol with its params, result and errors, once. Both sides take their types from here;
 * zod checks the params at the daemon's edge. The client imports types only, because loading zod costs more than its work.
 */

import * as z from 'zod';
import type { ErrorName } from './errors.ts';
import type { Method } from './methods.ts';
import type * as views from './views.ts';
import * as words from './vocabulary.ts';

/* ---------------------------------------------------------------- schemas checked against the views */

type Mutable<T> = T extends readonly (infer E)[]
  ? Mutable<E>[]
  : T extends object
    ? { -readonly [K in keyof T]: Mutable<T[K]> }
    : T;

/** `unknown` where the schema says exactly what the view says, else a type that fits nothing and names the difference. */
type Agrees<View, Schema extends z.ZodType> = [Exclude<keyof View, keyof z.output<Schema>>] extends [never]
  ? [Mutable<View>] extends [z.output<Schema>]
    ? unknown
    : { 'the schema allows less than the view': z.output<Schema> }
  : { 'the schema lacks': Exclude<keyof View, keyof z.output<Schema>> };

/** Ties a schema to its view: the compiler refuses a field that only one of them has. */
function schemaOf<View>() {
  return <Schema extends z.ZodType<View>>(schema: Schema & Agrees<View, Schema>): z.ZodType<View> => schema;
}

const text = z.string();
const count = z.int().nonnegative();
const pid = z.int().positive();
const time = z.string().meta({ description: 'ISO 8601 with milliseconds and offset' });
const names = z.array(text);

const exitFields = {
  code: count.exactOptional(),
  signal: text.exactOptional(),
  unknown: z.literal(true).exactOptional(),
};
const exit = schemaOf<views.ExitView>()(z.strictObject(exitFields));
const lastExit = schemaOf<views.LastExit>()(z.strictObject({ ...exitFields, at: time }));

const reasonData = schemaOf<views.ReasonData>()(
  z.strictObject({
    until: time.exactOptional(),
    waitsFor: names.exactOptional(),
    pids: z.array(pid).exactOptional(),
    exit: exit.exactOptional(),
    tries: count.exactOptional(),
  }),
);
const reason = schemaOf<views.Reason>()(
  z.strictObject({ code: z.enum(words.reasonCodes), message: text, data: reasonData.exactOptional() }),
);

const hold = schemaOf<views.HoldView>()(z.strictObject({ since: time, until: text.exactOptional() }));

const next = z.strictObject({ at: time, action: z.enum(words.nextActions) });

const resources = schemaOf<views.Resources>()(
  z.strictObject({
    cpuPercent: z.number().nonnegative(),
    rssBytes: count,
    threads: count,
    openFiles: count.exactOptional(),
    processes: count,
  }),
);

const rowFields = {
  name: text,
  id: text,
  instance: text,
  num: count,
  group: text.exactOptional(),
  state: z.enum(words.states),
  phase: z.enum(words.phases).exactOptional(),
  reason,
  expected: z.enum(words.expectations),
  verdict: z.enum(words.verdicts),
  pid: pid.exactOptional(),
  since: time,
  uptimeSeconds: count.exactOptional(),
  restarts: count,
  applyOn: text.exactOptional(),
  stale: z.boolean(),
  held: z.boolean(),
  hold: hold.exactOptional(),
  lastExit: lastExit.exactOptional(),
  retryAt: time.exactOptional(),
  next: next.exactOptional(),
  zombies: count.exactOptional(),
  resources: resources.exactOptional(),
  dependents: names.exactOptional(),
};
const row = schemaOf<views.Row>()(z.strictObject(rowFields));

const problem = schemaOf<views.Problem>()(
  z.strictObject({
    severity: z.enum(['error', 'warning']),
    file: text,
    line: pid.exactOptional(),
    column: pid.exactOptional(),
    process: text.exactOptional(),
    key: text.exactOptional(),
    message: text,
    found: text.exactOptional(),
    allowed: text.exactOptional(),
    hint: text.exactOptional(),
  }),
);

const unsupervised = schemaOf<views.Unsupervised>()(z.strictObject({ since: time.exactOptional() }));
const maybeUnsupervised = { unsupervised: unsupervised.exactOptional() };
const heldReload = schemaOf<views.HeldReload>()(z.strictObject({ at: time, hash: text, stops: names }));
const daemon = schemaOf<views.DaemonView>()(
  z.strictObject({
    pid: pid.nullable(),
    version: text,
    uid: text,
    startedAt: time,
    configPath: text,
    configLoadedAt: time,
    adopted: count,
    configError: z.strictObject({ at: time, problems: z.array(problem) }).exactOptional(),
    heldReload: heldReload.exactOptional(),
    clock: z.strictObject({ behindUntil: time }).exactOptional(),
    ...maybeUnsupervised,
  }),
);
const statusResult = schemaOf<views.StatusResult>()(z.strictObject({ daemon, processes: z.array(row) }));

const expectedRow = schemaOf<views.ExpectedRow>()(
  z.strictObject({
    name: text,
    id: text,
    expected: z.enum(words.expectations),
    reason,
    applyOn: text.exactOptional(),
    next: next.exactOptional(),
  }),
);
const statusAtResult = schemaOf<views.StatusAtResult>()(
  z.strictObject({ at: time, processes: z.array(expectedRow), ...maybeUnsupervised }),
);

const timelineEntry = schemaOf<views.TimelineEntry>()(
  z.strictObject({
    at: time,
    name: text,
    id: text,
    action: z.enum(words.timelineActions),
    applyOn: text.exactOptional(),
    note: z.enum(words.timelineNotes).exactOptional(),
  }),
);
const timelineResult = schemaOf<views.TimelineResult>()(
  z.strictObject({
    from: time,
    to: time,
    entries: z.array(timelineEntry),
    truncated: z.boolean(),
    ...maybeUnsupervised,
  }),
);

const proc = schemaOf<views.Proc>()(
  z.strictObject({ pid, user: text, startedAt: time, command: text, marked: z.boolean() }),
);
const targetResult = schemaOf<views.TargetResult>()(
  z.strictObject({
    name: text,
    ok: z.boolean(),
    code: z.enum(words.actCodes),
    message: text,
    state: z.enum(words.states),
    reason,
    alsoStopped: names.exactOptional(),
    survivors: z.array(proc).exactOptional(),
    candidates: z.array(proc).exactOptional(),
  }),
);
const actResult = schemaOf<views.ActResult>()(z.strictObject({ results: z.array(targetResult) }));

const planAction = schemaOf<views.PlanAction>()(
  z.strictObject({ name: text, action: z.enum(words.planActions), reason }),
);
const daemonChange = schemaOf<views.DaemonChange>()(
  z.strictObject({ key: text, takesEffect: z.enum(['now', 'next-start']) }),
);
const updateResult = schemaOf<views.UpdateResult>()(
  z.strictObject({
    ok: z.boolean(),
    applied: z.boolean(),
    held: z.strictObject({ stops: names }).exactOptional(),
    hash: text,
    added: names,
    removed: names,
    restarted: names,
    stale: names,
    changed: names,
    unchanged: names,
    actions: z.array(planAction),
    daemon: z.array(daemonChange),
    problems: z.array(problem),
  }),
);

const because = schemaOf<views.Because>()(z.strictObject({ code: text, message: text, since: time.exactOptional() }));
const version = schemaOf<views.VersionView>()(
  z.strictObject({ applyOn: text, fake: z.boolean(), effective: z.boolean(), why: text }),
);
const dependency = schemaOf<views.DependencyView>()(
  z.strictObject({
    id: text,
    condition: text,
    onLoss: text,
    met: z.boolean(),
    state: z.enum(words.states).exactOptional(),
    verdict: z.enum(words.verdicts).exactOptional(),
  }),
);
const pastRun = schemaOf<views.PastRun>()(
  z.strictObject({
    ...exitFields,
    run: text,
    startedAt: time,
    at: time,
    durationSeconds: z.number().nonnegative(),
    why: z.string().exactOptional(),
    stderr: names,
  }),
);
const explanation = schemaOf<views.Explanation>()(
  z.strictObject({
    ...rowFields,
    because: z.array(because),
    versions: z.array(version),
    commandType: z.strictObject({ type: text, why: text }),
    schedule: z
      .strictObject({
        active: z.boolean(),
        text,
        nextStart: time.exactOptional(),
        nextStop: time.exactOptional(),
      })
      .exactOptional(),
    dependencies: z.array(dependency),
    dependents: names,
    failures: z.strictObject({
      failedStarts: count,
      runsInWindow: count,
      maxRuns: count,
      retryAt: time.exactOptional(),
    }),
    health: z
      .strictObject({ ok: z.boolean(), failures: count, at: time.exactOptional(), output: text.exactOptional() })
      .exactOptional(),
    exits: z.array(pastRun),
    staleKeys: names,
    logs: z.strictObject({ stdout: text.exactOptional(), stderr: text.exactOptional() }),
    upcoming: z.array(next),
    uptime: z.strictObject({
      days: z.number().nonnegative(),
      expectedSeconds: z.number().nonnegative(),
      upSeconds: z.number().nonnegative(),
    }),
  }),
);
const explainResult = schemaOf<views.ExplainResult>()(
  z.strictObject({ processes: z.array(explanation), ...maybeUnsupervised }),
);

const changedNames = z.strictObject({ count, names }).exactOptional();
const event = schemaOf<views.Event>()(
  z.strictObject({
    seq: pid,
    at: time,
    type: z.enum(words.eventTypes),
    name: text.exactOptional(),
    run: text.exactOptional(),
    from: z.enum(words.states).exactOptional(),
    to: z.enum(words.states).exactOptional(),
    reason: reason.exactOptional(),
    exit: exit.exactOptional(),
    durationSeconds: z.number().nonnegative().exactOptional(),
    changes: z
      .strictObject({
        added: changedNames,
        removed: changedNames,
        restarted: changedNames,
        stale: changedNames,
        changed: changedNames,
        held: changedNames,
      })
      .exactOptional(),
    by: text.exactOptional(),
    message: text,
  }),
);
const eventsResult = schemaOf<views.EventsResult>()(
  z.strictObject({ events: z.array(event), more: z.boolean(), ...maybeUnsupervised }),
);
const subscribeResult = schemaOf<views.SubscribeResult>()(z.strictObject({ seq: count }));

const logsResult = schemaOf<views.LogsResult>()(
  z.strictObject({
    name: text,
    stream: z.enum(words.logStreams),
    path: text.nullable(),
    lines: names,
    truncated: z.boolean(),
    ...maybeUnsupervised,
  }),
);
const metricsResult = schemaOf<views.MetricsResult>()(z.strictObject({ contentType: text, text }));
const shutdownResult = schemaOf<views.ShutdownResult>()(
  z.strictObject({ ok: z.boolean(), results: z.array(targetResult) }),
);
const notifyTestResult = schemaOf<views.NotifyTestResult>()(
  z.strictObject({
    ok: z.boolean(),
    results: z.array(
      schemaOf<views.NotifyTest>()(
        z.strictObject({ name: text, target: text, ok: z.boolean(), message: text, seconds: z.number().nonnegative() }),
      ),
    ),
  }),
);
const pingResult = schemaOf<views.PingResult>()(z.strictObject({ pid, version: text, uid: text }));
const versionResult = schemaOf<views.VersionResult>()(z.strictObject({ version: text, protocol: pid }));
const logNotification = schemaOf<views.LogNotification>()(
  z.strictObject({ name: text, stream: z.enum(words.logStreams), lines: names }),
);

/* ---------------------------------------------------------------- params */

const eventTypes = z.array(z.enum(words.eventTypes)).min(1).max(words.eventTypes.length);

/** Far more than anybody has; checked before the entries are, so that a hostile list costs nothing. */
const mostNames = 10_000;
const selectors = z
  .array(z.unknown())
  .max(mostNames)
  .pipe(z.array(z.string().min(1)).min(1))
  .meta({ description: 'Selectors: all, a name, a process id, an instance, group:*, or a glob' });

/** A moment as a person writes it, resolved by the daemon: it knows the zones. */
const moment = z.string().min(1).max(100);
const pastForms = 'an ISO 8601 date-time (without an offset in the zone of [daemon]), a date, or HH:MM: the latest one';
const momentForms = 'an ISO 8601 date-time (without an offset in the zone of [daemon]), a date, or HH:MM: the next one';

/** Ten years. */
const longestTimeline = 10 * 366 * 86_400;

const acting = {
  names: selectors,
  wait: z.boolean().optional().meta({ description: 'Reply once settled; true unless told' }),
  timeoutSeconds: z
    .number()
    .positive()
    .optional()
    .meta({ description: 'How long to wait; without end unless told. The command goes on behind' }),
};

const resolution = z.union(
  [z.enum(['gone', 'kill']), z.strictObject({ adopt: pid })],
  'expected "gone", "kill" or { "adopt": PID }',
);

const noParams = z.strictObject({});

/** Exactly one of `name` and `daemon`; not a union, so that a wrong key is named and not "no variant fits". */
const logsParams = z
  .strictObject({
    name: z.string().min(1).optional().meta({ description: 'A selector that means one instance' }),
    daemon: z.literal(true).optional().meta({ description: "The daemon's own log, instead of name" }),
    stream: z.enum(words.logStreams).optional().meta({ description: 'stdout unless told' }),
    lines: count.max(1_000_000).optional().meta({ description: '50 unless told' }),
    follow: z.boolean().optional().meta({ description: 'Then send notifications "log", until the connection closes' }),
  })
  .refine((params) => (params.name === undefined) !== (params.daemon === undefined), {
    message: 'exactly one of "name" and "daemon" is needed',
  });

const statusParams = z
  .strictObject({
    names: selectors.optional(),
    at: moment.optional().meta({ description: `Instead: what is expected at that moment; ${momentForms}` }),
    resources: z.boolean().optional().meta({
      description: 'Also what each run uses; takes half a second where nobody has asked within the last minute',
    }),
  })
  .refine(({ at, resources }) => at === undefined || resources !== true, {
    message: '"at" and "resources" exclude each other: what is used is of now',
  });

const restartParams = z
  .strictObject({
    ...acting,
    names: selectors.optional(),
    stale: z.boolean().optional().meta({ description: 'Only those that are stale, of all or of names' }),
  })
  .refine(({ names, stale }) => names !== undefined || stale === true, {
    path: ['names'],
    message: 'names are needed, unless "stale" is true',
  });

/* ---------------------------------------------------------------- the table */

/** One method. */
export interface MethodContract<P = unknown, R = unknown> {
  readonly summary: string;
  readonly params: z.ZodType<P>;
  readonly result: z.ZodType<R>;
  /** Errors of its own, beside those that any call may get. */
  readonly errors: readonly ErrorName[];
  /** It changes what runs. */
  readonly acting: boolean;
  /** The monitor socket answers it too. */
  readonly monitor: boolean;
}

function method<P, R>(contract: MethodContract<P, R>): MethodContract<P, R> {
  return contract;
}

function reading<P, R>(contract: Omit<MethodContract<P, R>, 'acting'>): MethodContract<P, R> {
  return method({ ...contract, acting: false });
}

function actingOn<P, R>(contract: Omit<MethodContract<P, R>, 'acting' | 'monitor'>): MethodContract<P, R> {
  return method({ ...contract, acting: true, monitor: false });
}

const onTargets: readonly ErrorName[] = ['unknown-name', 'shutting-down'];

export const contract = {
  ping: reading({
    summary: 'Tell that the daemon lives',
    params: noParams,
    result: pingResult,
    errors: [],
    monitor: true,
  }),
  version: reading({
    summary: 'Versions of procman and of this protocol',
    params: noParams,
    result: versionResult,
    errors: [],
    monitor: true,
  }),
  status: reading({
    summary: 'State, reason and verdict of each instance',
    params: statusParams,
    result: z.union([statusResult, statusAtResult]),
    errors: ['unknown-name'],
    monitor: true,
  }),
  explain: reading({
    summary: 'Why each instance is as it is, and what happens next',
    params: z.strictObject({ names: selectors }),
    result: explainResult,
    errors: ['unknown-name'],
    monitor: false,
  }),
  timeline: reading({
    summary: 'The transitions to come, by schedules, versions and holds',
    params: z.strictObject({
      names: selectors.optional(),
      from: moment.optional().meta({ description: `Now unless told; ${momentForms}` }),
      seconds: z.number().positive().max(longestTimeline).optional().meta({ description: '86400 unless told' }),
    }),
    result: timelineResult,
    errors: ['unknown-name'],
    monitor: true,
  }),
  events: reading({
    summary: 'The history: the newest entries of what is asked for, oldest first',
    params: z.strictObject({
      names: selectors.optional(),
      since: moment.optional().meta({ description: `At or after; ${pastForms}` }),
      until: moment.optional().meta({ description: `Before; ${pastForms}` }),
      types: eventTypes.optional(),
      limit: pid.max(100_000).optional().meta({ description: '1000 unless told' }),
    }),
    result: eventsResult,
    errors: ['unknown-name', 'unavailable'],
    monitor: true,
  }),
  subscribe: reading({
    summary: 'Send notifications "event" for what happens from now on, until the connection closes',
    params: z.strictObject({
      names: selectors.optional(),
      types: eventTypes.optional(),
      afterSeq: count.optional().meta({ description: 'First those that came after this one' }),
    }),
    result: subscribeResult,
    errors: ['unknown-name', 'unavailable'],
    monitor: true,
  }),
  start: actingOn({
    summary: 'Release the hold and start',
    params: z.strictObject({
      ...acting,
      force: z.boolean().optional().meta({ description: 'Also outside its window, until that next closes' }),
    }),
    result: actResult,
    errors: onTargets,
  }),
  stop: actingOn({
    summary: 'Stop, and hold until the next start',
    params: z.strictObject({
      ...acting,
      until: moment.optional().meta({
        description:
          'The hold ends by itself then: next-window, reboot, HH:MM (the next one), a date, or an ISO 8601 date-time; in the zone of each process',
      }),
      now: z.boolean().optional().meta({ description: 'No hook and no grace: SIGKILL at once' }),
    }),
    result: actResult,
    errors: onTargets,
  }),
  restart: actingOn({
    summary: 'Stop and start again',
    params: restartParams,
    result: actResult,
    errors: onTargets,
  }),
  unblock: actingOn({
    summary: 'Clear the counters of BLOCKED, BACKOFF and FATAL ones and try again; resolve what is in doubt',
    params: z.strictObject({ ...acting, resolution: resolution.optional() }),
    result: actResult,
    errors: onTargets,
  }),
  signal: actingOn({
    summary: 'Send a signal to the main process',
    params: z.strictObject({
      names: selectors,
      signal: z.string().min(1).meta({ description: 'TERM, SIGTERM or 15' }),
    }),
    result: actResult,
    errors: onTargets,
  }),
  plan: reading({
    summary: 'What update would do; changes nothing',
    params: z.strictObject({
      config: z
        .strictObject({ path: z.string().min(1), text })
        .optional()
        .meta({ description: 'A configuration read by the client, instead of the file in effect' }),
    }),
    result: updateResult,
    errors: [],
    monitor: false,
  }),
  update: actingOn({
    summary: 'Load the configuration again and put it into effect; replies when it is decided',
    params: z.strictObject({
      hash: z.string().min(1).optional().meta({ description: 'Refuse when the plan is no longer this one' }),
    }),
    result: updateResult,
    errors: ['plan-changed', 'shutting-down'],
  }),
  logs: reading({
    summary: 'The last lines of a log, and those to come',
    params: logsParams,
    result: logsResult,
    errors: ['unknown-name', 'unavailable'],
    monitor: false,
  }),
  metrics: reading({
    summary: 'Figures of all instances and of the daemon, in the text format of Prometheus',
    params: noParams,
    result: metricsResult,
    errors: [],
    monitor: true,
  }),
  'notify-test': actingOn({
    summary: 'Send a test message by each [[notify]], once; replies when all have answered',
    params: z.strictObject({
      notifies: z
        .array(z.string().min(1))
        .min(1)
        .max(1_000)
        .optional()
        .meta({ description: 'Names of [[notify]] tables; all unless told' }),
    }),
    result: notifyTestResult,
    errors: ['unknown-name'],
  }),
  shutdown: actingOn({
    summary: 'Stop everything, then the daemon; or only the daemon',
    params: z.strictObject({
      leaveRunning: z.boolean().optional().meta({ description: 'Leave the services running' }),
    }),
    result: shutdownResult,
    errors: ['shutting-down'],
  }),
  'rpc.discover': reading({
    summary: 'This document',
    params: noParams,
    result: z.record(z.string(), z.unknown()),
    errors: [],
    monitor: true,
  }),
} satisfies Record<Method, MethodContract>;

/** Notifications that the daemon sends. */
export const notifications = {
  log: { summary: 'New lines of a log that is followed', params: logNotification },
  event: { summary: 'Something that has happened, to those who have subscribed', params: event },
};

type Contract = typeof contract;

/** Params of a method, as sent and as a handler gets them: optional fields are left absent. */
export type Params<M extends Method> = z.output<Contract[M]['params']>;
export type Result<M extends Method> = z.output<Contract[M]['result']>;
/** What a call with params of type P is answered: `status` has another result with `at`. */
export type Answer<M extends Method, P> = M extends 'status'
  ? P extends { readonly at: string }
    ? views.StatusAtResult
    : 'at' extends keyof P
      ? Result<M>
      : views.StatusResult
  : Result<M>;
export type Notification = keyof typeof notifications;
export type NotificationParams<N extends Notification> = z.output<(typeof notifications)[N]['params']>;

export type { Method } from './methods.ts';
