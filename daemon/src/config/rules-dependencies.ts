/** Rules about `depends-on` (SPEC 2.4, 4): every id exists, and what is waited for can come. */
import type { Dependency } from '../core/model.ts';
import { processEntries } from './dependency-keys.ts';
import { draftsById, type Draft } from './draft.ts';
import { isComing } from './machine-severity.ts';
import { createNearest } from './nearest.ts';
import { quote } from './problem.ts';
import type { Remark, Report } from './report.ts';
import type { RuleInput } from './rules.ts';
import { isOneShot } from './process-keys.ts';
import { isTable, rawValue } from './table-reader.ts';

export function checkDependencies(input: RuleInput, report: Report): void {
  const { drafts, standings } = input;
  const byId = draftsById(drafts);
  const mendOf = mendsOfUnknown(drafts, byId);
  for (const draft of drafts) {
    const seen = new Set<string>();
    for (const { index, dependency } of processEntries(draft.values['depends-on'])) {
      const need = { draft, index, dependency };
      const targets = byId.get(dependency.id);
      if (seen.has(dependency.id)) reportTwice(need, report);
      else if (targets === undefined) report.error(unknown(need, mendOf(dependency.id)));
      else if (isComing(input, draft)) checkTargets(need, targets, input, report);
      seen.add(dependency.id);
    }
  }
  const hasVersions = (versions: readonly Draft[]): boolean =>
    versions.some((draft) => standings.get(draft) !== 'fake');
  for (const versions of byId.values()) if (!hasVersions(versions)) reportFake(versions, drafts, input, report);
}

/** One entry of a `depends-on`. */
interface Need {
  readonly draft: Draft;
  readonly index: number;
  readonly dependency: Dependency;
}

function placeOf({ draft, index }: Pick<Need, 'draft' | 'index'>): Pick<Remark, 'path' | 'process' | 'key'> {
  return { path: [...draft.path, 'depends-on', index], process: draft.id, key: 'depends-on' };
}

function reportTwice(need: Need, report: Report): void {
  report.warning({
    ...placeOf(need),
    message: `names ${quote(need.dependency.id)} more than once`,
    hint: 'keep one of these entries',
  });
}

function unknown(need: Need, hint: string): Remark {
  return { ...placeOf(need), message: `there is no process with the id ${quote(need.dependency.id)}`, hint };
}

/** @returns what to do about an id that is none; names of instances and groups are none */
function mendsOfUnknown(drafts: readonly Draft[], byId: ReadonlyMap<string, readonly Draft[]>): (id: string) => string {
  const nearest = createNearest(byId.keys());
  const groups = new Map<string, Set<string>>();
  for (const { id = '', values } of drafts) {
    if (values.group !== undefined) groups.set(values.group, (groups.get(values.group) ?? new Set()).add(quote(id)));
  }
  return (id) => {
    const base = /^(.+)_\d{2,4}$/.exec(id)?.[1] ?? '';
    if (byId.get(base)?.some(({ values }) => (values.numprocs ?? 1) > 1) === true) {
      return `it is an instance of ${quote(base)}: write ${quote(base)}, which means all of its instances`;
    }
    const members = groups.get(id);
    if (members !== undefined && members.size <= 10) {
      return `it is a group: name the processes in it, ${[...members].join(', ')}`;
    }
    const mend = `add a [[process]] with id = ${quote(id)}, or take it out of depends-on`;
    const near = nearest(id);
    return near === undefined ? mend : `did you mean ${quote(near)}? Else ${mend}`;
  };
}

function checkTargets(need: Need, all: readonly Draft[], input: RuleInput, report: Report): void {
  const coming = all.filter((draft) => isComing(input, draft));
  if (coming.length === 0) return;
  const { condition } = need.dependency;
  const isOneShots = coming.every(({ values }) => isOneShot(values));
  if (condition === 'healthy' && !hasHealthCheck(coming)) report.error(neverHealthy(need));
  else if (isOneShots && (condition === 'healthy' || condition === 'started')) report.warning(alwaysFinished(need));
  if (condition === 'finished') checkFinished(need, coming, report);
  if (condition === 'finished' || isOneShots) checkLoss(need, report);
}

/** One that is given and wrong has been reported. */
function hasHealthCheck(targets: readonly Draft[]): boolean {
  return targets.some(
    ({ raw, values }) => values['health-check'] !== undefined || rawValue(raw, 'health-check') !== undefined,
  );
}

/** Without a health-check nobody could tell. */
function neverHealthy(need: Need): Remark {
  const id = quote(need.dependency.id);
  return {
    ...placeOf(need),
    message: `${id} has no health-check, so it never counts as healthy`,
    hint: `give ${id} a health-check, or use condition = "running"`,
  };
}

/** What is begun and ends is waited for: see `settleConditions`. */
function alwaysFinished(need: Need): Remark {
  return {
    ...placeOf(need),
    message: `${quote(need.dependency.id)} is a one-shot: it is waited for until it has finished well, whatever the condition`,
    found: `"${need.dependency.condition}"`,
    hint: 'write condition = "finished", or leave it out',
  };
}

/** What has finished is not lost any more. */
function checkLoss(need: Need, report: Report): void {
  const written = rawValue(need.draft.raw, 'depends-on');
  const entry: unknown = Array.isArray(written) ? written[need.index] : written;
  if (!isTable(entry) || rawValue(entry, 'on-loss') === undefined) return;
  report.warning({
    ...placeOf(need),
    message: `on-loss has no effect: whether ${quote(need.dependency.id)} has finished is asked before a start only`,
    hint: 'take on-loss out',
  });
}

/** A service that is restarted always never finishes. */
function checkFinished(need: Need, targets: readonly Draft[], report: Report): void {
  const endless = targets.every(({ values }) => !isOneShot(values) && (values.autorestart ?? 'always') === 'always');
  if (!endless) return;
  report.warning({
    ...placeOf(need),
    message: `${quote(need.dependency.id)} is always restarted, so it never counts as finished`,
    hint: 'use condition = "running", or make it a one-shot',
  });
}

/** Nothing of this process ever runs, and some other waits for it. */
function reportFake(targets: readonly Draft[], drafts: readonly Draft[], input: RuleInput, report: Report): void {
  const id = targets[0]?.id;
  for (const draft of drafts.filter((each) => isComing(input, each))) {
    const entry = processEntries(draft.values['depends-on']).find(({ dependency }) => dependency.id === id);
    if (entry === undefined || id === undefined) continue;
    report.warning({
      ...placeOf({ draft, index: entry.index }),
      message: `all versions of ${quote(id)} are fake, so it never runs and this waits for ever`,
      hint: `take ${quote(id)} out of depends-on, or give it a version that is not fake`,
    });
  }
}

/** What `running` means for a dependency on a one-shot: that it has finished well (SPEC 4). */
export function settleConditions(drafts: readonly Draft[], standings: RuleInput['standings']): Map<string, boolean> {
  const oneShots = new Map<string, boolean>();
  for (const [id, versions] of draftsById(drafts)) {
    const deciding =
      versions.find((draft) => standings.get(draft) === 'effective') ??
      versions.find((draft) => standings.get(draft) === 'future') ??
      versions[0];
    oneShots.set(id, deciding !== undefined && isOneShot(deciding.values));
  }
  return oneShots;
}
