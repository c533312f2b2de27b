/**
 * What has happened, for the history (SPEC 10, `events`): made of what the core decided and of what changed in an instance, without a
 * number and without formatted times. The log's lines are made of the same things, see `supervision/journal.ts`.
 */
import type { Event } from '@procman/protocol/views';
import type { EventType } from '@procman/protocol/vocabulary';
import { exitText, type Reason } from './describe.ts';
import type { Transition } from './engine.ts';
import { isHook, textOf } from './jobs.ts';
import type {
  Exit, Health, Instance, InstanceKey, Job, JobResult, LaunchId, LedgerEntry, Milliseconds, Now, State, WallTime,
} from './model.ts'; // prettier-ignore

/** Which instance it is about, and what that is called now. */
export interface Subject {
  readonly key: InstanceKey;
  readonly id: string;
  readonly name: string;
}

export interface Happening {
  /** When it happened; an exit may be noticed much later. */
  readonly at: WallTime;
  readonly type: EventType;
  /** Absent where it is about the daemon or the configuration. */
  readonly about?: Subject;
  readonly run?: LaunchId;
  readonly from?: State;
  readonly to?: State;
  /** Of a `hold`: there while the hold is, absent once it is gone. */
  readonly reason?: Reason;
  readonly exit?: Exit;
  readonly lasted?: Milliseconds;
  /** Of a `reload` that was applied. */
  readonly changes?: NonNullable<Event['changes']>;
  /** Who asked for it. */
  readonly by?: string;
  /** One sentence part for people, without the name. */
  readonly message: string;
}

/** What the core cannot know: who acts, and how times are told. */
export interface Telling {
  readonly now: Now;
  /** Who has a hold set or released. */
  readonly by: string;
  readonly time: (at: WallTime) => string;
}

/** A change of what is shown: the state, or whether it is a problem. */
export function ofTransition(
  about: Subject,
  transition: Transition,
  run: LaunchId | undefined,
  at: WallTime,
): readonly Happening[] {
  const { from, to, view, trouble } = transition;
  const { reason } = view;
  const common = { at, about, from, to, reason, ...(run === undefined ? {} : { run }) };
  const told: Happening[] = [];
  if (from !== to) told.push({ ...common, type: 'state', message: `${from} -> ${to} (${causeOf(reason)})` });
  if (trouble === 'began') told.push({ ...common, type: 'problem', message: `problem: ${to} (${causeOf(reason)})` });
  if (trouble === 'over')
    told.push({ ...common, type: 'recovered', message: `no problem any more: ${to} (${causeOf(reason)})` });
  return told;
}

export function causeOf({ code, message }: Reason): string {
  return code === message ? code : `${code}: ${message}`;
}

/** A hook that has ended; what it printed stands behind a colon. Checks tell by `health`, or by the state that they lead to. */
export function ofHook(
  about: Subject,
  job: Job,
  result: JobResult,
  { now }: Pick<Telling, 'now'>,
): readonly Happening[] {
  if (!isHook(job.name)) return [];
  const lasted = Math.max(0, now.mono - job.startedMono);
  return [
    { at: now.wall, type: 'hook', about, lasted, message: `${job.name} ${result.ok ? 'succeeded' : textOf(result)}` },
  ];
}

/**
 * All that an instance alone tells by how it has changed: its exit, health, hold, version and missed windows.
 *
 * @param about - only asked for where there is something to tell, for it has to be looked up
 */
export function between(
  about: () => Subject,
  before: Instance,
  after: Instance,
  telling: Telling,
): readonly Happening[] {
  if (before === after) return [];
  return [
    ...exitBetween(about, before, after),
    ...healthBetween(about, before, after, telling),
    ...holdBetween(about, before, after, telling),
    ...versionBetween(about, before, after, telling),
    ...missedBetween(about, before, after, telling),
  ];
}

function exitBetween(about: () => Subject, before: Instance, { exits }: Instance): readonly Happening[] {
  if (exits === before.exits) return [];
  const known = new Set(before.exits.map(({ launchId }) => launchId));
  return exits
    .filter(({ launchId }) => !known.has(launchId))
    .toReversed()
    .map(({ launchId, at, startedAt, exit }) => {
      const lasted = Math.max(0, at - startedAt);
      return {
        at,
        type: 'exit',
        about: about(),
        run: launchId,
        exit,
        lasted,
        message: `${exitText(exit)} after ${secondsText(lasted)}`,
      };
    });
}

