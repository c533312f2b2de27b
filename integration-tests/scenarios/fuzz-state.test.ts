/**
 * Spoilt files in the state directory: the daemon starts, or refuses with a clear message; no service is lost, none runs twice, a
 * hold stays a hold, and nothing is written outside.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Row } from '@procman/protocol/views';
import { fuzz, timeLimit, type Course } from '../fuzz/budget.ts';
import { Backup, forge, spoil, stateFiles } from '../fuzz/state-files.ts';
import { service } from '../harness/config.ts';
import { identityOf, isAlive, signal } from '../harness/processes.ts';
import { expect, test } from '../harness/test.ts';
import type { Daemon, World } from '../harness/world.ts';

const SERVICES = ['a', 'b', 'c'];
const OUTSIDE = 'not the daemon’s\n';

interface Known {
  readonly pids: ReadonlyMap<string, number>;
  readonly identities: readonly (string | undefined)[];
}

async function prepare(world: World): Promise<{ daemon: Daemon; known: Known; outside: string }> {
  const outside = join(world.root, 'outside');
  writeFileSync(outside, OUTSIDE);
  world.configure(
    [
      ...SERVICES.map((id) => service(id, 'steady')),
      service('held', 'steady'),
      service('job', 'exits 0', 'one-shot = true'),
    ],
    'stream = true',
  );
  const daemon = await world.startDaemon();
  await world.waitForAll('RUNNING', [...SERVICES, 'held']);
  await world.waitForState('job', 'EXITED');
  expect((await world.ctl('stop', 'held')).code).toBe(0);
  const pids = new Map(
    (await world.rows()).flatMap(({ name, pid }) => (pid === undefined ? [] : [[name, pid] as const])),
  );
  return { daemon, known: { pids, identities: [...pids.values()].map(identityOf) }, outside };
}

/** What must be so, whatever was spoilt. */
function expectUnharmed(world: World, { pids, identities }: Known, outside: string): void {
  expect([...pids.values()].map(identityOf), 'the services live on').toEqual(identities);
  for (const id of [...SERVICES, 'held']) expect([id, world.starts(id).length]).toEqual([id, 1]);
  expect(world.shouts()).toEqual([]);
  expect(readFileSync(outside, 'utf8')).toBe(OUTSIDE);
  expect(existsSync(`${outside}.not-there`), 'nothing is made at the end of a link').toBe(false);
}

/** A refusal tells what is wrong, and is no crash. */
function expectClear(log: string): void {
  expect(log).toMatch(/\S/);
  expect(log, 'a crash').not.toMatch(/^\s+at .*[:)]\d*|TypeError|RangeError|a request failed/m);
}

/** It is the daemon's again, or it is in doubt about this very process and says so. */
function isKnown(row: Row | undefined, pid: number): boolean {
  if (row?.state === 'RUNNING') return row.pid === pid;
  return row?.state === 'BLOCKED' && row.reason.message.includes(String(pid));
}

async function startsOrRefuses(world: World, daemon: Daemon): Promise<boolean> {
  let end: number | null | undefined;
  void daemon.ended.then(({ code }) => (end = code ?? -1));
  await world.waitFor(
    'the daemon to serve, or to refuse',
    async () => end !== undefined || (await world.rpc<{ pid: number }>('ping')).pid === daemon.pid,
  );
  if (end === undefined) return true;
  expect(end, daemon.log()).toBe(1);
  return false;
}

const COURSE: Course = { name: 'state', rounds: 25, share: 0.25 };

