/** What may happen to a machine. Each act leaves everything to itself again: disks are mended, the daemon lives. */
import { createConnection } from 'node:net';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { mountReadOnly, unmount } from '../harness/mounts.ts';
import { isAlive, processState, signal } from '../harness/processes.ts';
import type { Chaos } from './chaos.ts';

export interface Act {
  readonly name: string;
  readonly perform: (chaos: Chaos) => Promise<void>;
}

/** Exit codes that mean nothing else. */
const CODES = [0, 1, 3, 7, 42, 99] as const;
/** Up to so long a moment is left to chance, in milliseconds. */
const MOMENT = 60;

export const ACTS: readonly Act[] = [
  { name: 'kill daemon', perform: killDaemon },
  { name: 'kill daemon again and again', perform: killDaemonsEarly },
  { name: 'kill daemon amid ends', perform: killDaemonAmidEnds },
  { name: 'second daemon', perform: secondDaemon },
  { name: 'kill launchers', perform: (chaos) => killLaunchers(chaos, 3) },
  { name: 'kill launchers without daemon', perform: killLaunchersWithoutDaemon },
  { name: 'kill services', perform: (chaos) => killServices(chaos, 4) },
  { name: 'end services', perform: (chaos) => endServices(chaos, 4) },
  { name: 'freeze daemon', perform: freezeDaemon },
  { name: 'reload', perform: reload },
  { name: 'hang up', perform: hangUp },
  { name: 'full disk', perform: fullDisk },
  { name: 'read-only disk', perform: readOnlyDisk },
  { name: 'clock jump', perform: jump },
];

async function aMoment({ chance }: Chaos): Promise<void> {
  // No waiting for something: where in the daemon's work it is struck is what chance decides.
  await pause(chance.below(MOMENT));
}

/* ---------------------------------------------------------------- the daemon */

async function killDaemonOnly({ world, daemon, tally }: Chaos): Promise<void> {
  await world.killDaemon(daemon);
  tally.daemonsKilled += 1;
}

async function killDaemon(chaos: Chaos): Promise<void> {
  await killDaemonOnly(chaos);
  await chaos.startDaemon();
}

/** Killed while it starts. */
async function killDaemonsEarly(chaos: Chaos): Promise<void> {
  await killDaemonOnly(chaos);
  await endServices(chaos, 2);
  for (let count = 0; count < 3; count += 1) {
    const early = await chaos.clock.startDaemon({ wait: false });
    await pause(chaos.chance.below(400));
    await chaos.world.killDaemon(early);
    chaos.tally.daemonsKilled += 1;
  }
  await chaos.startDaemon();
}

async function killDaemonAmidEnds(chaos: Chaos): Promise<void> {
  await Promise.all([endServices(chaos, 4), killServices(chaos, 2), aMoment(chaos)]);
  await killDaemonOnly(chaos);
  await killServices(chaos, 2);
  await chaos.startDaemon();
}

/** Refused: the first one serves. */
async function secondDaemon(chaos: Chaos): Promise<void> {
  const second = await chaos.clock.startDaemon({ wait: false });
  const { code } = await second.ended;
  if (code !== 1) throw new Error(`a second daemon ended with ${String(code)} instead of 1:\n${second.log()}`);
  chaos.tally.secondDaemons += 1;
}

async function freezeDaemon(chaos: Chaos): Promise<void> {
  const { pid } = chaos.daemon;
  signal(pid, 'SIGSTOP');
  chaos.tally.daemonsFrozen += 1;
  await chaos.world.waitFor('the daemon to freeze', () => processState(pid) === 'T');
  await endServices(chaos, 3);
  await killServices(chaos, 2);
  signal(pid, 'SIGCONT');
}

async function jump({ clock, chance, tally, world }: Chaos): Promise<void> {
  const hours = chance.oneOf(-30, -2, -0.01, 0.5, 3, 24);
  clock.set(new Date(clock.now() + hours * 3_600_000).toISOString());
  tally.clockJumps += 1;
  await world.rpc('ping');
}

