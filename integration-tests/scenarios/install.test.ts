/** `procmand install` and `uninstall`: what they make, what they leave alone; and the daemon under systemd. */
import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs'; // prettier-ignore
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { begin, type Finished } from '../harness/commands.ts';
import { service } from '../harness/config.ts';
import { procmanctl, procmand } from '../harness/paths.ts';
import { signal } from '../harness/processes.ts';
import { standIn } from '../harness/stand-in.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { World } from '../harness/world.ts';

const run = (world: World, command: string, ...args: string[]): Promise<Finished> =>
  begin(command, args, world.env).finished;
const textOf = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');
/** All that is below a folder: `PATH` or `PATH -> TARGET`. */
function listing(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => !lstatSync(join(folder, name)).isDirectory())
    .map((name) =>
      lstatSync(join(folder, name)).isSymbolicLink() ? `${name} -> ${readlinkSync(join(folder, name))}` : name,
    )
    .sort();
}

describe('install', () => {
  test('--user: links in ~/.local/bin that work, told of when that is not in PATH; uninstall removes them', async ({
    world,
  }) => {
    const bin = join(world.root, '.local/bin');
    const first = await run(world, procmand, 'install', '--user');
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toContain(`${bin} is not in your PATH`);
    expect(listing(bin)).toEqual([`procmanctl -> ${procmanctl}`, `procmand -> ${procmand}`]);
    expect((await run(world, join(bin, 'procmand'), '--version')).stdout).toMatch(/^procmand \d/);
    expect((await run(world, join(bin, 'procmanctl'), 'uid')).code).toBe(0);
    const again = await begin(procmand, ['install', '--user'], { ...world.env, PATH: `${bin}:${world.env['PATH'] ?? ''}` }).finished; // prettier-ignore
    expect(again.stdout).toBe(`${bin}/procmand is there already\n${bin}/procmanctl is there already\n`);
    expect(await run(world, procmand, 'uninstall', '--user')).toMatchObject({ code: 0 });
    expect(listing(bin)).toEqual([]);
    expect((await run(world, procmand, 'uninstall', '--user')).stdout).toBe('there was nothing to remove\n');
  });

  test('--link NAME: one more name for procmand, which uninstall finds as well', async ({ world }) => {
    const bin = join(world.root, 'here/bin');
    const prefix = ['--prefix', join(world.root, 'here')];
    expect((await run(world, procmand, 'install', ...prefix, '--link', 'entrypoint')).code).toBe(0);
    expect(listing(bin)).toContain(`entrypoint -> ${procmand}`);
    // A daemon started by that name.
    world.configure([service('web', 'steady')]);
    const child = begin(join(bin, 'entrypoint'), [world.config], world.env);
    await world.waitForState('web', 'RUNNING');
    signal(child.pid, 'SIGTERM');
    expect((await child.finished).code).toBe(0);
    expect((await run(world, procmand, 'uninstall', ...prefix)).code).toBe(0);
    expect(listing(bin)).toEqual([]);
    for (const name of ['../x', 'a b', '-x', 'procmanctl'])
      expect([1, 2]).toContain((await run(world, procmand, 'install', ...prefix, `--link=${name}`)).code);
    expect(listing(bin)).toEqual([]);
  });

  test('what is not ours is named, neither replaced nor removed, and nothing is half done', async ({ world }) => {
    const bin = join(world.root, '.local/bin');
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, 'entrypoint'), 'theirs');
    symlinkSync('/opt/other/procmanctl', join(bin, 'procmanctl'));
    const args = ['install', '--user', '--link', 'entrypoint', '--systemd', '-c', world.config];
    const refused = await run(world, procmand, ...args);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(`${bin}/entrypoint is there already, and no link`);
    expect(refused.stderr).toContain(`${bin}/procmanctl is a link to /opt/other/procmanctl`);
    const before = ['entrypoint', 'procmanctl -> /opt/other/procmanctl'];
    expect(listing(bin)).toEqual(before);
    expect(listing(join(world.root, '.config'))).toEqual([]);
    expect((await run(world, procmand, 'uninstall', '--user')).code).toBe(0);
    expect(listing(bin)).toEqual(before);
  });

  test('--dry-run makes nothing; without root and --user it says what to do', async ({ world }) => {
    const destdir = join(world.root, 'dest');
    const dry = await run(world, procmand, 'install', '--systemd', '--destdir', destdir, '--dry-run');
    expect(dry.stdout).toContain(`would have made ${destdir}/usr/local/bin/procmand -> ${procmand}`);
    expect(existsSync(destdir)).toBe(false);
    const other = ['--reuid', '65534', '--regid', '65534', '--clear-groups', procmand, 'install'];
    const refused = await run(world, 'setpriv', ...other);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('use sudo, or --user')]);
  });

  test('from the tarball of `npm pack`', async ({ world }) => {
    const root = fileURLToPath(new URL('../..', import.meta.url));
    const npm = (...args: string[]): string => {
      const { status, stdout, stderr } = spawnSync('npm', args, { cwd: root, encoding: 'utf8', env: { ...process.env, npm_config_cache: join(world.root, 'cache') } }); // prettier-ignore
      if (status !== 0) throw new Error(`npm ${args.join(' ')}: ${stderr}`);
      return stdout.trim();
    };
    const tarball =
      npm('pack', '--ignore-scripts', '--silent', '--pack-destination', world.root).split('\n').at(-1) ?? '';
    const prefix = join(world.root, 'npm');
    npm('install', '-g', '--offline', '--no-audit', '--no-fund', '--prefix', prefix, join(world.root, tarball));
    const [command, bin] = [join(prefix, 'bin/procmand'), join(world.root, '.local/bin')];
    const done = await run(
      world,
      command,
      'install',
      '--user',
      '--systemd',
      '-c',
      world.config,
      '--link',
      'entrypoint',
    );
    expect(done).toMatchObject({ code: 0, stderr: '' });
    expect(listing(bin)).toContain(`entrypoint -> ${prefix}/lib/node_modules/procman/daemon/bin/procmand`);
    expect((await run(world, join(bin, 'entrypoint'), '--version')).stdout).toMatch(/^procmand \d/);
    // Where npm has put the commands already, they are left to npm.
    const here = await run(world, command, 'install', '--prefix', prefix);
    expect(here.stdout).toContain(`${prefix}/bin/procmand is there already`);
    await run(world, command, 'uninstall', '--prefix', prefix);
    expect(existsSync(command)).toBe(true);
    expect((await run(world, command, 'uninstall', '--user')).code).toBe(0);
    expect(listing(bin)).toEqual([]);
  });
});

