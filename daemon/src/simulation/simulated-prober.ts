/** Services that are asked over the network: answers come late, or not at all, and are lost with the daemon. */
import type { HttpProbe, Prober, ProbeResult, TcpProbe } from '../effects/prober.ts';
import type { SimulatedMachine } from './machine.ts';

/** How a simulated service answers: its address says it. */
export interface Answers {
  /** After so many milliseconds. */
  readonly delay: number;
  /** How likely the answer is a bad one. */
  readonly fails: number;
}

export const httpProbe = ({ delay, fails }: Answers): HttpProbe => ({ kind: 'http', url: `http://${delay}/${fails}` });
export const tcpProbe = ({ delay, fails }: Answers): TcpProbe => ({ kind: 'tcp', host: `${delay}/${fails}`, port: 1 });

export function answersOf(probe: HttpProbe | TcpProbe): Answers {
  const text = probe.kind === 'http' ? probe.url.slice('http://'.length) : probe.host;
  const [delay = 0, fails = 0] = text.split('/').map(Number);
  return { delay, fails };
}

interface Asked {
  readonly dueAt: number;
  readonly result: ProbeResult;
  readonly done: (result: ProbeResult) => void;
}

export class SimulatedProber implements Prober {
  readonly #machine: SimulatedMachine;
  readonly #underWay = new Map<string, Asked>();

  constructor(machine: SimulatedMachine) {
    this.#machine = machine;
  }

  start(id: string, probe: HttpProbe | TcpProbe, timeoutMs: number, done: (result: ProbeResult) => void): void {
    const { random, mono } = this.#machine;
    const { delay, fails } = answersOf(probe);
    const isLate = delay >= timeoutMs;
    const ok = !isLate && !random.chance(fails);
    const text = isLate ? 'no complete answer' : ok ? 'HTTP 200' : 'HTTP 503';
    this.#underWay.set(id, { dueAt: mono + Math.min(delay, timeoutMs), result: { ok, text }, done });
  }

  cancel(id: string): void {
    this.#underWay.delete(id);
  }

  /** When the next answer comes. */
  nextAt(): number {
    return Math.min(Infinity, ...[...this.#underWay.values()].map(({ dueAt }) => dueAt));
  }

  /** One answer whose time has come; undefined where there is none. */
  take(): (() => void) | undefined {
    const due = [...this.#underWay].filter(([, { dueAt }]) => dueAt <= this.#machine.mono);
    const [id, asked] = this.#machine.random.pick(due) ?? [];
    if (id === undefined || asked === undefined) return undefined;
    this.#underWay.delete(id);
    return () => asked.done(asked.result);
  }
}
