/**
 * The wall clock of a test's daemons, set while they run: libfaketime in them, told by a file. The monotonic clock goes on as it is,
 * unless time is to pass faster. Services do not inherit it.
 */
import { existsSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ActResult } from '@procman/protocol/views';
import { service } from './config.ts';
import type { Daemon, StartOptions, World } from './world.ts';

/** A jump by less than this is none to be wary of (SPEC 3). */
const STEP_MS = 50_000;
/** Not of this clock, so that a command that it is named in changes nothing but that the daemon looks at its clock. */
const PULSE = 'pulse';
/** All that services need, and nothing of the clock. */
const INHERITED = 'inherit-env = ["HOME", "LANG", "PATH", "PLAYGROUND", "TEST_WORLD"]';

export interface TimedOptions extends StartOptions {
  /** Both clocks of the daemon run so many times as fast; then it cannot be set while it runs. */
  readonly speed?: number;
}

export class Clock {
  readonly #world: World;
  readonly #file: string;
  #ahead = 0;

  /** @param at - ISO 8601 with an offset */
  constructor(world: World, at: string) {
    this.#world = world;
    this.#file = join(world.root, 'clock');
    this.set(at);
  }

  /** What it shows, in milliseconds since the epoch. */
  now(): number {
    return Date.now() + this.#ahead;
  }

  /** Sets it. A daemon notices within ten seconds, or at the next `look`. */
  set(at: string): void {
    this.#setAhead(Date.parse(at) - Date.now());
  }

  #setAhead(ahead: number): void {
    this.#ahead = ahead;
    this.#write('');
  }

  /** At once as a whole: what the daemon cannot read is no fake time at all. */
  #write(speed: string): void {
    const seconds = (this.#ahead / 1000).toFixed(3);
    writeFileSync(`${this.#file}.new`, `${this.#ahead < 0 ? '' : '+'}${seconds}${speed}\n`);
    renameSync(`${this.#file}.new`, this.#file);
  }

  /** Has the daemon look at its clock now. */
  async look(): Promise<void> {
    await this.#world.rpc<ActResult>('unblock', { names: [PULSE] });
  }

  /** Sets it under a running daemon, which notices. */
  async jump(at: string): Promise<void> {
    this.set(at);
    await this.look();
  }

  /** Lets time pass, faster than it does, but without a jump that a daemon would be wary of. */
  async pass(to: string): Promise<void> {
    for (let left = Date.parse(to) - this.now(); left > 0; left = Date.parse(to) - this.now()) {
      this.#setAhead(this.#ahead + Math.min(left, STEP_MS));
      await this.look();
    }
  }

  configure(processes: readonly string[], daemon = ''): void {
    const pulse = service(PULSE, 'steady', 'autostart = false');
    const zone = daemon.includes('timezone') ? '' : 'timezone = "Europe/Madrid"\n';
    this.#world.configure([...processes, pulse], `${zone}${daemon}`, INHERITED);
  }

  /** Starts a daemon that lives by this clock. */
  async startDaemon({ speed, ...options }: TimedOptions = {}): Promise<Daemon> {
    this.#write(speed === undefined ? '' : ` x${speed}`);
    const env = {
      LD_PRELOAD: library(),
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_NO_CACHE: '1',
      NO_FAKE_STAT: '1',
      ...(speed === undefined ? { FAKETIME_DONT_FAKE_MONOTONIC: '1' } : {}),
    };
    const daemon = await this.#world.startDaemon({ ...options, env: { ...options.env, ...env } });
    // Left by a daemon that is killed, and in the way of whoever gets its pid.
    void daemon.ended.then(() => forget(daemon.pid));
    return daemon;
  }

  async crashDaemon(daemon: Daemon, options: TimedOptions = {}): Promise<Daemon> {
    await this.#world.killDaemon(daemon);
    return this.startDaemon(options);
  }
}

function library(): string {
  const folders = ['/usr/lib', ...readdirSync('/usr/lib').map((name) => `/usr/lib/${name}`), '/usr/local/lib'];
  const found = folders
    .map((folder) => `${folder}/faketime/libfaketimeMT.so.1`)
    .find((candidate) => existsSync(candidate));
  if (found === undefined) throw new Error('libfaketime is missing: install the package `faketime`');
  return found;
}

function forget(pid: number): void {
  for (const name of ['faketime_shm_', 'sem.faketime_sem_']) rmSync(`/dev/shm/${name}${pid}`, { force: true });
}
