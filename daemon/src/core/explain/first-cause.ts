/** The first line: why it is in the state that is shown, so that nobody needs to read on for the answer. */
import type { ReasonCode } from '@procman/protocol';
import { guardEnd } from '../clock.ts';
import { startsUnderWay } from '../reconcile.ts';
import { count, failureReason, seconds } from '../wording.ts';
import { absentText, forcedText, heldText, noVersionText, opensText, windowText } from './deciders.ts';
import { shownSince, wallOf, type Cause, type Facts } from './facts.ts';
import { startingText } from './starting.ts';
import { stoppingText } from './stopping.ts';

export function firstCause(facts: Facts): Cause {
  const { view, instance } = facts;
  const code = view.reason.code;
  const message = view.state === 'STOPPING' ? stoppingText(facts) : textFor(code)(facts);
  const isHeld = code === 'manual' && view.state === 'STOPPED' && instance.hold !== undefined;
  const since = isHeld ? { since: instance.hold.since } : shownSince(facts);
  return { code, message, ...since };
}

type Text = (facts: Facts) => string;

const textFor = (code: string): Text => (TEXTS as Readonly<Partial<Record<string, Text>>>)[code] ?? asShown;

/** What the state's reason says already. */
const asShown: Text = ({ view }) => view.reason.message;

const withNextRun: Text = (facts) => {
  const { version, view } = facts;
  if (version?.oneShot !== true) return view.reason.message;
  if (facts.standing !== undefined) return `${view.reason.message}${opensText(facts)}`;
  const again = version.perBoot ? 'the next boot or `restart` runs' : 'a new version or `restart` runs';
  return `${view.reason.message}; ${again} it again`;
};

const waits: Text = (facts) => {
  const { view, survey } = facts;
  const limit = survey.world.config.daemon.dependencyTimeout;
  if (view.expected === 'stopped') return `it ${view.reason.message}; that is as it should be`;
  const late = view.verdict === 'problem' ? `; longer than dependency-timeout (${seconds(limit)})` : '';
  return `it ${view.reason.message}${late}`;
};

/** BACKOFF and FATAL by their last failure; of EXITED the ending itself. */
const failed: Text = (facts) => {
  const { view, instance, version } = facts;
  if (view.state !== 'BACKOFF' && view.state !== 'FATAL') return withNextRun(facts);
  const { failedStarts, failure } = instance.counters;
  const retries = version?.startRetries;
  if (view.state === 'FATAL')
    return failureReason(
      instance,
      `gave up after ${count(failedStarts, 'failed start')} (start-retries = ${retries ?? '?'})`,
    ).message;
  const next = view.retryAt === undefined ? '' : `; next try ${facts.tell(view.retryAt)}`;
  if (failure?.counts === false)
    return failureReason(instance, `no fault of its own, so it is not counted${next}`).message;
  const most = retries === undefined ? '' : ` of ${retries + 1}`;
  return failureReason(instance, `failed start ${failedStarts}${most} in a row${next}`).message;
};

const runs: Text = (facts) =>
  facts.view.state === 'STARTING' ? startingText(facts) : (RUNS[facts.view.reason.code]?.(facts) ?? asShown(facts));

const RUNS: Readonly<Partial<Record<string, Text>>> = {
  wanted: ({ version }) => (version?.oneShot === true ? 'its run is due, and under way' : 'it is to run, and it runs'),
  operator: () => 'an operator started it, and it runs',
  forced: forcedText,
  'catch-up': () => 'it runs late, for a window that it had missed (catch-up)',
};

const TEXTS: Readonly<Record<ReasonCode, Text>> = {
  manual: ({ instance, tell, view }) =>
    instance.hold === undefined ? view.reason.message : heldText(instance.hold, tell),
  schedule: windowText,
  missed: (facts) => `its last window closed before it could run${missedWindow(facts)}${opensText(facts)}`,
  'not-yet-applied': (facts) => noVersionText(facts, 'not-yet-applied'),
  fake: (facts) => noVersionText(facts, 'fake'),
  'not-in-config': absentText,
  autostart: () => 'autostart is off, and no operator has started it: `start` runs it',
  shutdown: asShown,
  required: asShown,
  dependency: waits,
  'wait-after': (facts) => withUntil(facts, `it ${facts.view.reason.message} (wait-after)`),
  'start-queue': queueText,
  wanted: runs,
  operator: runs,
  forced: runs,
  'catch-up': runs,
  'health-check': unhealthyText,
  'version-failed': (facts) => `${facts.view.reason.message}; the version before goes on`,
  clock: clockText,
  exit: failed,
  'spawn-error': failed,
  before: failed,
  init: failed,
  'start-health-check': failed,
  finished: withNextRun,
  interrupted: withNextRun,
  'window-ended': withNextRun,
  'max-run-time': withNextRun,
  'too-many-runs': tooManyText,
  'pid-file': doubtText,
  identity: doubtText,
  // Of STOPPING alone.
  'new-version': asShown,
  restart: asShown,
  fallback: asShown,
  leftovers: asShown,
  survivors: asShown,
  'after-stop': asShown,
};

function missedWindow({ standing, tell }: Facts): string {
  return standing?.window === undefined ? '' : `: that of ${tell(standing.window.opens)}`;
}

function withUntil({ view, tell }: Facts, text: string): string {
  const until = view.reason.data?.until;
  return until === undefined ? text : `${text}: until ${tell(until)}`;
}

function queueText({ survey }: Facts): string {
  const most = survey.world.config.daemon.maxParallelStarts;
  return `it waits for its turn: ${count(startsUnderWay(survey), 'start')} under way, of ${most} at once (max-parallel-starts)`;
}

function unhealthyText({ view, instance: { activity } }: Facts): string {
  if (view.state !== 'RUNNING' || activity.kind !== 'running') return view.reason.message;
  const failures = activity.health?.failures ?? 0;
  return `${view.reason.message} (${count(failures, 'failed check')} in a row): it is stopped, and started again`;
}

function clockText({ view, survey: { world, now }, ...facts }: Facts): string {
  const { wall, mono } = guardEnd(world.clock, now);
  const ends = [wall, mono === undefined ? undefined : now.wall + (mono - now.mono)].filter((at) => at !== undefined);
  return ends.length === 0 ? view.reason.message : `${view.reason.message} until ${facts.tell(Math.max(...ends))}`;
}

function tooManyText(facts: Facts): string {
  const { instance, version, view, tell } = facts;
  if (version === undefined) return view.reason.message;
  const first = instance.counters.runs.at(-version.maxRuns);
  const from = first === undefined ? '' : `, the first of them ${tell(wallOf(facts, first))}`;
  const until = view.retryAt === undefined ? '' : `; it is tried again ${tell(view.retryAt)}, or with \`unblock\``;
  const runs = `it was launched ${count(version.maxRuns, 'time')} within ${seconds(version.maxRunsWindow)} (max-runs)`;
  return `${runs}${from}${until}`;
}

/** The message says what to do; the processes in the way are named, unless it does that, too. */
function doubtText({ view, instance: { doubt } }: Facts): string {
  const others = (doubt?.candidates ?? []).filter(({ pid }) => !view.reason.message.includes(String(pid)));
  const named = others.map(({ pid, command }) => `${pid} (${command})`).join(', ');
  return named === '' ? view.reason.message : `${view.reason.message}; it may be ${named}`;
}
