/** The rule about circles of dependencies (SPEC 2.4): nothing waits for itself, also not in a roundabout way. */
import { processEntries } from './dependency-keys.ts';
import type { Draft } from './draft.ts';
import { lifetimesOf } from './lifetimes.ts';
import { isComing } from './machine-severity.ts';
import type { Report } from './report.ts';
import type { RuleInput } from './rules.ts';

export function checkCycles(input: RuleInput, report: Report): void {
  for (const cycle of findCycles(input)) reportCycle(cycle, report);
}

/** More circles than this are found once these are mended. */
const MOST_CYCLES = 20;
/** Of a file with more changes to come, the first ones are looked at. */
const MOST_MOMENTS = 100;

/** A way round, and who takes its first step. */
interface Cycle {
  /** From an id back to it. */
  readonly ids: readonly string[];
  readonly draft: Draft | undefined;
}

/** Circles among versions that are in effect at the same time: now, or from some `apply-on` on. Each once. */
function findCycles(input: RuleInput): Cycle[] {
  const coming = input.drafts.filter((draft) => isComing(input, draft));
  // Without one among all of them there is none at any time.
  if (cyclesAmong(coming).length === 0) return [];
  const lifetimes = [...lifetimesOf(input.drafts, input.standings, input.context.now ?? Date.now()).values()];
  const moments = [...new Set(lifetimes.map(({ from }) => from))].toSorted((a, b) => a - b).slice(0, MOST_MOMENTS);
  const found = new Map<string, Cycle>();
  for (const moment of moments) {
    const inEffect = lifetimes.filter(({ from, until }) => from <= moment && moment < until).map(({ draft }) => draft);
    for (const ids of cyclesAmong(inEffect)) {
      const key = JSON.stringify(ids.toSorted());
      if (found.size < MOST_CYCLES && !found.has(key)) found.set(key, { ids, draft: firstStep(ids, inEffect) });
    }
  }
  return [...found.values()];
}

function firstStep([first, second]: readonly string[], drafts: readonly Draft[]): Draft | undefined {
  return drafts.find(
    ({ id, values }) =>
      id === first && processEntries(values['depends-on']).some(({ dependency }) => dependency.id === second),
  );
}

/** As the ids on the way round. Without recursion: chains may be long. */
function cyclesAmong(drafts: readonly Draft[]): string[][] {
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

function reportCycle({ ids, draft }: Cycle, report: Report): void {
  const shown = ids.length > 20 ? [...ids.slice(0, 18), '...', ...ids.slice(-1)] : ids;
  const index = processEntries(draft?.values['depends-on']).find(({ dependency }) => dependency.id === ids[1])?.index;
  report.error({
    path: [...(draft?.path ?? []), 'depends-on', ...(index === undefined ? [] : [index])],
    process: ids[0],
    key: 'depends-on',
    message:
      ids.length === 2
        ? `depends on itself: ${shown.join(' -> ')}`
        : `dependencies go in a circle: ${shown.join(' -> ')}`,
    hint: ids.length === 2 ? 'take it out' : 'take one of these dependencies out',
  });
}
