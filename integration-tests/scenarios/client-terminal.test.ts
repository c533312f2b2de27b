/** At a terminal: `status --watch` on its screen, and the questions of `update` and `stop all`. */
import type { Row, StatusResult } from '@procman/protocol/views';
import { type Caller, FakeDaemon, row, running, statusOf } from '@procman/ctl/testing/fake-daemon';
import { service } from '../harness/config.ts';
import { procmanctl } from '../harness/paths.ts';
import { Terminal } from '../harness/terminal.ts';
import { signal } from '../harness/processes.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { Daemon, World } from '../harness/world.ts';

const failed = row({
  name: 'p30',
  state: 'FATAL',
  verdict: 'problem',
  reason: { code: 'exit', message: 'it gave up' },
});

async function startedWithAll(world: World): Promise<Daemon> {
  const daemon = await world.startDaemon();
  await world.waitForAll('RUNNING');
  return daemon;
}

describe('status --watch', () => {
  test('shows what a real daemon does, and waits for the next one', async ({ world }) => {
    world.configure([service('web', 'steady')]);
    const daemon = await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    const terminal = new Terminal(world, `'${procmanctl}' status --watch`);
    await terminal.waitFor(/web +RUNNING/);
    await world.rpc('stop', { names: ['web'] });
    await terminal.waitFor(/web +STOPPED/);
    await world.killDaemon(daemon);
    await world.startDaemon();
    await world.rpc('start', { names: ['web'] });
    await terminal.waitFor(/web +RUNNING/);
    terminal.press('C-c');
  });

  test('begins without a daemon, with what files tell, and goes on with the daemon that comes', async ({ world }) => {
    world.configure([service('web', 'steady'), service('old', 'steady')]);
    await world.killDaemon(await startedWithAll(world));
    const terminal = new Terminal(world, `echo before; '${procmanctl}' status --watch`);
    const files = await terminal.waitFor(/web +RUNNING/);
    expect(files.trimStart()).toMatch(/^unsupervised since .*: no daemon runs for uid /);
    expect(files).toContain(`procmand run ${world.config}`);
    // What happens is seen without a daemon, too.
    for (const { pid } of world.marked().filter(({ kind, mark }) => kind === 'run' && mark.includes('/old')))
      signal(pid, 'SIGKILL');
    await terminal.waitFor(/old +EXITED +exited .*SIGKILL/);
    await world.startDaemon();
    const watched = await terminal.waitFor('the daemon is back since');
    expect(watched).not.toContain('unsupervised');
    await terminal.waitFor(/old +RUNNING/);
    terminal.press('C-c');
    expect(await terminal.waitFor('ended 130')).toContain('before');
    expect(terminal.isClean()).toBe(true);
    terminal.close();
  });

  test('leaves a clean terminal where it ends before a daemon has come', async ({ world }) => {
    world.configure([service('web', 'steady')]);
    await world.killDaemon(await startedWithAll(world));
    const terminal = new Terminal(world, `'${procmanctl}' status --watch`);
    await terminal.waitFor(/web +RUNNING/);
    terminal.press('C-c');
    expect(await terminal.waitFor('ended 130')).not.toContain('RUNNING');
    expect(terminal.isClean()).toBe(true);
    terminal.close();
  });

  test('in a pipe and as JSON, too; where there never was a daemon it says so', async ({ world }) => {
    world.configure([service('web', 'steady')]);
    await world.killDaemon(await startedWithAll(world));
    const text = world.beginCtl('status', '--watch');
    const json = world.beginCtl('status', '--watch', '--json');
    await world.waitFor('both to tell', () => [text, json].every((each) => each.printed().stdout.includes('\n')));
    await world.startDaemon();
    await world.waitFor('both to tell of the daemon', () =>
      [text, json].every((each) => each.printed().stdout.trimEnd().split('\n').length > 1 && each.printed().stdout.lastIndexOf('web') > each.printed().stdout.indexOf('web') + 10)); // prettier-ignore
    for (const each of [text, json]) signal(each.pid, 'SIGINT');
    const lines = (await text.finished).stdout.split('\n');
    expect(lines[0]).toMatch(/^unsupervised since /);
    expect(lines[1]).toMatch(/^web +RUNNING +pid \d+/);
    expect(lines[2]).toBe('');
    expect(lines[3]).toMatch(/^web +RUNNING +pid \d+/);
    const { code, stdout } = await json.finished;
    expect(code).toBe(130);
    const told = stdout.trimEnd().split('\n').map((line) => JSON.parse(line) as StatusResult); // prettier-ignore
    expect(told[0]?.daemon.pid).toBeNull();
    expect(told.at(-1)?.daemon.pid).toBeGreaterThan(0);

    const nobody = await world.ctl('-s', `${world.root}/none.sock`, 'status', '--watch');
    expect(nobody).toMatchObject({ code: 5, stdout: '' });
    expect(nobody.stderr).toContain('nor is there anything that one has left');
  });

  test('redraws in place, problems first, over the death of its daemon, and leaves a clean terminal', async ({
    world,
  }) => {
    let rows: readonly Row[] = [running('web', 12, 60)];
    let subscriber: Caller | undefined;
    const daemon = await FakeDaemon.start({
      subscribe: (_, caller) => {
        subscriber = caller;
        return { seq: 0 };
      },
      status: () => statusOf(rows),
    });
    const change = (now: readonly Row[]): void => {
      rows = now;
      subscriber?.notify('event', { seq: 1, at: '2026-03-01T12:00:00.000Z', type: 'reload', message: 'x' });
    };
    try {
      const terminal = new Terminal(world, `echo before; '${procmanctl}' -s '${daemon.socket}' status --watch`);
      await terminal.waitFor(/web +RUNNING +pid 12, uptime 0:01:0[3-9]/);
      expect(daemon.asked.filter(({ method }) => method === 'status')).toHaveLength(1);
      expect(terminal.screen()).not.toContain('before');
      // More than the 40 lines of the terminal.
      change([...Array.from({ length: 60 }, (_, at) => running(`p${at}`, at + 1, 1)), failed]);
      const screen = await terminal.waitFor(/ more are not shown: \d+ ok/);
      expect(screen.split('\n')[1]).toMatch(/^p30 +FATAL +it gave up/);
      expect(screen).toContain('61 processes: 60 ok, 1 problem');
      expect(screen.trimEnd().split('\n').length).toBeLessThanOrEqual(40);
      change([running('web', 12, 60)]);
      subscriber?.hangUp();
      await terminal.waitFor(/the daemon is back since|the daemon has gone/);
      await terminal.waitFor('the daemon is back since');
      terminal.press('C-c');
      const after = await terminal.waitFor('ended 130');
      expect(after).toContain('before');
      expect(after).not.toContain('RUNNING');
      terminal.close();
    } finally {
      await daemon.stop();
    }
  });
});

