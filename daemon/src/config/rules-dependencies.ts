/** Rules about `depends-on` (SPEC 2.4, 4): every id exists, and nothing waits for itself. */
import type { Dependency } from '../core/model.ts';
import { processEntries } from './dependency-keys.ts';
import { draftsById, type Draft } from './draft.ts';
import { createNearest } from './nearest.ts';
import { quote } from './problem.ts';
import type { Report } from './report.ts';
import type { RuleInput } from './rules.ts';
import { isOneShot } from './process-keys.ts';
import { rawValue } from './table-reader.ts';

export function checkDependencies({ drafts, standings }: RuleInput, report: Report): void {
  const byId = draftsById(drafts);
  const nearest = createNearest(byId.keys());
  for (const draft of drafts) {
    for (const { index, dependency } of processEntries(draft.values['depends-on'])) {
      const targets = byId.get(dependency.id);
      if (targets === undefined) reportUnknown({ draft, index, dependency }, nearest(dependency.id), report);
      else if (standings.get(draft) !== 'fake') checkCondition({ draft, index, dependency }, targets, report);
    }
  }
  const real = drafts.filter((draft) => standings.get(draft) !== 'fake');
  for (const cycle of findCycles(real)) reportCycle(cycle, real, report);
}

/** One entry of a `depends-on`. */
interface Need {
  readonly draft: Draft;
  readonly index: number;
  readonly dependency: Dependency;
}

function reportUnknown({ draft, index, dependency }: Need, nearest: string | undefined, report: Report): void {
  const { id } = dependency;
  const mend = `add a [[process]] with id = ${quote(id)}, or take it out of depends-on`;
  report.error({
    path: [...draft.path, 'depends-on', index],
    process: draft.id,
    key: 'depends-on',
    message: `there is no process with the id ${quote(id)}`,
    hint: nearest === undefined ? mend : `did you mean ${quote(nearest)}? Else ${mend}`,
  });
}

function checkCondition(need: Need, targets: readonly Draft[], report: Report): void {
  if (need.dependency.condition === 'finished') checkFinished(need, targets, report);
  if (need.dependency.condition === 'healthy') checkHealthy(need, targets, report);
}

/** Without a health-check nobody could tell. */
function checkHealthy({ draft, index, dependency }: Need, targets: readonly Draft[], report: Report): void {
  if (targets.some(({ raw, values }) => values['health-check'] !== undefined || rawValue(raw, 'health-check'))) return;
  report.error({
    path: [...draft.path, 'depends-on', index],
    process: draft.id,
    key: 'depends-on',
    message: `${quote(dependency.id)} has no health-check, so it never counts as healthy`,
    hint: `give ${quote(dependency.id)} a health-check, or use condition = "running"`,
  });
}

/** A service that is restarted always never finishes. */
function checkFinished({ draft, index, dependency }: Need, targets: readonly Draft[], report: Report): void {
  const endless = targets.every(({ values }) => !isOneShot(values) && (values.autorestart ?? 'always') === 'always');
  if (!endless) return;
  report.warning({
    path: [...draft.path, 'depends-on', index],
    process: draft.id,
    key: 'depends-on',
    message: `${quote(dependency.id)} is always restarted, so it never counts as finished`,
    hint: 'use condition = "running", or make it a one-shot',
  });
}

/** More circles than this are found once these are mended. */
const MOST_CYCLES = 20;

/** Cycles over all versions, each once, as the ids on the way round. Without recursion: chains may be long. */
function findCycles(drafts: readonly Draft[]): string[][] {
  const edges = new Map<string, string[]>();
  for (const { id, values } of drafts) {
    if (id === undefined) continue;
    const targets = edges.get(id) ?? [];
    for (const { dependency } of processEntries(values['depends-on'])) targets.push(dependency.id);
    edges.set(id, targets);
  }
  const cycles: string[][] = [];
  const done = new Set<string>();
  for (const start of edges.keys()) {
    if (cycles.length >= MOST_CYCLES) break;
    if (!done.has(start)) walk(start, edges, done, cycles);
  }
  return cycles;
}

function walk(
  start: string,
  edges: ReadonlyMap<string, readonly string[]>,
  done: Set<string>,
  cycles: string[][],
): void {
  const trail = [{ id: start, next: 0 }];
  const depth = new Map([[start, 0]]);
  for (let top = trail.at(-1); top !== undefined; top = trail.at(-1)) {
    const target = edges.get(top.id)?.[top.next];
    top.next += 1;
    if (target === undefined) {
      done.add(top.id);
      depth.delete(top.id);
      trail.pop();
      continue;
    }
    const from = depth.get(target);
    if (from !== undefined) {
      cycles.push([...trail.slice(from).map(({ id }) => id), target]);
      if (cycles.length >= MOST_CYCLES) return;
    } else if (!done.has(target) && edges.has(target)) {
      depth.set(target, trail.length);
      trail.push({ id: target, next: 0 });
    }
  }
}

function reportCycle(cycle: readonly string[], drafts: readonly Draft[], report: Report): void {
  const [first, second] = cycle;
  const draft = drafts.find(
    ({ id, values }) =>
      id === first && processEntries(values['depends-on']).some(({ dependency }) => dependency.id === second),
  );
  const shown = cycle.length > 20 ? [...cycle.slice(0, 18), '...', ...cycle.slice(-1)] : cycle;
  report.error({
    path: [...(draft?.path ?? []), 'depends-on'],
    process: first,
    key: 'depends-on',
    message:
      cycle.length === 2
        ? `depends on itself: ${shown.join(' -> ')}`
        : `dependencies go in a circle: ${shown.join(' -> ')}`,
    hint: 'take one of these dependencies out',
  });
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
