/** `procmand` as PID 1: it stays, reaps, passes signals on, and no end of the daemon ends the container. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setTimeout as pause } from 'node:timers/promises';
import { Container, SHELLS } from '../harness/container.ts';
import { service } from '../harness/config.ts';
import { isAlive, signal } from '../harness/processes.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { World } from '../harness/world.ts';

/** Starts it and waits until all its services run. */
async function begin(
  world: World,
  ...args: ConstructorParameters<typeof Container> extends [World, ...infer Rest] ? Rest : never
): Promise<Container> {
  const container = new Container(world, ...args);
  await world.waitForAll('RUNNING');
  return container;
}

async function end(container: Container): Promise<void> {
  signal(await container.pid(), 'SIGTERM');
  expect(await container.run.finished).toMatchObject({ code: 0 });
}

describe.each(SHELLS)('under %s', (shell) => {
  test('a killed daemon is started again and adopts what runs; a stop ends all with 0', async ({ world }) => {
    world.configure([service('web', 'steady'), service('worker', 'steady')]);
    const container = await begin(world, shell);
    const before = await world.rows();
    for (let round = 0; round < 2; round += 1) {
      const node = await container.node();
      signal(node, 'SIGKILL');
      await world.waitForEnd(node);
      await world.waitFor('the daemon to adopt', async () => (await world.daemonView()).adopted === 2);
    }
    expect((await world.rows()).map(({ pid }) => pid)).toEqual(before.map(({ pid }) => pid));
    await world.expectStarts('web', 1);
    expect(container.run.printed().stderr).toContain('it is started again');
    await end(container);
    expect(world.marked()).toEqual([]);
  });

  test('no zombie is left of 1,000 orphans', async ({ world }) => {
    world.configure([service('forks', 'double-forks 1000')]);
    const container = await begin(world, shell);
    await world.waitFor('the forks', () => container.run.printed().stdout.includes('[forks] forked 1000'));
    await world.waitFor('no zombies', async () => (await container.zombies()).length === 0);
    await end(container);
  });

  test('a stop at any early moment ends it with 0', async ({ world }) => {
    world.configure([service('web', 'steady')]);
    for (let round = 0; round < 10; round += 1) {
      const container = new Container(world, shell);
      const wrapper = await container.traps();
      await pause(round * 40);
      signal(wrapper, 'SIGTERM');
      expect(await container.run.finished, `round ${round}`).toMatchObject({ code: 0 });
      expect(world.marked()).toEqual([]);
    }
  });
});

describe('as PID 1', () => {
  test('HUP reloads; also one that comes before the daemon listens does not end it', async ({ world }) => {
    world.configure([service('web', 'steady')]);
    const container = new Container(world);
    signal(await container.traps(), 'SIGHUP');
    await world.waitForAll('RUNNING');
    world.configure([service('web', 'steady'), service('more', 'steady')]);
    signal(await container.pid(), 'SIGHUP');
    await world.waitForState('more', 'RUNNING');
    await end(container);
  });

  test('a stop that comes while the daemon is dead is carried out by the next one', async ({ world }) => {
    world.configure([service('web', 'steady')]);
    const container = await begin(world);
    signal(await container.node(), 'SIGKILL');
    await world.waitFor('the wrapper to notice', () => container.run.printed().stderr.includes('started again'));
    await end(container);
    expect(world.marked()).toEqual([]);
  });

  test('a file that was broken meanwhile does not keep a killed daemon from coming back', async ({ world }) => {
    world.configure([service('web', 'steady')]);
    const container = await begin(world);
    appendFileSync(world.config, '\n[[proc');
    const node = await container.node();
    signal(node, 'SIGKILL');
    await world.waitForEnd(node);
    await world.waitFor('the daemon to adopt', async () => (await world.daemonView()).adopted === 1);
    await world.expectStarts('web', 1);
    await end(container);
  });

  test('on-exit = "leave" that is given wins; nothing is streamed with stream = false', async ({ world }) => {
    world.configure([service('web', 'says')], 'on-exit = "leave"\nstream = false');
    world.write('say.web', 'hello\n');
    const container = await begin(world);
    const pid = await container.pid();
    signal(pid, 'SIGTERM');
    expect(await container.run.finished).toMatchObject({ code: 0, stdout: '' });
    expect(container.run.printed().stderr).toContain('1 service goes on');
    expect(isAlive(pid)).toBe(false);
  });

  test('the exit code of a daemon that cannot start comes through', async ({ world }) => {
    world.writeConfig('uid = ');
    expect(await new Container(world).run.finished).toMatchObject({ code: 6 });
    world.configure([service('web', 'steady')]);
    expect(await new Container(world, 'dash', ['--bogus']).run.finished).toMatchObject({ code: 2 });
    const background = await new Container(world, 'dash', ['-d']).run.finished;
    expect(background).toMatchObject({ code: 2 });
    expect(background.stderr).toContain('leave -d out');
  });

  test('procmanctl works in a second session, and shutdown ends the container', async ({ world }) => {
    world.configure([service('web', 'steady')]);
    const container = await begin(world);
    const status = await container.ctl('status', '--json');
    expect(status.code).toBe(0);
    expect(status.stdout).toContain('"web"');
    expect((await container.ctl('restart', 'web')).code).toBe(0);
    await world.expectStarts('web', 2);
    expect((await container.ctl('shutdown', '-y')).code).toBe(0);
    expect(await container.run.finished).toMatchObject({ code: 0 });
  });

  test('services inherit nothing of the wrapper', async ({ world }) => {
    world.configure([service('web', 'steady')]);
    const container = await begin(world);
    const { stdout } = await container.exec('sh', '-c', `tr '\\0' '\\n' </proc/${await world.pidOf('web')}/environ`);
    expect(stdout).toContain('PROCMAN_RUN=');
    expect(stdout).not.toMatch(/^(PROCMAND_|MALLOC_)/m);
    await end(container);
  });
});

test('what the Containerfile names exists', () => {
  const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
  const text = readFileSync(at('etc/container/Containerfile'), 'utf8');
  const copied = [...text.matchAll(/^COPY (?!--from)(\S+) /gm)].map(([, path = '']) => path);
  expect(copied).not.toEqual([]);
  for (const path of copied.filter((name) => !name.endsWith('.tgz'))) expect(existsSync(at(path)), path).toBe(true);
  expect(text).toContain('ENTRYPOINT ["procmand"]');
});
