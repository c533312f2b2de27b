/** Commands that need no daemon. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CheckResult, UpdateResult } from '@procman/protocol/views';
import { service } from '../harness/config.ts';
import { describe, expect, test } from '../harness/test.ts';

describe('without a daemon', () => {
  test('the file of gen-file passes its check, and a daemon serves it', async ({ world }) => {
    const file = join(world.root, 'first.toml');
    expect((await world.ctl('gen-file', file)).code).toBe(0);
    expect((await world.ctl('check', file)).stdout).toBe('OK: 2 processes, 0 warnings\n');
    expect((await world.ctl('gen-file', file)).code).toBe(1);
    const own = `[daemon]\nstate-dir = "${world.stateDir}"\nsocket = "${world.socket}"\n`;
    const text = readFileSync(file, 'utf8').replace(/^uid = .*$/m, `uid = "${world.uid}"`);
    world.writeConfig(text.replace(/^\[\[process/m, `${own}\n[[process`));
    await world.startDaemon();
    await world.waitForState('example_process', 'RUNNING');
    await world.waitForRow('example_process 2', 'finished', ({ reason }) => reason.code === 'finished');
  });

  test('check tells every problem with its place; a good file is OK', async ({ world }) => {
    world.configure([service('web', 'steady', 'stop-timeout = "soon"; depends-on = ["dbb"]'), service('db', 'steady')]);
    const { code, stdout } = await world.ctl('check', world.config);
    expect(code).toBe(6);
    expect(stdout.split('\n').map((line) => line.replace(world.config, 'FILE'))).toEqual([
      expect.stringMatching(/^FILE:\d+:\d+: error: process "web": stop-timeout: .*found "soon"/),
      expect.stringMatching(/^FILE:\d+:\d+: error: process "web": depends-on: there is no process with the id "dbb"$/),
      expect.stringMatching(/^ {4}did you mean "db"\?/),
      '2 errors, 0 warnings',
      '',
    ]);
    const { json } = await world.ctl('check', world.config, '--json');
    expect(json as CheckResult).toMatchObject({
      ok: false,
      file: world.config,
      problems: [{ key: 'stop-timeout' }, {}],
    });
    world.configure([service('web', 'steady')]);
    expect(await world.ctl('check', world.config)).toMatchObject({ code: 0, stdout: 'OK: 1 process, 0 warnings\n' });
    expect((await world.ctl('check', join(world.root, 'none.toml'))).code).toBe(6);
  });

  test('schema prints a JSON Schema, uid a new uid', async ({ world }) => {
    const { code, stdout } = await world.ctl('schema');
    const schema = JSON.parse(stdout) as { properties: Record<string, unknown> };
    expect(code).toBe(0);
    expect(Object.keys(schema.properties)).toEqual(expect.arrayContaining(['uid', 'daemon', 'defaults', 'process']));
    expect((await world.ctl('schema', '--json')).json).toEqual(schema);
    const uids = [await world.ctl('uid'), await world.ctl('uid')].map(({ stdout: text }) => text);
    expect(uids[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}\n$/);
    expect(uids[0]).not.toBe(uids[1]);
    expect(existsSync(world.stateDir)).toBe(false);
  });
});

describe('plan with a file', () => {
  test('that includes others tells what update would do, and the daemon opens none of them', async ({ world }) => {
    world.configure([service('web', 'steady')]);
    await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    mkdirSync(join(world.root, 'conf.d'));
    writeFileSync(join(world.root, 'conf.d', 'more.toml'), service('more', 'steady'));
    const planned = join(world.root, 'planned.toml');
    writeFileSync(
      planned,
      readFileSync(world.config, 'utf8').replace('[daemon]', 'include = ["conf.d/*.toml"]\n[daemon]'),
    );
    const result = (await world.ctl('plan', planned, '--json')).json as UpdateResult;
    expect(result).toMatchObject({ ok: true, applied: false, added: ['more'], unchanged: ['web'] });
    // Of a file that is merely named, a client that is not procmanctl learns nothing.
    const text = readFileSync(planned, 'utf8').replace('conf.d/*.toml', 'conf.d/more.toml');
    const refused = await world.rpc<UpdateResult>('plan', { config: { path: planned, text } });
    expect(refused.problems.map(({ message }) => message).join()).toContain('is not part of the text');
    expect((await world.rows()).map(({ name }) => name)).toEqual(['web']);
  });

  test('shows the hash that update --plan takes, until the world has moved', async ({ world }) => {
    world.configure([service('web', 'steady'), service('db', 'steady')]);
    await world.startDaemon();
    await world.waitForAll('RUNNING');
    // A window that opens in two hours.
    const [from, to] = [2, 3].map((hours) => new Date(Date.now() + hours * 3_600_000).toISOString().slice(11, 16));
    const schedule = `schedule = { start-time = "${from ?? ''}", stop-time = "${to ?? ''}", timezone = "UTC" }`;
    world.configure([service('web', 'steady', schedule)]);
    const plan = (await world.ctl('plan', '--json')).json as UpdateResult;
    expect(plan.actions.map(({ name, action, reason }) => [name, action, reason.code])).toEqual([
      ['web', 'stop', 'schedule'],
      ['db', 'stop', 'not-in-config'],
    ]);
    world.configure([service('web', 'steady')]);
    const moved = await world.ctl('update', '--plan', plan.hash);
    expect(moved.code).toBe(1);
    expect(moved.stderr).toContain(`the plan has changed: ${plan.hash} was asked for, now it is `);
    expect((await world.rows()).length).toBe(2);
    const now = (await world.ctl('plan', '--json')).json as UpdateResult;
    expect((await world.ctl('update', '--plan', now.hash)).code).toBe(0);
    await world.waitFor('db to go', async () => (await world.rows()).length === 1);
  });
});
