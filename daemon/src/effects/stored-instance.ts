/** The format of a state file, and what makes one valid. Versioned: the next release reads this one. */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { Health, Instance, InstanceKey } from '../core/model.ts';

export interface StoredInstance {
  readonly version: 1;
  /** Monotonic times and pids in it mean something in this boot only. */
  readonly bootId: string;
  /** Without the hold, which is a file of its own. */
  readonly instance: Omit<Instance, 'hold'>;
}

const time = z.number();
const processIdentity = z.object({
  pid: z.int().positive(),
  startTicks: z.number().nonnegative(),
  bootId: z.string(),
  pidNamespace: z.string(),
});
const exit = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('code'), code: z.int() }),
  z.object({ kind: z.literal('signal'), signal: z.string() }),
  z.object({ kind: z.literal('unknown') }),
]);
const launchId = z.string().regex(/^[A-Za-z0-9]+$/);
const hook = z.object({ command: z.string(), timeout: time });
const probe = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('command'), command: z.string() }),
  z.object({ kind: z.literal('http'), url: z.string() }),
  z.object({ kind: z.literal('tcp'), host: z.string(), port: z.int() }),
]);
const healthCheck = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('probe'),
    probe,
    timeout: time,
    interval: time,
    retries: z.int().positive(),
    startPeriod: time,
  }),
  z.object({ kind: z.literal('folder'), folder: z.string(), inactiveTime: time }),
]);
const settings = z.object({
  oneShot: z.boolean(),
  autorestart: z.enum(['always', 'on-failure', 'never']),
  exitCodes: z.array(z.int()),
  startSecs: time,
  stopSignal: z.string().regex(/^[A-Z0-9+]+$/),
  stopTimeout: time,
  killMode: z.enum(['group', 'mixed', 'process']),
  dependsOn: z
    .array(
      z.object({
        id: z.string(),
        condition: z.enum(['started', 'running', 'healthy', 'finished']),
        onLoss: z.enum(['stop', 'keep']),
      }),
    )
    .exactOptional(),
  hooks: z
    .object({
      before: hook.exactOptional(),
      init: hook.exactOptional(),
      'after-start': hook.exactOptional(),
      stop: hook.exactOptional(),
      'after-stop': hook.exactOptional(),
    })
    .exactOptional(),
  startHealthCheck: z.object({ probe, timeout: time, interval: time }).exactOptional(),
  healthCheck: healthCheck.exactOptional(),
  maxRunTime: time.exactOptional(),
});
const run = z.object({
  launchId,
  name: z.string().exactOptional(),
  why: z.enum(['wanted', 'operator', 'forced', 'catch-up']),
  type: z.enum(['simple', 'expression', 'pid-file', 'podman-cid', 'external']).exactOptional(),
  entry: z.string().exactOptional(),
  applyOn: z.string(),
  fingerprint: z.record(z.string(), z.string()),
  settings,
  startedAt: time,
  startedMono: time,
  logs: z.object({ stdout: z.string().exactOptional(), stderr: z.string().exactOptional() }),
  process: processIdentity.exactOptional(),
  launcher: processIdentity.exactOptional(),
  handed: z.object({ process: processIdentity.exactOptional() }).exactOptional(),
});
const job = z.object({
  name: z.enum([
    ...(['before', 'init', 'after-start', 'stop', 'after-stop'] as const),
    ...(['start-health-check', 'health-check', 'dependency', 'inspect'] as const),
  ]),
  launchId,
  work: z.object({ kind: z.literal('command'), command: z.string() }),
  timeout: time,
  startedMono: time,
  variables: z.record(z.string(), z.string()).exactOptional(),
  process: processIdentity.exactOptional(),
  launcher: processIdentity.exactOptional(),
  killed: z.object({ why: z.enum(['timeout', 'cancelled']), at: time }).exactOptional(),
  result: z
    .object({
      ok: z.boolean(),
      text: z.string(),
      output: z.string().exactOptional(),
      neverRan: z.literal(true).exactOptional(),
      again: time.exactOptional(),
    })
    .exactOptional(),
  // JSON has no Infinity: null is "no time to look".
  lookAt: z
    .number()
    .nullable()
    .transform((at) => at ?? Infinity),
});
const stopCause = z.enum([
  ...(['manual', 'schedule', 'new-version', 'restart', 'dependency', 'health-check', 'init'] as const),
  ...(['start-health-check', 'not-in-config', 'fake', 'not-yet-applied', 'shutdown', 'required', 'fallback'] as const),
  'max-run-time',
]);
const stop = z.object({ cause: stopCause, since: time, now: z.boolean(), text: z.string().exactOptional() });
const liveProcess = z.object({
  pid: z.int(),
  startTicks: z.number(),
  uid: z.int(),
  command: z.string(),
  marked: z.boolean(),
});
const clearing = z.object({
  hookUntil: time.exactOptional(),
  firstSignalAt: time.exactOptional(),
  killedAt: time.exactOptional(),
  remains: z.array(liveProcess),
  scanAt: z
    .number()
    .nullable()
    .transform((at) => at ?? Infinity)
    .exactOptional(),
});
const ended = z.object({
  launchId: z.string(),
  exit,
  startedAt: time,
  at: time,
  mono: time,
  by: z.union([z.enum(['itself', 'boot']), stopCause]),
  text: z.string().exactOptional(),
  settled: z.boolean(),
  applyOn: z.string(),
  forked: z.boolean().exactOptional(),
  aliveTicks: time.exactOptional(),
});
/** How well it is, without when it was and will be asked: that would be written with every check. */
const health = z
  .object({ ok: z.boolean().exactOptional(), failures: z.int(), text: z.string().exactOptional() })
  .transform((known) => ({ ...known, nextAt: 0 }));