describe('the unit', () => {
  test('has what survival needs, with the paths of this machine, and systemd takes it', async ({ world }) => {
    const prefix = join(world.root, 'usr');
    world.configure([service('web', 'steady')], 'shutdown-timeout = "3m"');
    const args = ['install', '--systemd', '--user', '--prefix', prefix, '-c', world.config];
    expect((await run(world, procmand, ...args)).code).toBe(0);
    const unit = join(world.root, '.config/systemd/user/procmand.service');
    const lines = textOf(unit).split('\n');
    for (const line of [
      'KillMode=process',
      'OOMPolicy=continue',
      'TasksMax=infinity',
      'Restart=always',
      'StartLimitIntervalSec=0',
      'Type=notify',
      'NotifyAccess=all',
      'TimeoutStopSec=210',
      `ExecStart=${prefix}/bin/procmand run ${world.config}`,
      `ExecReload=${prefix}/bin/procmanctl -c ${world.config} -y update`,
    ])
      expect(lines).toContain(line);
    const stop = lines.find((line) => line.startsWith('ExecStop=')) ?? '';
    expect(stop).toContain(`${prefix}/bin/procmanctl -c ${world.config} -y shutdown`);
    const verified = spawnSync('systemd-analyze', ['verify', '--man=no', unit], { encoding: 'utf8' });
    expect(verified.stderr).not.toContain('procmand.service');
  });

  test('its ExecStop stops services only while the system goes down', async ({ world }) => {
    const prefix = join(world.root, 'usr');
    world.configure([service('web', 'steady')]);
    await run(world, procmand, 'install', '--systemd', '--user', '--prefix', prefix, '-c', world.config);
    const unit = textOf(join(world.root, '.config/systemd/user/procmand.service'));
    const [, script = '', words = ''] = /^ExecStop=\/bin\/sh -c '(.*)' (.*)$/m.exec(unit) ?? [];
    const { folder, env } = standIn(world, 'systemctl', 'cat "$HERE/state"');
    const execStop = (state: string): Promise<Finished> => {
      writeFileSync(join(folder, 'state'), `${state}\n`);
      return begin('/bin/sh', ['-c', script.replaceAll('$$', '$'), ...words.split(' ')], { ...world.env, ...env })
        .finished;
    };
    const daemon = await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    expect(await execStop('running')).toMatchObject({ code: 0, stdout: '' });
    expect((await world.row('web')).state).toBe('RUNNING');
    expect(await execStop('stopping')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('web: stopped') as string,
    });
    expect(await daemon.ended).toEqual({ code: 0, signal: null });
  });

  test("that is untouched is written anew and removed; one that was changed, or is somebody else's, is left", async ({
    world,
  }) => {
    const unit = join(world.root, '.config/systemd/user/procmand.service');
    const install = (config: string): Promise<Finished> =>
      run(world, procmand, 'install', '--user', '--systemd', '-c', config);
    expect((await install('/srv/a b%c.toml')).code).toBe(0);
    expect(textOf(unit)).toContain('procmand run "/srv/a b%%c.toml"');
    const second = await install('/srv/b.toml');
    expect([second.code, second.stdout]).toEqual([0, expect.stringContaining(`replaced ${unit}`)]);
    const changed = textOf(unit).replace('RestartSec=2', 'RestartSec=9');
    writeFileSync(unit, changed);
    for (const [text, why] of [
      [changed, 'was changed by hand'],
      ['[Unit]\n', 'was not written by'],
    ] as const) {
      writeFileSync(unit, text);
      const refused = await install('/srv/c.toml');
      expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining(`${unit} ${why}`)]);
      const left = await run(world, procmand, 'uninstall', '--user');
      expect(left.stdout + left.stderr).toContain(`${unit} ${why}`);
      expect(textOf(unit)).toBe(text);
    }
  });
});

