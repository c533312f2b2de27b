/** What in schedules is probably not meant (SPEC 2.4): warnings, for each version that is in effect or will be. */
import { Temporal } from 'temporal-polyfill';
import type { Schedule, WallTime } from '../core/model.ts';
import { dstNoteOf, plainOf, shownAt } from '../core/time/civil.ts';
import { uncovered, type Timed, type Uncovered } from '../core/time/cover.ts';
import { lintSchedule, type ScheduleFinding } from '../core/time/lint.ts';
import { standingOf } from '../core/time/standing.ts';
import { processEntries } from './dependency-keys.ts';
import type { Draft } from './draft.ts';
import { lifetimesOf, type Lifetime } from './lifetimes.ts';
import type { Path } from './positions.ts';
import { quote } from './problem.ts';
import { isOneShot } from './process-keys.ts';
import type { Report } from './report.ts';
import type { RuleInput } from './rules.ts';
import { scheduleOf } from './schedule-keys.ts';
import { rawValue } from './table-reader.ts';

export function checkSchedules(input: RuleInput, report: Report): void {
  new ScheduleRules(input, report).check();
}

/** A file may have thousands of processes with one schedule, and each question takes a while. */
const MOST_QUESTIONS = 2000;

class ScheduleRules {
  private readonly lifetimes: ReadonlyMap<Draft, Lifetime>;
  /** In the order of time. */
  private readonly byId: ReadonlyMap<string, readonly Lifetime[]>;
  private readonly findings = new Map<string, readonly ScheduleFinding[]>();
  private readonly gaps = new Map<string, Uncovered | undefined>();
  /** What has been said of the schedule of `[defaults]`. */
  private readonly told = new Set<string>();
  private readonly input: RuleInput;
  private readonly report: Report;

  constructor(input: RuleInput, report: Report) {
    this.input = input;
    this.report = report;
    this.lifetimes = lifetimesOf(input.drafts, input.standings, input.context.now ?? Date.now());
    this.byId = inOrderById(this.lifetimes.values());
  }

  check(): void {
    for (const lifetime of this.lifetimes.values()) {
      this.checkLint(lifetime);
      this.checkShadow(lifetime);
      this.checkApplyOn(lifetime);
      this.checkCover(lifetime);
    }
  }

  private timed({ values }: Draft): Timed & { readonly schedule?: Schedule } {
    const kind = isOneShot(values) ? 'one-shot' : 'service';
    const { schedule } = values;
    return schedule === undefined ? { kind } : { kind, schedule: this.scheduleOf(schedule) };
  }

  /** One object per written schedule, so that what was reckoned of it is known again. */
  private readonly schedules = new WeakMap<object, Schedule>();
  private scheduleOf(written: Parameters<typeof scheduleOf>[0]): Schedule {
    const known = this.schedules.get(written);
    if (known !== undefined) return known;
    const schedule = scheduleOf(written, this.input.daemon.timezone);
    this.schedules.set(written, schedule);
    return schedule;
  }

  private checkLint({ draft, from, until }: Lifetime): void {
    const timed = this.timed(draft);
    if (timed.schedule === undefined) return;
    const isOwn = rawValue(draft.raw, 'schedule') !== undefined;
    for (const finding of this.lint(timed, from)) {
      if ((finding.at ?? from) >= until) continue;
      const { key, message, hint } = finding;
      const rest = { key: `schedule.${key}`, message, found: timed.schedule.text, hint };
      if (isOwn) this.report.warning({ path: [...draft.path, 'schedule', key], process: draft.id, ...rest });
      else this.warnOnce({ path: ['defaults', 'schedule', key], ...rest });
    }
  }

  private warnOnce(remark: { readonly path: Path; readonly key: string; message: string; hint: string }): void {
    const { key, message } = remark;
    if (this.told.has(`${key} ${message}`)) return;
    this.told.add(`${key} ${message}`);
    this.report.warning(remark);
  }

  private lint(timed: Timed & { readonly schedule?: Schedule }, from: WallTime): readonly ScheduleFinding[] {
    const key = `${timed.kind} ${timed.schedule?.text ?? ''} ${from}`;
    const known = this.findings.get(key);
    if (known !== undefined) return known;
    const findings = this.findings.size < MOST_QUESTIONS ? lintSchedule(timed, from) : [];
    this.findings.set(key, findings);
    return findings;
  }

  /** A version to come that is replaced before its first window: somebody has mistaken a date. */
  private checkShadow({ draft, from, until, next }: Lifetime): void {
    const { schedule, kind } = this.timed(draft);
    if (schedule === undefined || next === undefined || this.input.standings.get(draft) !== 'future') return;
    const { active, nextStart } = standingOf(schedule, kind, from);
    if (active || nextStart === undefined || nextStart < until) return;
    const { file, line } = this.report.locator.position(next.path);
    const place = file === undefined ? `line ${line}` : `${file}:${line}`;
    this.report.warning({
      path: [...draft.path, 'apply-on'],
      process: draft.id,
      key: 'apply-on',
      message: `this version never runs: its schedule opens first at ${clock(nextStart, schedule.timezone)}, and by then the version at ${place} has taken over`,
      found: `${draft.applyOn?.text ?? ''}, and ${next.applyOn?.text ?? ''} there`,
      hint: 'mend one of the two apply-on, or take this version out',
    });
  }