const activity = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('idle') }),
  z.object({ kind: z.literal('preparing'), run, stop: stop.exactOptional() }),
  z.object({ kind: z.literal('launching'), run, lookAt: time }),
  z.object({
    kind: z.literal('settling'),
    run,
    // The first release had no other step.
    step: z.enum(['pid-file', 'start-health-check', 'init', 'settle']).default('settle'),
    stepSince: time.default(0),
    againAt: time.exactOptional(),
    failed: z.object({ code: z.enum(['init', 'start-health-check']), text: z.string() }).exactOptional(),
  }),
  z.object({
    kind: z.literal('running'),
    run,
    since: z.object({ wall: time, mono: time }).exactOptional(),
    health: health.exactOptional(),
  }),
  z.object({ kind: z.literal('yielding'), run, stop, settled: z.boolean() }),
  z.object({ kind: z.literal('stopping'), run, stop, settled: z.boolean(), clearing }),
  z.object({ kind: z.literal('clearing'), run, ended, stop: stop.exactOptional(), clearing }),
  z.object({ kind: z.literal('finishing'), run, ended }),
]);
const failure = z.object({
  code: z.enum(['exit', 'spawn-error', 'before', 'init', 'start-health-check']),
  message: z.string(),
  exit: exit.exactOptional(),
  at: time,
  counts: z.boolean(),
});
const ledgerEntry = z.object({
  entry: z.string(),
  opens: time.exactOptional(),
  launchId: z.string().exactOptional(),
  outcome: z.enum(['due', 'running', 'ended', 'interrupted', 'missed', 'skipped']),
  late: z.literal(true).exactOptional(),
});
const instance = z.object({
  key: z.string(),
  id: z.string(),
  num: z.int().nonnegative(),
  activity,
  ended: ended.exactOptional(),
  counters: z.object({ failedStarts: z.int().nonnegative(), failure: failure.exactOptional(), runs: z.array(time) }),
  credit: z.enum(['operator', 'window', 'version', 'dependency', 'definition', 'boot']).exactOptional(),
  // The first release kept one entry.
  ledger: z.union([z.array(ledgerEntry), ledgerEntry.transform((entry) => [entry])]).default([]),
  jobs: z.array(job).default([]),
  metSince: time.exactOptional(),
  externals: z
    .object({
      met: z.int(),
      againAt: time.exactOptional(),
      text: z.string().exactOptional(),
      interval: time.exactOptional(),
    })
    .exactOptional(),
  operatorStarted: z.boolean(),
  forced: z.boolean(),
  forcedIn: time.exactOptional(),
  doubt: z
    .object({ code: z.enum(['identity', 'pid-file']), message: z.string(), candidates: z.array(liveProcess) })
    .exactOptional(),
  dependencyLost: z.boolean(),
  restarts: z.int().nonnegative(),
  seen: z.object({
    applyOn: z.string().exactOptional(),
    digest: z.string().exactOptional(),
    schedule: z.string().exactOptional(),
    since: time.exactOptional(),
    window: z.object({ opens: time, open: z.boolean() }).exactOptional(),
    tookOver: time.exactOptional(),
  }),
  fellBack: z.object({ applyOn: z.string(), digest: z.string() }).exactOptional(),
  shown: z.object({
    state: z.enum(['STOPPED', 'PENDING', 'STARTING', 'RUNNING', 'BACKOFF', 'STOPPING', 'EXITED', 'FATAL', 'BLOCKED']),
    since: time,
    sinceMono: time,
    dueSince: time.exactOptional(),
    trouble: z.literal(true).exactOptional(),
  }),
  exits: z.array(
    z.object({
      launchId: z.string(),
      startedAt: time,
      at: time,
      exit,
      by: z.union([z.literal('boot'), stopCause]).exactOptional(),
      text: z.string().exactOptional(),
      stderr: z.array(z.string()).exactOptional(),
    }),
  ),
});