describe('NOTIFY_SOCKET', () => {
  const NOTIFY = 'printf "%s|" "$NOTIFY_SOCKET" "$@" >>"$HERE/told"; echo >>"$HERE/told"';

  test('systemd is told when the daemon serves and when it ends; services never see the socket', async ({ world }) => {
    const { folder, env } = standIn(world, 'systemd-notify', NOTIFY);
    world.configure([service('web', 'steady')]);
    const daemon = await world.startDaemon({ env: { ...env, NOTIFY_SOCKET: '/run/test/notify' } });
    await world.waitForState('web', 'RUNNING');
    const told = (): string[] => textOf(join(folder, 'told')).split('\n').filter(Boolean);
    await world.waitFor('READY', () => told().length === 1);
    expect(told()).toEqual([`/run/test/notify|READY=1|STATUS=serves ${world.uid} with ${world.config}|`]);
    expect(textOf(`/proc/${await world.pidOf('web')}/environ`)).not.toContain('NOTIFY_SOCKET');
    signal(daemon.pid, 'SIGTERM');
    await daemon.ended;
    await world.waitFor('STOPPING', () => told().length === 2);
    expect(told()[1]).toContain('|STOPPING=1|');
  });

  test('a systemd-notify that fails, or is not there, is a warning', async ({ world }) => {
    const { env } = standIn(world, 'systemd-notify', 'exit 4');
    world.configure([service('web', 'steady')]);
    const daemon = await world.startDaemon({ env: { ...env, NOTIFY_SOCKET: '/run/test/notify' } });
    await world.waitFor('the warning', () => /warning {2}systemd .*READY=1.*code 4/.test(daemon.log()));
    await world.waitForState('web', 'RUNNING');
  });
});
