/** Why a process is as it is: one question, the whole answer. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Explanation, ExplainResult } from '@procman/protocol/views';
import { processTable, service } from '../harness/config.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { World } from '../harness/world.ts';

async function explained(world: World, name: string): Promise<Explanation> {
  const { processes } = await world.rpc<ExplainResult>('explain', { names: [name] });
  const [one] = processes;
  if (one === undefined || processes.length > 1) throw new Error(`${name}: ${processes.length} answers`);
  return one;
}

/** Until the answer is as asked for: it is of a moment. */
function waitForAnswer(world: World, name: string, isWanted: (each: Explanation) => boolean): Promise<Explanation> {
  return world.waitFor(`an explanation of ${name}`, async () => {
    const each = await explained(world, name);
    return isWanted(each) && each;
  });
}

async function start(world: World, processes: readonly string[], daemon = ''): Promise<void> {
  world.configure(processes, daemon);
  await world.startDaemon();
}

/** What a person reads. */
async function text(world: World, ...names: string[]): Promise<string> {
  const { stdout, code } = await world.ctl('explain', ...names);
  expect(code).toBe(0);
  return stdout;
}

const first = ({ because }: Explanation): string => `${because[0]?.code ?? ''}: ${because[0]?.message ?? ''}`;

const SLOW = 'restart-delay = "10m"; restart-max-delay = "10m"; start-secs = "10s"';