/** An instance as it is kept: what comes and goes with each check, and would be written with it, is left out. */
export function storable({ hold: _ownFile, ...instance }: Instance): StoredInstance['instance'] {
  const jobs = instance.jobs.filter(({ work }) => work.kind === 'command');
  const { activity } = instance;
  if (activity.kind === 'settling' && activity.step === 'pid-file') {
    const { againAt: _soon, ...waiting } = activity;
    return { ...instance, jobs, activity: waiting };
  }
  if (activity.kind !== 'running' || activity.health === undefined) return { ...instance, jobs };
  const { nextAt: _next, at: _asked, ...health } = activity.health;
  return { ...instance, jobs, activity: { ...activity, health: health as Health } };
}

const stored: z.ZodType<StoredInstance> = z.object({ version: z.literal(1), bootId: z.string(), instance });

export type Parsed =
  | { readonly ok: true; readonly stored: StoredInstance }
  /** `hint`: what to do where a person has brought it about. */
  | { readonly ok: false; readonly why: string; readonly hint?: string };

/**
 * The text of a state file, with a checksum over all before it. Without, one flipped bit in a pid or a launch id would be a state like
 * any other, whose service was taken for ended and its processes for what it left.
 */
export function formatInstance(stored: StoredInstance): string {
  const body = JSON.stringify(stored).slice(0, -1);
  return `${body},"sum":"${sumOf(body)}"}\n`;
}

const sumOf = (body: string): string => createHash('sha256').update(body).digest('hex').slice(0, 16);

/** Reads a state file's text. `key` is what its name says: a file under another's name is not valid. */
export function parseInstance(text: string, key: InstanceKey): Parsed {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { ok: false, why: error instanceof Error ? error.message : String(error) };
  }
  const result = stored.safeParse(value);
  if (!result.success) return { ok: false, why: z.prettifyError(result.error) };
  if (!isIntact(text, value))
    return { ok: false, why: 'its checksum does not fit: it was changed after it was written', hint: EDIT_HINT };
  if (result.data.instance.key !== key) return { ok: false, why: `it is about ${result.data.instance.key}` };
  return { ok: true, stored: result.data };
}

const EDIT_HINT =
  'to edit it by hand, end the daemon first (procmanctl shutdown --leave-running), and take the key "sum" out of what you wrote';

/** Files of before there was a checksum have these keys and no other: with another one, the checksum's own name was hit. */
const KEYS_WITHOUT_SUM = /^(?:version|bootId|instance)$/;

function isIntact(text: string, value: unknown): boolean {
  const [, body, sum] = /^(.*),"sum":"([0-9a-f]{16})"\}\n?$/s.exec(text) ?? [];
  if (body !== undefined) return sumOf(body) === sum;
  return Object.keys(value as object).every((name) => KEYS_WITHOUT_SUM.test(name));
}
