/** From the core's world to the views of the protocol. */
import { readFileSync } from 'node:fs';
import type {
  HoldView,
  LastExit,
  Proc,
  Reason,
  ReasonData,
  Resources,
  Row,
  ExitView,
  Unsupervised,
} from '@procman/protocol';
import { staleKeys } from '../core/config-diff.ts';
import { stoppedAlong } from '../core/dependencies.ts';
import { Describer, type Reason as CoreReason, type View } from '../core/describe.ts';
import { mainOf } from '../core/lifecycle.ts';
import type { Exit, Hold, Instance, LaunchId, LiveProcess, Run } from '../core/model.ts';
import type { Survey } from '../core/survey.ts';
import type { Target } from '../core/targets.ts';
import type { System } from '../effects/system.ts';
import type { RunUsage } from '../supervision/usage-meter.ts';
import type { TimeText } from '../time-text.ts';

/** What /proc tells of a run. */
export interface SeenOfRun {
  /** More than none. */
  readonly zombies?: number;
  readonly usage?: RunUsage;
}

export function rowsOf(
  survey: Survey,
  targets: readonly Target[],
  time: TimeText,
  seen: (launchId: LaunchId) => SeenOfRun = () => ({}),
): Row[] {
  const describer = new Describer(survey);
  return targets.map((target) => {
    const run = liveRun(survey.instance(target));
    const row = rowOf(survey, target, describer.view(target), time);
    return run === undefined ? row : { ...row, ...seenView(seen(run.launchId)) };
  });
}

function seenView({ zombies, usage }: SeenOfRun): Pick<Row, 'zombies' | 'resources'> {
  return {
    ...(zombies === undefined ? {} : { zombies }),
    ...(usage === undefined ? {} : { resources: resourcesView(usage) }),
  };
}

function resourcesView({ cpuPercent = 0, openFiles, ...counts }: RunUsage): Resources {
  return {
    cpuPercent: Math.round(cpuPercent * 10) / 10,
    ...counts,
    ...(openFiles === undefined ? {} : { openFiles }),
  };
}

export function rowOf(survey: Survey, target: Target, view: View, time: TimeText): Row {
  const instance = survey.instance(target);
  const run = liveRun(instance);
  const main = hasMain(instance) && run !== undefined ? mainOf(run) : undefined;
  const applyOn = run?.applyOn ?? target.effective?.version?.applyOn.text;
  const [last] = instance.exits;
  const dependents = run === undefined ? [] : stoppedAlong(new Set([target.key]), survey.byId).map(({ name }) => name);
  return {
    name: target.name,
    id: target.id,
    instance: target.instanceName,
    num: target.num,
    ...(target.group === undefined ? {} : { group: target.group }),
    state: view.state,
    ...(view.phase === undefined ? {} : { phase: view.phase }),
    reason: reasonView(view.reason, time),
    expected: view.expected,
    verdict: view.verdict,
    ...(main === undefined ? {} : { pid: main.pid }),
    since: time.format(sinceOf(instance, view, survey)),
    ...(run === undefined || instance.activity.kind === 'preparing'
      ? {}
      : { uptimeSeconds: Math.max(0, Math.floor((survey.now.mono - run.startedMono) / 1000)) }),
    restarts: instance.restarts,
    ...(applyOn === undefined ? {} : { applyOn }),
    stale: staleKeys(survey, target).length > 0,
    held: instance.hold !== undefined,
    ...(instance.hold === undefined ? {} : { hold: holdView(instance.hold, time) }),
    ...(last === undefined
      ? {}
      : { lastExit: { ...exitView(last.exit), at: time.format(last.at) } satisfies LastExit }),
    ...(view.retryAt === undefined ? {} : { retryAt: time.format(view.retryAt) }),
    ...(view.next === undefined ? {} : { next: { at: time.format(view.next.at), action: view.next.action } }),
    ...(dependents.length === 0 ? {} : { dependents }),
  };
}

function holdView({ since, until }: Hold, time: TimeText): HoldView {
  const end = until === undefined || until === 'reboot' ? until : time.format(until);
  return { since: time.format(since), ...(end === undefined ? {} : { until: end }) };
}

/** Its main process is there, or was when last seen. */
function hasMain({ activity }: Instance): boolean {
  return activity.kind !== 'clearing' && activity.kind !== 'finishing';
}

function liveRun({ activity }: Instance): Run | undefined {
  return activity.kind === 'idle' ? undefined : activity.run;
}

function sinceOf({ shown }: Instance, view: View, survey: Survey): number {
  return shown.state === view.state ? shown.since : survey.now.wall;
}

export function reasonView({ code, message, data }: CoreReason, time: TimeText): Reason {
  const shown: ReasonData = {
    ...(data?.until === undefined ? {} : { until: time.format(data.until) }),
    ...(data?.waitsFor === undefined ? {} : { waitsFor: data.waitsFor }),
    ...(data?.pids === undefined ? {} : { pids: data.pids }),
    ...(data?.exit === undefined ? {} : { exit: exitView(data.exit) }),
    ...(data?.tries === undefined ? {} : { tries: data.tries }),
  };
  // The core's codes are a part of the protocol's vocabulary.
  return { code: code as Reason['code'], message, ...(Object.keys(shown).length === 0 ? {} : { data: shown }) };
}

export function exitView(exit: Exit): ExitView {
  switch (exit.kind) {
    case 'code':
      return { code: exit.code };
    case 'signal':
      return { signal: `SIG${exit.signal}` };
    case 'unknown':
      return { unknown: true };
  }
}

/** What a result of no daemon says of itself. */
export function unsupervisedView({ since }: { readonly since?: number }, time: TimeText): Unsupervised {
  return since === undefined ? {} : { since: time.format(since) };
}

export function procView(process: LiveProcess, system: System, time: TimeText): Proc {
  const age = ((system.ticks() - process.startTicks) / system.ticksPerSecond) * 1000;
  return {
    pid: process.pid,
    user: userName(process.uid),
    startedAt: time.format(system.now().wall - age),
    command: process.command,
    marked: process.marked,
  };
}

function userName(uid: number): string {
  try {
    const line = readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .find((entry) => entry.split(':')[2] === String(uid));
    return line?.split(':')[0] ?? String(uid);
  } catch {
    return String(uid);
  }
}
