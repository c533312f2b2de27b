/** Each option of Taskmaster's "Programs Section" does here what it does there, by the key that has its meaning (SPEC 2.2). */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { processTable, service } from '../harness/config.ts';
import { isAlive } from '../harness/processes.ts';
import { environmentOf, surroundingsOf } from '../harness/surroundings.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { World } from '../harness/world.ts';

async function started(world: World, ...tables: string[]): Promise<void> {
  world.configure(tables);
  await world.startDaemon();
}

const quick = 'start-secs = 0; restart-delay = "10ms"';

describe('Taskmaster’s programs section', () => {
  test('cmd: the command that is run', async ({ world }) => {
    await started(world, processTable('web', '/bin/sleep 5555'));
    await world.waitForState('web', 'RUNNING');
    expect(readFileSync(`/proc/${await world.pidOf('web')}/cmdline`, 'utf8')).toBe('/bin/sleep\x005555\0');
  });

  test('numprocs: so many instances, named as there', async ({ world }) => {
    await started(world, processTable('worker', '/bin/sleep 5555', 'numprocs = 3'));
    const rows = await world.waitForAll('RUNNING');
    expect(rows.map(({ name }) => name)).toEqual(['worker:worker_00', 'worker:worker_01', 'worker:worker_02']);
    expect(new Set(rows.map(({ pid }) => pid)).size).toBe(3);
  });

  test('umask: of the process', async ({ world }) => {
    await started(world, processTable('web', '/bin/sleep 5555', 'umask = "044"'));
    expect(surroundingsOf(await settled(world)).umask).toBe('0044');
  });

  test('workingdir: `work-dir`', async ({ world }) => {
    mkdirSync(join(world.root, 'app'));
    await started(world, processTable('web', '/bin/sleep 5555', `work-dir = "${world.root}/app"`));
    expect(surroundingsOf(await settled(world)).workDir).toBe(join(world.root, 'app'));
  });

  test('user: whose process it is', async ({ world }) => {
    await started(world, processTable('web', '/bin/sleep 5555', 'user = "nobody"'));
    const { uids, environment } = surroundingsOf(await settled(world));
    expect(new Set(uids)).toEqual(new Set([65534]));
    expect(environment['USER']).toBe('nobody');
  });

  test('autostart: false waits for an operator', async ({ world }) => {
    await started(world, processTable('web', '/bin/sleep 5555', 'autostart = false'), service('other', 'steady'));
    await world.waitForState('other', 'RUNNING');
    expect(await world.row('web')).toMatchObject({ state: 'STOPPED', reason: { code: 'autostart' } });
    expect(await world.ctl('start', 'web')).toMatchObject({ code: 0 });
    await world.waitForState('web', 'RUNNING');
  });

  test('autorestart: always, on-failure, never', async ({ world }) => {
    const gate = (id: string, code: number, restart: string): string =>
      processTable(
        id,
        `echo start $$ >>${world.playground}/log.${id} && while [ ! -e ${world.playground}/go.${id} ]; do sleep 0.02; done && rm ${world.playground}/go.${id} && exit ${code}`,
        `autorestart = "${restart}"\n${quick}`,
      );
    await started(
      world,
      gate('always', 0, 'always'),
      gate('failed', 1, 'on-failure'),
      gate('well', 0, 'on-failure'),
      gate('never', 1, 'never'),
    );
    await world.waitForAll('RUNNING');
    for (const id of ['always', 'failed', 'well', 'never']) {
      await world.expectStarts(id, 1);
      world.open(`go.${id}`);
    }
    await world.expectStarts('always', 2);
    await world.expectStarts('failed', 2);
    expect((await world.waitForState('well', 'EXITED')).verdict).toBe('ok');
    expect((await world.waitForState('never', 'EXITED')).verdict).toBe('problem');
    await world.expectStarts('well', 1);
    await world.expectStarts('never', 1);
  });

  test('exitcodes: `exit-codes` count as success', async ({ world }) => {
    const settings = `autorestart = "on-failure"; ${quick}`;
    await started(world, processTable('web', 'exit 3', `${settings}; exit-codes = [0, 3]`));
    expect(await world.waitForState('web', 'EXITED')).toMatchObject({ verdict: 'ok', lastExit: { code: 3 } });
  });

  test('startretries: `start-retries` more tries, then FATAL', async ({ world }) => {
    const line = `echo start $$ >>${world.playground}/log.web && exit 1`;
    await started(world, processTable('web', line, 'start-retries = 2; start-secs = 5; restart-delay = "10ms"'));
    await world.waitForState('web', 'FATAL');
    await world.expectStarts('web', 3);
  });

  test('startsecs: `start-secs` to live before it counts as started', async ({ world }) => {
    await started(world, processTable('web', '/bin/sleep 5555', 'start-secs = "1s"'));
    await world.waitForRow('web', 'to settle', ({ state, phase }) => state === 'STARTING' && phase === 'settle');
    const row = await world.waitForState('web', 'RUNNING');
    expect(row.uptimeSeconds).toBeGreaterThanOrEqual(1);
  });

  test('stopsignal: `stop-signal` is what it gets', async ({ world }) => {
    await started(world, service('web', 'notes-signals', 'stop-signal = "USR1"; stop-timeout = "10s"'));
    await world.waitForState('web', 'RUNNING');
    await world.waitFor('its traps', () => world.lines('log.web').length > 0);
    world.beginCtl('stop', 'web');
    await world.waitFor('the signal', () => world.lines('log.web').some((line) => line.includes('USR1')));
  });

  test('stopsecs: SIGKILL after `stop-timeout`', async ({ world }) => {
    await started(world, service('web', 'ignores-term', 'stop-timeout = "300ms"'));
    await world.waitForState('web', 'RUNNING');
    await world.waitFor('its traps', () => world.lines('log.web').length > 0);
    const pid = await world.pidOf('web');
    expect(await world.ctl('stop', 'web')).toMatchObject({ code: 0 });
    expect(isAlive(pid)).toBe(false);
    expect((await world.row('web')).lastExit).toMatchObject({ signal: 'SIGKILL' });
  });

  test.for(['stdout', 'stderr'] as const)('%s_logfile: auto, none, or a path', async (stream, { world }) => {
    const redirection = stream === 'stdout' ? '' : ' >&2';
    const says = `sh -c 'echo "said $0"${redirection} && exec sleep 5555'`;
    const table = (id: string, target: string): string =>
      processTable(id, `${says} ${id}`, `${stream}-log = "${target}"`);
    const path = join(world.root, 'own.log');
    await started(world, table('auto', 'auto'), table('none', 'none'), table('path', path));
    await world.waitForAll('RUNNING');
    const auto = join(world.stateDir, `logs/auto.${stream === 'stdout' ? 'out' : 'err'}.log`);
    await world.waitFor('the lines', () => readFileSync(auto, 'utf8') !== '' && readFileSync(path, 'utf8') !== '');
    expect([readFileSync(auto, 'utf8'), readFileSync(path, 'utf8')]).toEqual(['said auto\n', 'said path\n']);
    const descriptor = stream === 'stdout' ? 1 : 2;
    expect(surroundingsOf(await world.pidOf('none')).descriptors[descriptor]).toBe('/dev/null');
    expect(existsSync(auto.replace('auto', 'none'))).toBe(false);
  });

  test('env: variables of the process', async ({ world }) => {
    await started(world, processTable('web', '/bin/sleep 5555', 'env = { LOG_LEVEL = "info", LANG = "C" }'));
    expect(environmentOf(await settled(world))).toMatchObject({ LOG_LEVEL: 'info', LANG: 'C' });
  });
});

/** Pid of `web` once it is RUNNING. */
async function settled(world: World): Promise<number> {
  await world.waitForState('web', 'RUNNING');
  return world.pidOf('web');
}
