/** Hooks and checks that tests watch: `programs/hook.sh` as a line of configuration, and what it noted. */
import { programs } from './paths.ts';
import type { Marked } from './processes.ts';
import type { World } from './world.ts';

export type HookName = 'before' | 'init' | 'after-start' | 'stop' | 'after-stop';
export const HOOKS: readonly HookName[] = ['before', 'init', 'after-start', 'stop', 'after-stop'];

/** `programs/hook.sh NAME ACT` for sh. */
export const hookLine = (name: string, act: string): string => `'${programs}/hook.sh' ${name} ${act}`;

/** A line of TOML: the hook of `web`, named `web.HOOK` in what it notes. */
export function hook(name: HookName, act: string, timeout = '10m'): string {
  return `${name} = { command = ${JSON.stringify(hookLine(`web.${name}`, act))}, timeout = "${timeout}" }`;
}

/** Pids that a hook noted as `WORD PID`, oldest first. */
export function noted(world: World, name: string, word: 'begin' | 'child'): number[] {
  return world
    .lines(`log.${name}`)
    .flatMap((line) => (line.startsWith(`${word} `) ? [Number(line.slice(word.length + 1))] : []));
}

/** Pids of all runs of a hook. */
export const begun = (world: World, name: string): number[] => noted(world, name, 'begin');

/** Until a hook has begun so many times; its latest pid. */
export function waitForHook(world: World, name: string, times = 1): Promise<number> {
  return world.waitFor(`run ${times} of ${name}`, () => begun(world, name)[times - 1]);
}

/** Live processes of one hook, launchers included. */
export function hookProcesses(world: World, name: HookName | 'health-check', kind: Marked['kind']): Marked[] {
  return world.marked().filter((process) => process.kind === kind && process.mark.split('/')[1] === `web~0.${name}`);
}

/** Until a hook has noted a child of its; its pid. */
export function waitForChild(world: World, name: string): Promise<number> {
  return world.waitFor(`a child of ${name}`, () => noted(world, name, 'child')[0]);
}