/** `12.3 s`. */
export const secondsText = (ms: Milliseconds): string => `${(ms / 1000).toFixed(1)} s`;

function healthBetween(
  about: () => Subject,
  before: Instance,
  after: Instance,
  { now }: Telling,
): readonly Happening[] {
  const [was, is] = [healthOf(before), healthOf(after)];
  if (is?.ok === undefined || is.ok === was?.ok || after.activity.kind === 'idle') return [];
  const bad = is.text === undefined || is.text === '' ? 'unhealthy' : `unhealthy: ${is.text}`;
  const message = is.ok ? (was?.ok === false ? 'healthy again' : 'healthy') : bad;
  return [{ at: now.wall, type: 'health', about: about(), run: after.activity.run.launchId, message }];
}

/**
 * Of the live run: what was found of an earlier one says nothing of this one. Who is found unhealthy is stopped in the same turn, so
 * that it is the stop that still tells.
 */
function healthOf({ activity }: Instance): Pick<Health, 'ok' | 'text'> | undefined {
  if (activity.kind === 'running') return activity.health;
  if (!('stop' in activity) || activity.stop.cause !== 'health-check') return undefined;
  const { text } = activity.stop;
  return { ok: false, ...(text === undefined ? {} : { text }) };
}

function holdBetween(
  about: () => Subject,
  { hold: was }: Instance,
  { hold: is }: Instance,
  telling: Telling,
): readonly Happening[] {
  if (was === is || (was !== undefined && is !== undefined && was.since === is.since && was.until === is.until))
    return [];
  const { now, by, time } = telling;
  const common = { at: now.wall, type: 'hold', about: about() } as const;
  if (is !== undefined) {
    const { until } = is;
    const end =
      until === undefined ? 'until `start`' : until === 'reboot' ? 'until the next boot' : `until ${time(until)}`;
    const reason: Reason = {
      code: 'manual',
      message: `held ${end}`,
      ...(typeof until === 'number' ? { data: { until } } : {}),
    };
    return [{ ...common, by, reason, message: reason.message }];
  }
  const hasEnded = typeof was?.until === 'number' && was.until <= now.wall;
  return [hasEnded ? { ...common, message: 'the hold has ended' } : { ...common, by, message: 'the hold is released' }];
}

/** A hold until the next boot that ended with it. */
export function ofHoldOverBoot(about: Subject, at: WallTime): Happening {
  return { at, type: 'hold', about, message: 'the hold has ended: the machine was booted' };
}

function versionBetween(
  about: () => Subject,
  { seen: was }: Instance,
  { seen: is, fellBack }: Instance,
  { now }: Telling,
): readonly Happening[] {
  if (was.applyOn === undefined || is.applyOn === undefined || was.applyOn === is.applyOn) return [];
  const isBack = fellBack?.applyOn === was.applyOn;
  const message = isBack
    ? `version ${is.applyOn} goes on: ${was.applyOn} did not come up`
    : `version ${is.applyOn} takes over from ${was.applyOn}`;
  return [{ at: now.wall, type: 'version', about: about(), message }];
}

/** A version whose time has come and that may not take over. */
export function ofVeto(about: Subject, applyOn: string, why: string, at: WallTime): Happening {
  return { at, type: 'version', about, message: `version ${applyOn} may not take over: ${why}` };
}

function missedBetween(
  about: () => Subject,
  before: Instance,
  after: Instance,
  { now, time }: Telling,
): readonly Happening[] {
  if (before.ledger === after.ledger) return [];
  const known = new Set(before.ledger.filter(isMissed).map(({ entry }) => entry));
  return after.ledger
    .filter((line) => isMissed(line) && !known.has(line.entry))
    .toReversed()
    .map(({ opens }) => {
      const which = opens === undefined ? 'its window' : `its window of ${time(opens)}`;
      return { at: now.wall, type: 'missed', about: about(), message: `missed ${which}` };
    });
}

const isMissed = ({ outcome }: LedgerEntry): boolean => outcome === 'missed';
