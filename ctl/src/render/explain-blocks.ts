/** What there is to know of an instance beside its reasons, each in a block that is there only if it has something to say. */
import type { Explanation } from '@procman/protocol/views';
import { formatCivil } from '../text/civil.ts';
import { localTimes } from '../text/local-times.ts';
import { formatTime, formatUptime } from '../text/time.ts';

export interface BlockLine {
  readonly text: string;
  /** What a service printed. */
  readonly isQuoted?: boolean;
}

export interface Block {
  readonly title: string;
  readonly lines: readonly BlockLine[];
}

export function blocksOf(each: Explanation, now: Date): readonly Block[] {
  const block = (title: string, texts: readonly string[]): Block => ({ title, lines: texts.map((text) => ({ text })) });
  return [
    block('Version', versionTexts(each, now)),
    block('Command', commandTexts(each)),
    block('Schedule', scheduleTexts(each)),
    block('Depends on', dependencyTexts(each)),
    block('Dependents', each.dependents.length === 0 ? [] : [each.dependents.join(', ')]),
    block('Failures', failureTexts(each)),
    block('Health', healthTexts(each, now)),
    { title: 'Last exits', lines: exitLines(each, now) },
    block('Stale', each.staleKeys.length === 0 ? [] : [`${each.staleKeys.join(', ')}: as launched, until a restart`]),
    block('Next', upcomingTexts(each)),
    block('Uptime', uptimeTexts(each)),
  ];
}

const ACTIONS: Readonly<Record<Explanation['upcoming'][number]['action'], string>> = {
  start: 'starts',
  stop: 'stops',
  version: 'another version takes over',
  retry: 'tries again',
  run: 'runs',
  'hold-ends': 'the hold ends',
};

/** A retry alone is in the reasons. */
function upcomingTexts({ upcoming }: Explanation): string[] {
  if (upcoming.every(({ action }) => action === 'retry')) return [];
  return upcoming.map(({ at, action }) => `${formatCivil(at)}  ${ACTIONS[action]}`);
}

/** A single one in effect is what everybody expects. */
function versionTexts({ versions }: Explanation, now: Date): string[] {
  if (versions.length === 1 && versions[0]?.effective === true) return [];
  return versions.map(({ applyOn, why, effective }) => `${effective ? '* ' : '  '}${applyOn}: ${localTimes(why, now)}`);
}

/** How a line is run matters where it is not simply run. */
function commandTexts({ commandType: { type, why } }: Explanation): string[] {
  if (type === 'simple') return [];
  return [why === '' ? type : `${type}: ${why}`];
}

function scheduleTexts({ schedule }: Explanation): string[] {
  if (schedule === undefined) return [];
  const { active, text, nextStart, nextStop } = schedule;
  const stop = nextStop === undefined ? '' : ` until ${formatCivil(nextStop)}`;
  const start = nextStart === undefined ? '; never again' : `; opens next ${formatCivil(nextStart)}`;
  return [`${text}: ${active ? `open${stop}` : `closed${start}`}`];
}

function dependencyTexts({ dependencies }: Explanation): string[] {
  return dependencies.map(({ id, condition, onLoss, met, state }) => {
    const keep = onLoss === 'keep' && state !== undefined ? ', on-loss keep' : '';
    return `${id} (${condition}${keep}): ${met ? 'met' : 'NOT MET'}${state === undefined ? '' : `, it is ${state}`}`;
  });
}

/** What the reasons do not say already. */
function failureTexts({ failures, state }: Explanation): string[] {
  const { failedStarts, runsInWindow, maxRuns } = failures;
  const isTold = failedStarts === 0 || state === 'BACKOFF' || state === 'FATAL';
  const starts = isTold ? '' : `${failedStarts} failed start${failedStarts === 1 ? '' : 's'} in a row`;
  const isNearLimit = maxRuns > 0 && runsInWindow > 1 && state !== 'BLOCKED';
  const runs = isNearLimit ? `${runsInWindow} of ${maxRuns} runs that max-runs allows` : '';
  const text = [starts, runs].filter(Boolean).join(', ');
  return text === '' ? [] : [text];
}

/** Its output is in the reasons where it fails. */
function healthTexts({ health, because }: Explanation, now: Date): string[] {
  if (health === undefined) return [];
  const at = health.at === undefined ? '' : `, asked ${formatTime(health.at, now)}`;
  const isTold = because.some(({ message }) => health.output !== undefined && message.includes(health.output));
  const output = health.output === undefined || isTold || health.failures === 0 ? '' : `: ${health.output}`;
  if (health.failures === 0) return [`ok${at}`];
  return [`${health.ok ? 'not unhealthy yet' : 'unhealthy'}, ${health.failures} failed in a row${at}${output}`];
}

type Exit = Explanation['exits'][number];

/** What was said last, once for all that said the same. */
function exitLines({ exits }: Explanation, now: Date): BlockLine[] {
  return exits.flatMap((exit, index) => {
    const before = exits[index - 1];
    const isSame =
      before !== undefined && exit.stderr.length > 0 && before.stderr.join('\n') === exit.stderr.join('\n');
    const why = exit.why === undefined ? '' : `: ${exit.why}`;
    const text = `${formatTime(exit.at, now)}  ${exitText(exit)} after ${durationText(exit)}${why}${isSame ? ', with the same words' : ''}`;
    return [{ text }, ...(isSame ? [] : exit.stderr.map((line) => ({ text: line, isQuoted: true })))];
  });
}

function exitText({ code, signal }: Exit): string {
  if (signal !== undefined) return signal;
  return code === undefined ? 'status unknown' : `code ${code}`;
}

const durationText = ({ durationSeconds }: Exit): string =>
  durationSeconds < 60 ? `${durationSeconds.toFixed(1)} s` : formatUptime(durationSeconds);

function uptimeTexts({ uptime: { days, expectedSeconds, upSeconds } }: Explanation): string[] {
  if (days === 0 || expectedSeconds === 0) return [];
  const share = Math.floor((upSeconds / expectedSeconds) * 1000) / 10;
  const span = days < 1 ? formatUptime(days * 86_400) : days === 1 ? 'day' : `${Math.round(days * 10) / 10} days`;
  return [`${share}% of the time that it should have been up, over the last ${span}`];
}