describe('questions', () => {
  test('`update` shows its plan before it stops anything, and carries out that one only', async ({ world }) => {
    world.configure([service('web', 'steady'), service('old', 'steady')]);
    await world.startDaemon();
    await world.waitForAll('RUNNING');
    world.configure([service('web', 'steady')]);
    const terminal = new Terminal(world, `'${procmanctl}' update`);
    const question = await terminal.waitFor('This would stop 1 of what runs. Go on? [y/N]');
    expect(question).toContain('would stop old');
    terminal.enter('n');
    await terminal.waitFor('ended 1');
    expect(terminal.screen()).toContain('nothing was done');
    terminal.close();
    expect((await world.row('old')).state).toBe('RUNNING');

    const second = new Terminal(world, `'${procmanctl}' update`);
    await second.waitFor('[y/N]');
    world.configure([service('other', 'steady')]);
    second.enter('y');
    await second.waitFor('ended 1');
    expect(second.screen()).toContain('the plan has changed');
    second.close();
    expect((await world.row('old')).state).toBe('RUNNING');
  });

  test('`update --plan` names both plans where the world has moved', async ({ world }) => {
    world.configure([service('web', 'steady')]);
    await world.startDaemon();
    await world.waitForAll('RUNNING');
    world.configure([service('web', 'steady'), service('more', 'steady')]);
    const { hash } = (await world.ctl('plan', '--json')).json as { hash: string };
    world.configure([service('web', 'steady'), service('more', 'steady'), service('third', 'steady')]);
    const { hash: current } = (await world.ctl('plan', '--json')).json as { hash: string };
    const refused = await world.ctl('update', '--plan', hash);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(`${hash} was asked for, now it is ${current}`);
    expect(refused.stderr).toContain(`"update --plan ${current}"`);
    expect((await world.ctl('update', '--plan', current)).code).toBe(0);
    await world.waitForAll('RUNNING', ['web', 'more', 'third']);
  });

  test('`stop all` names what runs, and -y does without', async ({ world }) => {
    world.configure([service('web', 'steady'), service('api', 'steady')]);
    await world.startDaemon();
    await world.waitForAll('RUNNING');
    const terminal = new Terminal(world, `trap : INT; '${procmanctl}' stop all`);
    await terminal.waitFor('stop all: 2 running (web, api). Go on? [y/N]');
    terminal.press('C-c');
    await terminal.waitFor('ended 130');
    terminal.close();
    expect((await world.row('web')).state).toBe('RUNNING');
    const second = new Terminal(world, `'${procmanctl}' stop all -y`);
    await second.waitFor('ended 0');
    expect(second.screen()).not.toContain('[y/N]');
    second.close();
    await world.waitForAll('STOPPED');
  });
});
