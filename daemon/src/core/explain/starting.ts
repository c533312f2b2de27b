/** What a start waits for, step by step. */
import { jobNamed } from '../jobs.ts';
import { causeText } from '../wording.ts';
import { seconds } from '../wording.ts';
import { wallOf, type Facts } from './facts.ts';

export function startingText(facts: Facts): string {
  const { activity } = facts.instance;
  const why = activity.kind === 'idle' || activity.run.why === 'wanted' ? '' : ` (${causeText(activity.run.why)})`;
  return `it is being started${why}: ${stepText(facts)}`;
}

function stepText(facts: Facts): string {
  const { view, instance, version, tell } = facts;
  const { activity } = instance;
  switch (view.phase) {
    case 'before':
      return `its \`before\` runs${untilTimeout(facts, 'before')}`;
    case 'pid-file': {
      const limit = version?.pidFileTimeout;
      const late =
        view.verdict === 'problem' && limit !== undefined
          ? `, for longer than pid-file-timeout (${seconds(limit)})`
          : '';
      return `it waits for the pid that its command has to name${late}`;
    }
    case 'start-health-check': {
      const limit = activity.kind === 'settling' ? activity.run.settings.startHealthCheck?.timeout : undefined;
      const since = activity.kind === 'settling' ? activity.stepSince : undefined;
      const until =
        limit === undefined || since === undefined ? '' : `; it has until ${tell(wallOf(facts, since + limit))}`;
      return `its start-health-check has not succeeded yet${until}`;
    }
    case 'init':
      return `its \`init\` runs${untilTimeout(facts, 'init')}`;
    case 'settle': {
      const start = activity.kind === 'settling' ? activity.run.settings.startSecs : undefined;
      return start === undefined
        ? 'it settles'
        : `it has to live for ${seconds(start)} to count as started (start-secs)`;
    }
    default:
      return 'its launcher is at work';
  }
}

function untilTimeout(facts: Facts, name: 'before' | 'init'): string {
  const job = jobNamed(facts.instance, name);
  return job === undefined ? '' : `; it has until ${facts.tell(wallOf(facts, job.startedMono + job.timeout))}`;
}
