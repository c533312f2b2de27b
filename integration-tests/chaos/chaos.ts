/**
 * A real daemon with many real services, to which everything happens that may: kills, frozen daemons, reloads, clients that hang up, disks
 * that are full or read-only, clocks that jump. Between rounds the world comes to rest, and is judged against what truly happened.
 */
import { existsSync } from 'node:fs';
import { Random } from '../../daemon/src/simulation/random.ts';
import type { ExplainResult } from '@procman/protocol/views';
import { Clock } from '../harness/clock.ts';
import { service } from '../harness/config.ts';
import { mountTmpfs } from '../harness/mounts.ts';
import { isAlive } from '../harness/processes.ts';
import type { Daemon, World } from '../harness/world.ts';
import { ACTS, type Act } from './acts.ts';
import { Book, type Findings, trueRuns, type TrueRun } from './book.ts';
import { newTally, type Tally } from './tally.ts';

export interface ChaosOptions {
  readonly seed: number;
  readonly rounds: number;
  readonly services: number;
}

/** Acts in one round. A service is aimed at twice in a round at most: the daemon tells of the last five exits. */
const ACTS_IN_ROUND = 8;
const AIMED_AT = 2;
/** For all services together to come to rest, on a busy machine. */
const REST_LIMIT_MS = 60_000;
const STATE_SIZE = '24m';
const NOON = '2026-06-15T12:00:00+02:00';

export class Chaos {
  readonly world: World;
  readonly chance: Random;
  readonly clock: Clock;
  readonly book = new Book();
  readonly tally: Tally = newTally();
  readonly names: readonly string[];
  readonly #options: ChaosOptions;
  readonly #acts: Act[] = [];
  #targets: string[] = [];
  #daemon: Daemon | undefined;

  constructor(world: World, options: ChaosOptions) {
    this.world = world;
    this.#options = options;
    this.chance = new Random(options.seed);
    this.clock = new Clock(world, NOON);
    this.names = Array.from({ length: options.services }, (_, number) => `s${String(number).padStart(2, '0')}`);
  }

  get daemon(): Daemon {
    if (this.#daemon === undefined) throw new Error('no daemon was started');
    return this.#daemon;
  }

  /** @throws Error with round, seed and findings, where a promise was broken */
  async run(): Promise<Tally> {
    mountTmpfs(this.world.stateDir, STATE_SIZE);
    this.configure('valid');
    await this.startDaemon();
    await this.#rest();
    for (let round = 1; round <= this.#options.rounds; round += 1) await this.#round(round);
    return this.tally;
  }

  async #round(round: number): Promise<void> {
    this.#targets = Array.from({ length: AIMED_AT }, () => this.chance.shuffled(this.names)).flat();
    const done: string[] = [];
    try {
      for (let count = 0; count < ACTS_IN_ROUND; count += 1) {
        const act = this.#nextAct();
        done.push(act.name);
        await act.perform(this);
      }
      await this.#rest();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`seed ${this.#options.seed}, round ${round} (${done.join(', ')}): ${why}`, { cause: error });
    }
    this.tally.rounds = round;
    const findings = await this.#judge();
    const broken = Object.values(findings).flat();
    if (broken.length === 0 && this.tally.duplicates === 0) return;
    const text = JSON.stringify({ ...findings, duplicates: this.world.shouts() }, undefined, 1);
    throw new Error(`seed ${this.#options.seed}, round ${round} (${done.join(', ')}): ${text}`);
  }

  /** Each kind once before any comes again. */
  #nextAct(): Act {
    if (this.#acts.length === 0) this.#acts.push(...this.chance.shuffled(ACTS));
    const act = this.#acts.pop();
    if (act === undefined) throw new Error('there are no acts');
    return act;
  }

  /* ---------------------------------------------------------------- what acts use */

  configure(how: 'valid' | 'with a guest' | 'broken'): void {
    const settings = 'start-secs = 0; restart-delay = 0; max-runs = 0; stop-timeout = "5s"';
    const services = this.names.map((name) => service(name, 'chaotic', settings));
    const guest = how === 'with a guest' ? [service('guest', 'steady')] : [];
    this.clock.configure([...services, ...guest, ...(how === 'broken' ? ['[[process]]\nid = 7'] : [])]);
  }

  async startDaemon(): Promise<void> {
    this.#daemon = await this.clock.startDaemon();
    this.tally.adoptions += (await this.world.daemonView()).adopted;
  }

  /** Services that were aimed at too seldom yet in this round; fewer where none is left. */
  targets(count: number): string[] {
    return this.#targets.splice(0, count);
  }

  runs(name: string): TrueRun[] {
    return trueRuns(this.world, name);
  }

  /** The live run of a service, once it can be talked to. */
  readyRun(name: string): TrueRun | undefined {
    const latest = this.runs(name).at(-1);
    return latest?.isReady === true && latest.code === undefined && isAlive(latest.pid) ? latest : undefined;
  }

  /* ---------------------------------------------------------------- rest and judgement */

  /** Until all run, and each knows that it does. */
  async #rest(): Promise<void> {
    const isRunning = async (): Promise<boolean> => {
      const rows = (await this.world.rows()).filter(({ id }) => this.names.includes(id));
      return (
        rows.length === this.names.length &&
        rows.every(({ id, pid, state }) => state === 'RUNNING' && pid === this.readyRun(id)?.pid)
      );
    };
    await this.world.waitFor('all services to run again', isRunning, REST_LIMIT_MS);
  }

  async #judge(): Promise<Findings> {
    const { processes } = await this.world.rpc<ExplainResult>('explain', { names: [...this.names] });
    this.tally.exitsReported += this.book.noteReported(processes.flatMap(({ exits }) => exits));
    const runs = this.names.flatMap((name) => this.runs(name));
    const findings = this.book.judge(runs);
    this.tally.launches = runs.length;
    this.tally.duplicates = existsSync(`${this.world.playground}/shouts`) ? this.world.shouts().length : 0;
    this.tally.lostExits = findings.lostExits.length;
    this.tally.wrongExits = findings.wrongExits.length;
    this.tally.unexpectedStops = findings.unexpectedStops.length;
    return findings;
  }
}
