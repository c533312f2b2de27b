/**
 * Launchers are killed and frozen at random moments, over and over. No instance may ever run twice, and every launcher that was
 * not killed must leave a valid exit file.
 *
 * The service finds out by itself, by a kernel lock of its own: where that is taken it shouts.
 */

import * as fs from 'node:fs';
import type { ChildProcess } from 'node:child_process';
import { expect, it } from 'vitest';
import { LaunchGround, SHELLS, until, type Shell } from '../../daemon/src/effects/launch-ground.ts';

const INSTANCES = 6;
/** Each takes longer. */
const LAUNCHES_ON_TERMINALS = 240;
const LAUNCHES: Readonly<Record<Shell, number>> = { dash: 1000, bash: 500, busybox: 500 };

/** A lock of its own, in the kernel: held by the shell itself and by nothing it starts. */
const SERVICE = `exec 8>>"$1.guard"
flock -n 8 || { echo "second copy of $1" >>"$2"; exit 99; }
echo ran >>"$1.runs"
sleep "$3" 8>&-
exit 7`;

interface Launched {
  readonly key: string;
  readonly id: string;
  readonly launcher: ChildProcess;
  killed: boolean;
}

it.each(SHELLS)('never runs two copies under %s, whatever becomes of its launchers', async (shell) => {
  await torture(shell, LAUNCHES[shell], false);
});

it.each(SHELLS)('nor on terminals, whatever becomes of what makes these', async (shell) => {
  await torture(shell, LAUNCHES_ON_TERMINALS, true);
});

async function torture(shell: Shell, launches: number, terminal: boolean): Promise<void> {
  const ground = new LaunchGround(shell);
  const random = randomFrom(20_241_001);
  // The gaps before the claim and before the run record are short: half of the launches linger there.
  const linger = 'case $$ in *[02468]) sleep 0.01 ;; esac';
  fs.writeFileSync(`${ground.root}/bin/mv`, `#!/bin/dash\n${linger}\nexec /bin/mv "$@"\n`, { mode: 0o755 });
  const launched: Launched[] = [];
  try {
    const instances = Array.from({ length: INSTANCES }, (_, number) => `torture~${number}`);
    const each = launches / INSTANCES;
    await Promise.all(
      instances.map((key) => tortureInstance({ ground, key, launches: each, random, launched, terminal })),
    );

    const shouts = `${ground.root}/shouts`;
    expect(fs.existsSync(shouts) ? fs.readFileSync(shouts, 'utf8') : '').toBe('');
    const silent = launched.filter(
      ({ key, id, killed }) => !killed && ground.files.readExit(key, id).kind === 'pending',
    );
    expect(silent.map(({ key, id }) => `${key}.${id}`)).toEqual([]);
    const kinds = countBy(
      launched,
      ({ key, id }) => ground.exitText(key, id).split(' ').slice(0, 2).join(' ') || 'none',
    );
    const runs = instances.map((key) => fs.readFileSync(`${ground.root}/${key}.runs`, 'utf8').split('\n').length - 1);
    console.log(shell, launched.length, 'launches:', Object.fromEntries(kinds), 'runs:', runs.join(' '));
    // The torture must not have prevented everything.
    expect(kinds.get('exit 7')).toBeGreaterThan(launched.length / 20);
    expect(launched.filter(({ killed }) => killed).length).toBeGreaterThan(launched.length / 20);
  } finally {
    ground.dispose();
  }
}

interface Torture {
  readonly ground: LaunchGround;
  readonly key: string;
  readonly launches: number;
  readonly random: () => number;
  readonly launched: Launched[];
  readonly terminal: boolean;
}

/** Launches one after the other, without waiting for the end of the one before: as a daemon that has lost its memory would. */
async function tortureInstance({ ground, key, launches, random, launched, terminal }: Torture): Promise<void> {
  for (let round = 0; round < launches; round += 1) {
    const seconds = (random() * 0.03).toFixed(3);
    const argv = ['/bin/dash', '-c', SERVICE, 'service', `${ground.root}/${key}`, `${ground.root}/shouts`, seconds];
    const started: Launched = { key, ...ground.launchPlan(key, { argv, stdout: null, terminal }), killed: false };
    launched.push(started);
    if (terminal && random() < 0.4) killScript(ground, started, random);
    await torment(ground, started, random);
  }
  for (const { launcher } of launched.filter((each) => each.key === key)) {
    await until('a launcher to end', () => launcher.exitCode ?? launcher.signalCode ?? undefined);
  }
}

/** Does one evil thing to a launcher, at a random moment of its life. */
async function torment(ground: LaunchGround, started: Launched, random: () => number): Promise<void> {
  const { launcher, key, id } = started;
  const deed = random();
  await sleep(random() * 30);
  if (deed < 0.3) {
    started.killed = launcher.kill('SIGKILL');
  } else if (deed < 0.6) {
    launcher.kill('SIGSTOP');
    await sleep(random() * 15);
    // The intent is given up, as the next daemon would do; whether the launcher had claimed it before is for the rename to say.
    if (random() < 0.5) ground.files.voidIntent(key, id);
    launcher.kill('SIGCONT');
  } else if (deed < 0.7) {
    await ended(ground, started);
  }
  if (random() < 0.3) await ended(ground, started);
}

/** At a random moment, and together with whatever else becomes of its launcher. */
function killScript(ground: LaunchGround, { launcher }: Launched, random: () => number): void {
  setTimeout(() => {
    const isChild = (pid: number): boolean => ground.system.stat(pid)?.parent === launcher.pid;
    const script = ground.system
      .pids()
      .find((pid) => isChild(pid) && /^(script|sh) /.test(ground.system.commandLine(pid)));
    if (script !== undefined) ground.system.kill(script, 'KILL');
  }, random() * 40);
}

async function ended(ground: LaunchGround, { key, id, launcher }: Launched): Promise<void> {
  await until('the end of a launch', () => {
    const isOver = launcher.exitCode !== null || launcher.signalCode !== null;
    return isOver || ground.files.readExit(key, id).kind !== 'pending' || undefined;
  });
}

async function sleep(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function countBy<T>(items: readonly T[], name: (item: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(name(item), (counts.get(name(item)) ?? 0) + 1);
  return counts;
}

/** Mulberry32: the same moments each time, as far as the machine allows. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