describe('explain', () => {
  test('a crash loop: what it said last, each run its own', async ({ world }) => {
    const command = 'echo "run ${PROCMAN_RUN##*/}" >&2; echo "cannot open, token $TOKEN" >&2; exit 3';
    const settings = `restart-delay = "50ms"; restart-max-delay = "50ms"; start-secs = "10s"; start-retries = 2; env = { TOKEN = "hunter2secret" }`;
    await start(world, [processTable('web', command, settings)]);
    await world.waitForState('web', 'FATAL');
    const each = await explained(world, 'web');
    expect(each.exits).toHaveLength(3);
    for (const { run, stderr, code } of each.exits) {
      expect(code).toBe(3);
      expect(stderr).toEqual([`run ${run}`, 'cannot open, token $TOKEN']);
    }
    expect(first(each)).toContain('gave up after 3 failed starts (start-retries = 2)');
    expect(each.commandType.type).toBe('expression');
    const told = await text(world, 'web');
    expect(told).toMatch(/^web: FATAL since [\d:]+, should be running: PROBLEM\n {2}it exited with code 3/);
    expect(told).toContain('cannot open, token $TOKEN');
    expect(told).toContain('procmanctl unblock web');
    expect(told + JSON.stringify(each)).not.toContain('hunter2secret');
  });

  test('whose trouble is behind a dependency, down the chain', async ({ world }) => {
    await start(world, [
      service('db', 'exits 1', SLOW),
      service('api', 'steady', 'depends-on = "db"'),
      service('web', 'steady', 'depends-on = "api"'),
    ]);
    await world.waitForState('db', 'BACKOFF');
    const each = await waitForAnswer(world, 'web', ({ because }) => because.length > 2);
    expect(first(each)).toBe('dependency: it waits: api is not running (PENDING); at the root: db (BACKOFF)');
    expect(each.because.map(({ message }) => message.split(':')[0])).toEqual([
      'it waits',
      'api is PENDING',
      'db is BACKOFF',
    ]);
    expect(each.because[2]).toMatchObject({ code: 'exit' });
    expect(each.dependencies).toMatchObject([{ id: 'api', condition: 'running', met: false, state: 'PENDING' }]);
    expect((await explained(world, 'db')).dependents).toEqual(['api', 'web']);
  });

  test('held, and outside its window, and both', async ({ world }) => {
    // Open for five minutes on one day of the week: far from now.
    const day = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'][(new Date().getUTCDay() + 3) % 7] ?? 'mon';
    const closed = `schedule = { start-time = "10:00", stop-time = "10:05", week-days = ["${day}"], timezone = "UTC" }`;
    await start(world, [
      service('web', 'steady'),
      service('shop', 'steady', closed),
      service('both', 'steady', closed),
    ]);
    await world.waitForState('web', 'RUNNING');
    await world.ctl('stop', 'web', 'both');
    const web = await explained(world, 'web');
    expect(first(web)).toBe('manual: an operator stopped it: it is held until `start` or `restart`');
    expect(web.exits).toMatchObject([{ signal: 'SIGTERM' }]);
    expect(await text(world, 'web')).toContain('procmanctl start web');
    const shop = await explained(world, 'shop');
    expect(first(shop)).toMatch(/^schedule: outside its window .*; it starts next /);
    expect(shop.schedule).toMatchObject({ active: false });
    expect(shop.upcoming.map(({ action }) => action)).toEqual(['start', 'stop', 'start', 'stop', 'start']);
    expect((await explained(world, 'both')).because.map(({ code }) => code)).toEqual(['manual', 'schedule']);
  });

  test('a version that is to come, and one that may not take over', async ({ world }) => {
    await start(world, [
      service('later', 'steady', 'apply-on = "2090-01-01"'),
      service('web', 'steady'),
      service('web', 'steady', 'apply-on = "2090-01-01"'),
      service('web', 'steady', 'apply-on = "2021-01-01"; fake = true'),
    ]);
    await world.waitForState('web', 'RUNNING');
    expect(first(await explained(world, 'later'))).toMatch(
      /^not-yet-applied: its first version takes effect 2090-01-01/,
    );
    const { versions } = await explained(world, 'web');
    expect(
      versions.map(({ applyOn, effective, why }) => `${applyOn.slice(0, 4)} ${effective} ${why.slice(0, 13)}`),
    ).toEqual(['2090 false takes effect ', '2021 false marked fake: ', '2020 true in effect sin']);
  });

  test('a new version that did not come up: back to the one before', async ({ world }) => {
    await start(world, [service('web', 'steady')]);
    await world.waitForState('web', 'RUNNING');
    const apply = new Date(Date.now() - 60_000).toISOString().slice(0, 19);
    const broken = service('web', 'exits 1', `apply-on = "${apply}Z"; fallback-timeout = "1s"; start-secs = "30s"`);
    world.configure([service('web', 'steady'), broken]);
    await world.ctl('update');
    const each = await waitForAnswer(
      world,
      'web',
      ({ state, reason }) => state === 'RUNNING' && reason.code === 'version-failed',
    );
    expect(first(each)).toMatch(
      /^version-failed: version .* may not take over: it was not RUNNING within its fallback-timeout/,
    );
    expect(each.versions.map(({ effective }) => effective)).toEqual([false, true]);
    expect(each.versions[0]?.why).toContain('may not take over');
    expect(each.versions[1]?.why).toContain('in effect in place of');
  });

  test('stale: what `restart` would change', async ({ world }) => {
    await start(world, [service('web', 'steady')]);
    await world.waitForState('web', 'RUNNING');
    world.configure([service('web', 'steady again', 'env = { TOKEN = "hunter2secret" }')]);
    await world.ctl('update');
    const each = await explained(world, 'web');
    expect([...each.staleKeys].sort()).toEqual(['command', 'env']);
    expect(each.because.map(({ code }) => code)).toEqual(['wanted', 'stale']);
    expect(await text(world, 'web')).toContain('procmanctl restart web');
    expect(JSON.stringify(each)).not.toContain('hunter2secret');
  });

  test('unhealthy: what its check printed', async ({ world }) => {
    const check = `health-check = { command = "test -e $PLAYGROUND/well || ! echo it is down", interval = "50ms", retries = 1000 }`;
    await start(world, [service('web', 'steady', check)]);
    const each = await waitForAnswer(world, 'web', ({ health }) => (health?.failures ?? 0) > 1);
    expect(each.health).toMatchObject({ ok: true, output: 'exited with code 1: it is down' });
    expect(each.because[1]).toMatchObject({ code: 'health-check' });
    expect(each.because[1]?.message).toContain('(1000 in a row make it unhealthy): exited with code 1: it is down');
    world.open('well');
    expect((await waitForAnswer(world, 'web', ({ health }) => health?.failures === 0)).health).toMatchObject({
      ok: true,
    });
  });

  test('too many runs: until when', async ({ world }) => {
    await start(world, [service('web', 'exits 0 0.3', 'start-secs = "50ms"; max-runs = 2')]);
    await world.waitForState('web', 'BLOCKED');
    const each = await explained(world, 'web');
    expect(first(each)).toMatch(/^too-many-runs: it was launched 2 times within 10 min .*`unblock`$/);
    expect(each.failures).toMatchObject({ runsInWindow: 2, maxRuns: 2 });
    expect(each.upcoming).toMatchObject([{ action: 'retry' }]);
  });

  test('a one-shot that has finished: `start` has nothing to do', async ({ world }) => {
    await start(world, [service('once', 'exits 0', 'one-shot = true')]);
    await world.waitForState('once', 'EXITED');
    expect((await world.ctl('start', 'once')).code).toBe(0);
    const each = await explained(world, 'once');
    expect(first(each)).toBe('finished: finished: it exited with code 0; a new version or `restart` runs it again');
    expect(each.exits).toHaveLength(1);
    expect(await text(world, 'once')).toMatch(/^once: EXITED since [\d:]+, as it should be: ok\n/);
  });

  test('what ended while no daemon ran, with what it said last', async ({ world }) => {
    const command = `echo before >&2; until [ -e "$PLAYGROUND/gate" ]; do sleep 0.02; done; echo "it is over" >&2; exit 7`;
    world.configure([processTable('web', command, 'autorestart = "never"')]);
    const daemon = await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    const pid = await world.pidOf('web');
    await world.killDaemon(daemon);
    world.open('gate');
    await world.waitForEnd(pid);
    await world.startDaemon();
    await world.waitForState('web', 'EXITED');
    expect((await explained(world, 'web')).exits).toMatchObject([{ code: 7, stderr: ['before', 'it is over'] }]);
  });

  test('is kept over daemons, and a state file without it is read', async ({ world }) => {
    world.configure([processTable('web', 'echo said >&2; exit 1', `${SLOW}; start-retries = 0`)]);
    const daemon = await world.startDaemon();
    await world.waitForState('web', 'FATAL');
    const next = await world.crashDaemon(daemon);
    expect((await explained(world, 'web')).exits).toMatchObject([{ stderr: ['said'] }]);
    await world.killDaemon(next);
    const file = join(world.stateDir, 'instances', 'web~0.json');
    const text = readFileSync(file, 'utf8');
    // As of the first release: without its checksum, too.
    writeFileSync(file, text.replace(/,"stderr":\["said"\]/, '').replace(/,"sum":"\w+"/, ''));
    expect(readFileSync(file, 'utf8')).not.toBe(text);
    await world.startDaemon();
    expect((await explained(world, 'web')).exits).toMatchObject([{ code: 1, stderr: [] }]);
  });

  test('without NAME: all that have a problem', async ({ world }) => {
    await start(world, [service('web', 'exits 1', SLOW), service('well', 'steady')]);
    await world.waitForState('web', 'BACKOFF');
    await world.waitForState('well', 'RUNNING');
    const { json } = await world.ctl('explain', '--json');
    expect((json as ExplainResult).processes.map(({ name }) => name)).toEqual(['web']);
    await world.ctl('stop', 'web');
    const { stdout, stderr, code } = await world.ctl('explain');
    expect([stdout, stderr, code]).toEqual(['', 'procmanctl: no process has a problem\n', 0]);
  });

  test('exit codes: an unknown name, no daemon', async ({ world }) => {
    world.configure([service('web', 'steady')]);
    const daemon = await world.startDaemon();
    const unknown = await world.ctl('explain', 'wbe');
    expect([unknown.code, unknown.stderr]).toEqual([4, expect.stringContaining('web')]);
    await world.killDaemon(daemon);
    expect((await world.ctl('explain', 'web')).code).toBe(5);
  });

  test('of 500 processes, while others are answered', async ({ world }) => {
    const many = Array.from({ length: 500 }, (_, n) =>
      service(`p${n}`, 'steady', n === 0 ? 'autostart = false' : `depends-on = "p${n - 1}"; autostart = false`),
    );
    await start(world, many);
    const order: string[] = [];
    const all = world.rpc<ExplainResult>('explain', { names: ['all'] });
    const answers = [all.then(() => order.push('explain')), world.rpc('ping').then(() => order.push('ping'))];
    await Promise.all(answers);
    // It came later, and did not have to wait for all of that.
    expect(order).toEqual(['ping', 'explain']);
    expect((await all).processes).toHaveLength(500);
  });
});

test('a log that is a pipe, or leads elsewhere, holds nobody up and tells nothing', async ({ world }) => {
  const secret = join(world.root, 'secret');
  writeFileSync(secret, 'not for you\n');
  const log = join(world.playground, 'web.log');
  const command = `ln -sf "${secret}" "${log}"; kill -9 $$`;
  await start(world, [processTable('web', command, `${SLOW}; start-retries = 0; stderr-log = "${log}"`)]);
  await world.waitForState('web', 'FATAL');
  const each = await explained(world, 'web');
  expect(each.exits).toMatchObject([{ signal: 'SIGKILL', stderr: [] }]);
});
