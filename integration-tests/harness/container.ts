/** `procmand` as PID 1 of a pid namespace of its own, as in a container. */
import { readFileSync } from 'node:fs';
import { begin, type Finished, type Running } from './commands.ts';
import { procmanctl, procmand } from './paths.ts';
import { allPids, childrenOf, parentOf } from './processes.ts';
import type { World } from './world.ts';

export const SHELLS = ['dash', 'bash', 'busybox sh'] as const;
export type Shell = (typeof SHELLS)[number];

export class Container {
  readonly #world: World;
  readonly run: Running;

  /** @param shell - what runs the wrapper */
  constructor(world: World, shell: Shell = 'dash', args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
    this.#world = world;
    const words = [
      '--pid',
      '--fork',
      '--mount-proc',
      '--kill-child',
      ...shell.split(' '),
      procmand,
      world.config,
      ...args,
    ];
    this.run = begin('unshare', words, { ...world.env, ...env });
  }

  /** The wrapper, as it is called outside. */
  async pid(): Promise<number> {
    return this.#world.waitFor('PID 1', () => childrenOf(this.run.pid)[0]);
  }

  /** Until the wrapper's trap is set: what comes earlier the kernel keeps from a PID 1. */
  async traps(): Promise<number> {
    const pid = await this.pid();
    await this.#world.waitFor('the traps', () => {
      const caught = /^SigCgt:\s*(\w+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
      // SIGTERM and SIGURG, the last one that is set.
      return caught !== undefined && [15n, 23n].every((number) => (BigInt(`0x${caught}`) >> (number - 1n)) & 1n);
    });
    return pid;
  }

  /** The daemon, as it is called outside. */
  async node(): Promise<number> {
    const wrapper = await this.pid();
    return this.#world.waitFor('Node', () =>
      childrenOf(wrapper).find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('procmand.cjs')),
    );
  }

  /** A command in the container, as `docker exec` runs it. */
  async exec(...words: string[]): Promise<Finished> {
    const target = ['--target', String(await this.pid()), '--pid', '--mount'];
    return begin('nsenter', [...target, ...words], this.#world.env).finished;
  }

  ctl(...args: string[]): Promise<Finished> {
    return this.exec(procmanctl, ...args);
  }

  /** Zombies that PID 1 has not reaped. */
  async zombies(): Promise<number[]> {
    const wrapper = await this.pid();
    return allPids().filter((pid) => parentOf(pid) === wrapper && isZombie(pid));
  }
}

function isZombie(pid: number): boolean {
  try {
    return /^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