/* ---------------------------------------------------------------- services and launchers */

async function killServices(chaos: Chaos, count: number): Promise<void> {
  for (const name of chaos.targets(count)) {
    const run = chaos.readyRun(name);
    if (run === undefined) continue;
    chaos.book.noteSignal(run, 'SIGKILL');
    signal(run.pid, 'SIGKILL');
    chaos.tally.servicesKilled += 1;
  }
  await aMoment(chaos);
}

/** They end by themselves, each with a code of its own; gone when this returns. */
async function endServices(chaos: Chaos, count: number): Promise<void> {
  const { world, chance, tally } = chaos;
  const ended: number[] = [];
  for (const name of chaos.targets(count)) {
    const run = chaos.readyRun(name);
    if (run === undefined) continue;
    world.write(`exit.${name}`, String(chance.oneOf<number>(...CODES)));
    signal(run.pid, 'SIGUSR1');
    ended.push(run.pid);
    tally.endsByThemselves += 1;
  }
  await world.waitFor('services to end', () => ended.every((pid) => !isAlive(pid)));
}

/** Their services live on, and nobody will know how they end. */
async function killLaunchers(chaos: Chaos, count: number): Promise<void> {
  const launchers = chaos.world.marked().filter(({ kind }) => kind === 'launcher');
  for (const { pid, mark } of chaos.chance.shuffled(launchers).slice(0, count)) {
    chaos.book.noteOrphan(mark.split('/')[2] ?? '');
    signal(pid, 'SIGKILL');
    chaos.tally.launchersKilled += 1;
  }
  await aMoment(chaos);
}

async function killLaunchersWithoutDaemon(chaos: Chaos): Promise<void> {
  await killDaemonOnly(chaos);
  await killLaunchers(chaos, 2);
  await killServices(chaos, 2);
  await chaos.startDaemon();
}

/* ---------------------------------------------------------------- operators */

async function reload(chaos: Chaos): Promise<void> {
  const { world, chance, daemon, tally } = chaos;
  chaos.configure(chance.oneOf('valid', 'with a guest', 'broken'));
  signal(daemon.pid, 'SIGHUP');
  await aMoment(chaos);
  chaos.configure('valid');
  await world.rpc('update');
  tally.reloads += 2;
}

/** A client that asks for a restart, and is gone before, while or after it happens. */
async function hangUp(chaos: Chaos): Promise<void> {
  const { world, book, tally } = chaos;
  const names = chaos.targets(2);
  if (names.length === 0) return;
  book.noteCommand(names);
  tally.commands += 1;
  tally.clientsHungUp += 1;
  const socket = createConnection(world.socket);
  socket.on('error', () => undefined);
  socket.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'restart', params: { names } })}\n`);
  await aMoment(chaos);
  socket.destroy();
}

/* ---------------------------------------------------------------- disks */

async function fullDisk(chaos: Chaos): Promise<void> {
  const filler = join(chaos.world.stateDir, 'filler');
  fill(filler);
  chaos.tally.fullDisks += 1;
  await endServices(chaos, 3);
  await killServices(chaos, 2);
  if (chaos.chance.below(2) === 0) await killDaemonOnly(chaos);
  rmSync(filler);
  if (!isAlive(chaos.daemon.pid)) await chaos.startDaemon();
}

/** To the last byte. */
function fill(file: string): void {
  for (const size of [1 << 20, 1 << 12, 1]) {
    for (;;) {
      try {
        writeFileSync(file, Buffer.alloc(size), { flag: 'a' });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        break;
      }
    }
  }
}

async function readOnlyDisk(chaos: Chaos): Promise<void> {
  mountReadOnly(chaos.world.stateDir);
  chaos.tally.readOnlyDisks += 1;
  try {
    await endServices(chaos, 3);
    await killServices(chaos, 2);
  } finally {
    unmount(chaos.world.stateDir);
  }
}
