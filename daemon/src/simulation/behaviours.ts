/** Random behaviours: of services and tasks, of their hooks and checks, of what they wait for, and of their schedules. */
import type {
  ExternalDependency, HealthCheck, Hook, HookName, Hooks, Probe, Schedule, StartHealthCheck, WeekDay,
} from '../core/model.ts'; // prettier-ignore
import type { Random } from './random.ts';
import type { HandOver, HookSpec, MemberSpec, OnTerm, ServiceSpec } from './services.ts';
import { httpProbe, tcpProbe } from './simulated-prober.ts';
import { DAY, mod } from './days.ts';
import { randomTimeOfDay } from './zones.ts';

export type Behaviour = Omit<ServiceSpec, 'version'>;

const WEEK: readonly WeekDay[] = [1, 2, 3, 4, 5, 6, 7];

/* ------------------------------------------------------------------ services */

export function randomService(random: Random): Behaviour {
  const onTerm = randomAnswer(random);
  switch (random.weighted({ steady: 6, flaky: 2, crash: 1, daemonizes: 1 })) {
    case 'steady':
      return { onTerm, members: randomMembers(random) };
    case 'flaky':
      return { onTerm, members: randomMembers(random), life: random.between(50, 8_000), code: random.below(3) };
    case 'crash':
      return { onTerm, members: [], life: 0, code: 1 };
    case 'daemonizes':
      return { onTerm, members: [{ where: 'away', onTerm: randomAnswer(random) }], life: 50, code: 0 };
  }
}

export function randomTask(random: Random): Behaviour {
  const life = random.oneOf(0, 50, 2_000, 10_000);
  return { onTerm: randomAnswer(random), members: randomMembers(random), life, code: random.oneOf(0, 0, 1) };
}

export function randomHandOver(random: Random): HandOver {
  const pid = random.oneOf<HandOver['pid']>(0, 0, 500, 2_000, 'dead', 'never');
  return { pid, lingers: random.oneOf(0, 0, 1_000) };
}

function randomAnswer(random: Random): OnTerm {
  const kind = random.weighted({ dies: 4, ignores: 1, late: 2 });
  return kind === 'late' ? random.oneOf(10, 300, 1_500) : kind;
}

function randomMembers(random: Random): MemberSpec[] {
  const count = random.weighted({ none: 5, one: 2, two: 1 });
  const one = (): MemberSpec => ({
    where: random.weighted({ session: 2, group: 1, away: 1 }),
    onTerm: randomAnswer(random),
    unmarked: random.chance(0.3),
  });
  return count === 'none' ? [] : count === 'one' ? [one()] : [one(), one()];
}

/* ------------------------------------------------------------------ hooks and checks */

function randomHookSpec(random: Random, timeout: number): HookSpec {
  const members = random.chance(0.7) ? [] : randomMembers(random);
  const life = random.weighted({ short: 6, slow: 2, late: 1, hangs: 1 });
  return {
    fails: random.oneOf(0, 0, 0, 0, 0, 0.4, 1),
    members,
    ...(life === 'hangs' ? {} : { life: { short: random.oneOf(0, 50), slow: timeout / 3, late: timeout * 2 }[life] }),
  };
}

function randomHook(random: Random, name: HookName): Hook {
  const timeout = random.oneOf(300, 1_000, 5_000);
  const spec = randomHookSpec(random, timeout);
  const stops = name === 'stop' && random.chance(0.7);
  return { command: JSON.stringify({ ...spec, ...(stops ? { stops } : {}) }), timeout };
}

export function randomHooks(random: Random): Hooks {
  const names: readonly HookName[] = ['before', 'init', 'after-start', 'stop', 'after-stop'];
  const chosen = names.filter(() => random.chance(0.3));
  return Object.fromEntries(chosen.map((name) => [name, randomHook(random, name)]));
}

/** What it leaves behind is in its own process group: of a check the daemon looks no further. */
function randomCheckSpec(random: Random, timeout: number): HookSpec {
  const spec = randomHookSpec(random, timeout);
  return { ...spec, members: spec.members.filter(({ where }) => where !== 'group') };
}

function randomProbe(random: Random, timeout: number): Probe {
  const kind = random.weighted({ command: 2, http: 1, tcp: 1 });
  if (kind === 'command') return { kind, command: JSON.stringify(randomCheckSpec(random, timeout)) };
  const delay = random.oneOf(0, 20, timeout / 3, timeout * 2);
  const fails = random.oneOf(0, 0, 0, 0.3, 1);
  return kind === 'http' ? httpProbe({ delay, fails }) : tcpProbe({ delay, fails });
}

export function randomStartHealthCheck(random: Random): StartHealthCheck {
  const timeout = random.oneOf(500, 3_000, 10_000);
  return { probe: randomProbe(random, timeout), timeout, interval: random.oneOf(100, 1_000) };
}

export function randomHealthCheck(random: Random): HealthCheck {
  const timeout = random.oneOf(300, 1_000, 3_000);
  return {
    kind: 'probe',
    probe: randomProbe(random, timeout),
    timeout,
    interval: random.oneOf(200, 1_000, 5_000),
    retries: random.between(1, 3),
    startPeriod: random.oneOf(0, 0, 2_000),
  };
}

export function folderCheck(random: Random, folder: string): HealthCheck {
  return { kind: 'folder', folder, inactiveTime: random.oneOf(3_000, 10_000) };
}

export function randomExternal(random: Random): ExternalDependency {
  const timeout = random.oneOf(300, 1_000);
  return { command: JSON.stringify(randomCheckSpec(random, timeout)), interval: random.oneOf(500, 2_000), timeout };
}

/* ------------------------------------------------------------------ schedules */

/** When, and by which clocks. */
export interface Place {
  readonly wall: number;
  readonly timezone: string;
}

/** A window of each day that opens, is open, or has closed about now. */
export function randomWindows(random: Random, { wall, timezone }: Place): Schedule {
  const start = randomTimeOfDay(random, wall, timezone);
  const stop = mod(start + random.oneOf(3_000, 20_000, 60_000, 200_000), DAY);
  const days = random.chance(0.9) ? WEEK : WEEK.filter(() => random.chance(0.5));
  return {
    kind: 'windows', start, stop, days: days.length === 0 ? WEEK : days, timezone, text: `${start}-${stop}`,
  }; // prettier-ignore
}

/** Every so many seconds: a pattern that divides the minute. */
export function randomCron(random: Random, { timezone }: Place): Schedule {
  const pattern = `*/${random.oneOf(5, 10, 20, 30)} * * * * *`;
  return { kind: 'cron', pattern, timezone, text: pattern };
}