test('one to four spoilt files at a start', { timeout: timeLimit(COURSE) }, async ({ world }) => {
  const { daemon, known, outside } = await prepare(world);
  await world.killDaemon(daemon);
  const backup = new Backup(world.stateDir);
  let refused = 0;
  await fuzz(COURSE, async (random) => {
    const done: string[] = [];
    for (let times = random.between(1, 4); times > 0; times -= 1) {
      // Where both files of an instance are gone nobody can know that its one-shot has run: a limit that is documented.
      const spoilable = stateFiles(world.stateDir).filter((path) => path !== 'instances/job~0.json.prev');
      const paths = spoilable.map((path) => join(world.stateDir, path));
      done.push(spoil(random.pick(paths) ?? '', paths, outside, random));
    }
    try {
      const next = await world.startDaemon({ wait: false });
      const serves = await startsOrRefuses(world, next);
      expectClear(`${next.log()} `);
      if (serves) await expectAllKnown(world, known);
      else refused += 1;
      expectUnharmed(world, known, outside);
      signal(next.pid, 'SIGKILL');
      await next.ended;
      expectClear(`${next.log()} `);
    } catch (error) {
      throw new Error(`after ${done.join(', ')}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
    backup.restore();
  });
  console.log(`${refused} of these starts were refused`);
  await world.startDaemon();
  await world.waitForAll('RUNNING', SERVICES);
  expectUnharmed(world, known, outside);
  expect(await world.row('held')).toMatchObject({ held: true, state: 'STOPPED' });
  expect(world.starts('job').length).toBe(1);
});

async function expectAllKnown(world: World, { pids }: Known): Promise<void> {
  const running = [...pids].filter(([name]) => SERVICES.includes(name));
  await world.waitFor('all to be known again', async () => {
    const rows = await world.rows();
    return running.every(([name, pid]) =>
      isKnown(
        rows.find((row) => row.name === name),
        pid,
      ),
    );
  });
  expect(await world.row('held')).toMatchObject({ held: true });
  for (const pid of [...pids.values()]) expect(isAlive(pid)).toBe(true);
}

const FORGED: Course = { name: 'state-forged', rounds: 15, share: 0.25 };

/** Files that may be forged: what they say is then what the daemon has to believe. */
const isForgeable = (path: string): boolean =>
  /^(instances\/|runs\/(record|exit|pid|launch)\/|events\.seq$)/.test(path);

/**
 * A state that is whole and false may say anything: that something was held, or ended. So services may be stopped and started by it,
 * but never is one doubled, nothing is written outside, and the daemon neither falls over it nor stops answering.
 */
test('false files whose checksums fit', { timeout: timeLimit(FORGED) }, async ({ world }) => {
  const outside = join(world.root, 'outside');
  writeFileSync(outside, OUTSIDE);
  world.configure([
    ...SERVICES.map((id) => service(id, 'steady', 'stop-timeout = "1s"')),
    service('held', 'steady'),
    service('job', 'exits 0', 'one-shot = true'),
    `[[process]]\nid = "handed"\napply-on = "2020-01-01"\nstop-timeout = "1s"\ncommand = { line = 'setsid sleep 5555 & echo $! >{{ PROCMAN_PID_FILE }}', type = "pid-file" }\n`,
  ]);
  let daemon = await world.startDaemon();
  await world.waitForAll('RUNNING', [...SERVICES, 'held', 'handed']);
  await world.waitForState('job', 'EXITED');
  expect((await world.ctl('stop', 'held')).code).toBe(0);
  await fuzz(FORGED, async (random) => {
    await world.killDaemon(daemon);
    const done: string[] = [];
    for (let times = random.between(1, 4); times > 0; times -= 1) {
      const paths = stateFiles(world.stateDir).filter(isForgeable);
      done.push(forge(join(world.stateDir, random.pick(paths) ?? ''), random));
    }
    try {
      daemon = await world.startDaemon();
      const rows = await world.rows();
      expect(rows.length).toBeGreaterThanOrEqual(SERVICES.length + 3);
      expect(rows.find(({ name }) => name === 'held')?.held, 'a hold stays a hold, whatever its file says').toBe(true);
      await world.rpc('ping');
      expectClear(`${daemon.log()} `);
      expect(world.shouts()).toEqual([]);
      expect(readFileSync(outside, 'utf8')).toBe(OUTSIDE);
    } catch (error) {
      throw new Error(`after ${done.join(', ')}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
  });
});