  private checkApplyOn({ draft }: Lifetime): void {
    const { applyOn, values } = draft;
    const { timezone } = this.input.daemon;
    if (this.input.standings.get(draft) !== 'future' || applyOn === undefined) return;
    if (values['apply-on']?.offset !== undefined) return;
    const civil = Temporal.PlainDateTime.from(applyOn.text).toZonedDateTime('UTC').epochMilliseconds;
    const note = dstNoteOf(civil, timezone);
    if (note === undefined) return;
    const message =
      note === 'dst-skipped'
        ? `the clocks of ${timezone} skip this time: it takes effect at ${clock(applyOn.at, timezone)}`
        : `the clocks of ${timezone} show this time twice: it takes effect the first time`;
    this.report.warning({
      path: [...draft.path, 'apply-on'],
      process: draft.id,
      key: 'apply-on',
      message,
      found: applyOn.text,
      hint: 'choose a time outside of the change of clocks, or write the offset, such as +01:00',
    });
  }

  private checkCover(lifetime: Lifetime): void {
    for (const { index, dependency } of processEntries(lifetime.draft.values['depends-on'])) {
      const targets = this.byId.get(dependency.id) ?? [];
      const path = [...lifetime.draft.path, 'depends-on', index];
      if (this.startsTooLate(lifetime, targets, { path, id: dependency.id })) continue;
      // Without a schedule of its own it means to follow its dependency's.
      if (lifetime.draft.values.schedule === undefined) continue;
      // What has finished need not be there any more.
      if (dependency.condition === 'finished' || targets.some(({ draft }) => isOneShot(draft.values))) continue;
      const isKept = dependency.onLoss === 'keep';
      for (const target of targets) if (this.reportGap({ lifetime, target, path, isKept })) break;
    }
  }

  /** @returns whether it begins after its dependent */
  private startsTooLate(
    { draft, from }: Lifetime,
    targets: readonly Lifetime[],
    { path, id }: { readonly path: Path; readonly id: string },
  ): boolean {
    const [first] = targets;
    if (first === undefined || first.from <= from) return false;
    this.report.warning({
      path,
      process: draft.id,
      key: 'depends-on',
      message: `${quote(id)} takes effect later, and until then this waits for it`,
      found: `apply-on ${draft.applyOn?.text ?? ''} here, ${first.draft.applyOn?.text ?? ''} there`,
      hint: `give ${quote(id)} an apply-on that is no later than this one`,
    });
    return true;
  }

  private reportGap({ lifetime, target, path, isKept }: Pairing): boolean {
    const from = Math.max(lifetime.from, target.from);
    const [dependent, dependency] = [this.timed(lifetime.draft), this.timed(target.draft)];
    if (dependent.schedule === undefined || dependency.schedule === undefined) return false;
    if (from >= Math.min(lifetime.until, target.until)) return false;
    const gap = this.uncovered(dependent, dependency, from);
    const isNever = gap?.share === 1;
    if (gap === undefined || gap.at >= Math.min(lifetime.until, target.until) || (isKept && !isNever)) return false;
    const id = quote(target.draft.id ?? '');
    const first = clock(gap.at, dependent.schedule.timezone);
    this.report.warning({
      path,
      process: lifetime.draft.id,
      key: 'depends-on',
      message: isNever
        ? `never runs at a time when ${id} runs, so it never starts`
        : `its schedule is open at times when that of ${id} is closed: it waits then (first at ${first})`,
      found: `${dependent.schedule.text} here, ${dependency.schedule.text} there`,
      hint: isNever
        ? 'let the two schedules overlap, or take the dependency out'
        : 'let one schedule lie within the other; with on-loss = "keep" it goes on without',
    });
    return true;
  }

  private uncovered(
    dependent: Timed & { readonly schedule?: Schedule },
    dependency: Timed & { readonly schedule?: Schedule },
    from: WallTime,
  ): Uncovered | undefined {
    const texts = [dependent, dependency].map(({ kind, schedule }) => `${kind} ${schedule?.text ?? ''}`);
    const key = [...texts, from].join('|');
    const known = this.gaps.get(key);
    if (known !== undefined || this.gaps.has(key)) return known;
    const gap = this.gaps.size < MOST_QUESTIONS ? uncovered(dependent, dependency, from) : undefined;
    this.gaps.set(key, gap);
    return gap;
  }
}

function inOrderById(lifetimes: Iterable<Lifetime>): ReadonlyMap<string, readonly Lifetime[]> {
  const byId = new Map<string, Lifetime[]>();
  for (const lifetime of [...lifetimes].toSorted((a, b) => a.from - b.from)) {
    const id = lifetime.draft.id ?? '';
    const known = byId.get(id);
    if (known === undefined) byId.set(id, [lifetime]);
    else known.push(lifetime);
  }
  return byId;
}

/** A version and one that it depends on, at a time when both are in effect. */
interface Pairing {
  readonly lifetime: Lifetime;
  readonly target: Lifetime;
  readonly path: Path;
  /** It goes on when the dependency has gone. */
  readonly isKept: boolean;
}

/** `2026-01-05 18:00` */
function clock(at: WallTime, timezone: string): string {
  return plainOf(shownAt(at, timezone)).toString({ smallestUnit: 'minute' }).replace('T', ' ');
}
