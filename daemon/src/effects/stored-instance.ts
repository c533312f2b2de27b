/** The format of a state file, and what makes one valid. Versioned: the next release reads this one. */
import * as z from 'zod';
import type { Instance, InstanceKey } from '../core/model.ts';

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
const run = z.object({
  launchId: z.string().regex(/^[A-Za-z0-9]+$/),
  name: z.string().exactOptional(),
  why: z.enum(['wanted', 'operator', 'forced']),
  applyOn: z.string(),
  fingerprint: z.record(z.string(), z.string()),
  settings: z.object({
    oneShot: z.boolean(),
    autorestart: z.enum(['always', 'on-failure', 'never']),
    exitCodes: z.array(z.int()),
    startSecs: time,
    stopSignal: z.string().regex(/^[A-Z0-9+]+$/),
    stopTimeout: time,
    killMode: z.enum(['group', 'mixed', 'process']),
    dependsOn: z
      .array(z.object({ id: z.string(), condition: z.enum(['running', 'finished']), onLoss: z.enum(['stop', 'keep']) }))
      .exactOptional(),
  }),
  startedAt: time,
  startedMono: time,
  logs: z.object({ stdout: z.string().exactOptional(), stderr: z.string().exactOptional() }),
  process: processIdentity.exactOptional(),
  launcher: processIdentity.exactOptional(),
});
const stopCause = z.enum([
  'manual',
  'new-version',
  'restart',
  'dependency',
  'not-in-config',
  'fake',
  'not-yet-applied',
  'shutdown',
]);
const stop = z.object({ cause: stopCause, since: time, now: z.boolean() });
const liveProcess = z.object({
  pid: z.int(),
  startTicks: z.number(),
  uid: z.int(),
  command: z.string(),
  marked: z.boolean(),
});
const clearing = z.object({
  firstSignalAt: time.exactOptional(),
  killedAt: time.exactOptional(),
  remains: z.array(liveProcess),
  scanAt: time.exactOptional(),
});
const ended = z.object({
  launchId: z.string(),
  exit,
  startedAt: time,
  at: time,
  mono: time,
  by: z.union([z.enum(['itself', 'boot']), stopCause]),
  settled: z.boolean(),
  applyOn: z.string(),
  forked: z.boolean().exactOptional(),
  aliveTicks: time.exactOptional(),
});
const activity = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('idle') }),
  z.object({ kind: z.literal('launching'), run, lookAt: time }),
  z.object({ kind: z.literal('settling'), run }),
  z.object({ kind: z.literal('running'), run }),
  z.object({ kind: z.literal('yielding'), run, stop, settled: z.boolean() }),
  z.object({ kind: z.literal('stopping'), run, stop, settled: z.boolean(), clearing }),
  z.object({ kind: z.literal('clearing'), run, ended, stop: stop.exactOptional(), clearing }),
]);
const failure = z.object({
  code: z.enum(['exit', 'spawn-error']),
  message: z.string(),
  exit: exit.exactOptional(),
  at: time,
  counts: z.boolean(),
});
const instance = z.object({
  key: z.string(),
  id: z.string(),
  num: z.int().nonnegative(),
  activity,
  ended: ended.exactOptional(),
  counters: z.object({ failedStarts: z.int().nonnegative(), failure: failure.exactOptional(), runs: z.array(time) }),
  credit: z.enum(['operator', 'version', 'dependency', 'definition', 'boot']).exactOptional(),
  ledger: z
    .object({ entry: z.string(), launchId: z.string(), outcome: z.enum(['running', 'ended', 'interrupted']) })
    .exactOptional(),
  operatorStarted: z.boolean(),
  forced: z.boolean(),
  doubt: z
    .object({ code: z.literal('identity'), message: z.string(), candidates: z.array(liveProcess) })
    .exactOptional(),
  dependencyLost: z.boolean(),
  restarts: z.int().nonnegative(),
  seen: z.object({ applyOn: z.string().exactOptional(), digest: z.string().exactOptional() }),
  shown: z.object({
    state: z.enum(['STOPPED', 'PENDING', 'STARTING', 'RUNNING', 'BACKOFF', 'STOPPING', 'EXITED', 'FATAL', 'BLOCKED']),
    since: time,
    sinceMono: time,
    dueSince: time.exactOptional(),
  }),
  exits: z.array(z.object({ launchId: z.string(), startedAt: time, at: time, exit })),
});
const stored: z.ZodType<StoredInstance> = z.object({ version: z.literal(1), bootId: z.string(), instance });

export type Parsed =
  { readonly ok: true; readonly stored: StoredInstance } | { readonly ok: false; readonly why: string };

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
  if (result.data.instance.key !== key) return { ok: false, why: `it is about ${result.data.instance.key}` };
  return { ok: true, stored: result.data };
}
