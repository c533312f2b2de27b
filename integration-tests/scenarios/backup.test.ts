/** `backup` and `restore`, with real daemons and services. */
import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { EventsResult } from '@procman/protocol/views';
import { createTar, parseTar, type ParsedTarFileItem } from 'nanotar';
import { service } from '../harness/config.ts';
import { isAlive } from '../harness/processes.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { World } from '../harness/world.ts';

interface Restored {
  readonly written: readonly string[];
  readonly setAside: readonly { readonly path: string; readonly to: string }[];
  readonly plan: {
    readonly ok: boolean;
    readonly steps?: readonly { readonly name: string; readonly action: string }[];
  };
}

const archive = (world: World): string => join(world.root, 'backup.tar.gz');

/** A main file that includes others and names an env-file, in a folder of its own. */
function configureInParts(world: World): void {
  mkdirSync(join(world.root, 'conf.d'));
  writeFileSync(join(world.root, 'conf.d/more.toml'), service('more', 'steady', 'env-file = "more.env"'));
  writeFileSync(join(world.root, 'more.env'), 'TOKEN=hush\n', { mode: 0o600 });
  world.configure([service('web', 'steady'), service('held', 'steady'), service('job', 'exits 0', 'one-shot = true')]);
  const text = readFileSync(world.config, 'utf8').replace('[daemon]', 'include = ["conf.d/*.toml"]\n[daemon]');
  writeFileSync(world.config, text);
}

async function running(world: World): Promise<void> {
  await world.waitForState('web', 'RUNNING');
  await world.waitForRow('job', 'finished', ({ reason }) => reason.code === 'finished');
  expect((await world.ctl('stop', 'held')).code).toBe(0);
}

function wipe(world: World): void {
  rmSync(world.stateDir, { recursive: true, force: true });
  for (const name of ['procman.toml', 'conf.d', 'more.env'])
    rmSync(join(world.root, name), { recursive: true, force: true });
}

async function restored(world: World, ...args: string[]): Promise<Restored> {
  const result = await world.ctl('restore', archive(world), '--json', ...args);
  expect([result.stderr, result.code]).toEqual(['', 0]);
  return result.json as Restored;
}

const actions = ({ plan }: Restored): Record<string, string> =>
  Object.fromEntries((plan.steps ?? []).map(({ name, action }) => [name, action]));

/** Names and texts of an archive's files, to be changed and packed again. */
function entries(world: World): { name: string; data: Uint8Array }[] {
  const unpacked = new Uint8Array(gunzipSync(readFileSync(archive(world))));
  const items = parseTar<never, object, ParsedTarFileItem>(unpacked);
  return items.map(({ name, data = new Uint8Array() }) => ({ name, data: new Uint8Array(data) }));
}

type Manifest = Record<string, unknown> & { files: { entry: string; place: string; kind: string }[] };

/** The archive with another manifest, whose checksum fits. */
function withManifest(world: World, change: (manifest: Manifest) => void): void {
  const files = entries(world);
  const manifest = JSON.parse(Buffer.from(files[0]?.data ?? []).toString('utf8')) as Manifest;
  change(manifest);
  const text = JSON.stringify(manifest);
  const sum = `${createHash('sha256').update(text).digest('hex')}\n`;
  const changed = files.map(({ name, data }) => ({
    name,
    data: name === 'manifest.json' ? text : name === 'manifest.json.sha256' ? sum : data,
  }));
  writeFileSync(archive(world), gzipSync(createTar(changed)));
}

describe('a backup', () => {
  test('is made while the daemon runs, and brings all back: holds, ledgers, history, configuration', async ({
    world,
  }) => {
    configureInParts(world);
    const daemon = await world.startDaemon();
    await running(world);
    const saved = await world.ctl('backup', archive(world));
    expect(saved).toMatchObject({ code: 0, stderr: '' });
    expect(saved.stdout).toContain('configuration files: 3, instances: 4, holds: 1, the history');
    expect(statSync(archive(world)).mode & 0o777).toBe(0o600);
    // What tar(1) sees: a plain archive.
    const listed = spawnSync('tar', ['tzf', archive(world)], { encoding: 'utf8' }).stdout.split('\n');
    expect(listed).toEqual(
      expect.arrayContaining([
        'manifest.json',
        'config/procman.toml',
        'config/conf.d/more.toml',
        'config/more.env',
        'state/held~0.hold',
        'state/events.db',
      ]),
    );
    const before = (await world.rpc<EventsResult>('events', {})).events;
    const text = readFileSync(world.config, 'utf8');
    await world.ctl('shutdown', '-y');
    await daemon.ended;
    wipe(world);

    const result = await restored(world);
    expect(actions(result)).toEqual({ web: 'start', held: 'wait', job: 'wait', more: 'start' });
    expect(result.setAside).toEqual([]);
    expect(readFileSync(world.config, 'utf8')).toBe(text);
    expect(statSync(join(world.root, 'more.env')).mode & 0o777).toBe(0o600);
    // Nothing runs yet, and nobody has started anything.
    expect(world.marked()).toEqual([]);

    await world.startDaemon();
    await world.waitForAll('RUNNING', ['web', 'more']);
    expect(await world.row('held')).toMatchObject({ state: 'STOPPED', held: true, reason: { code: 'manual' } });
    expect(await world.row('job')).toMatchObject({ state: 'EXITED', reason: { code: 'finished' } });
    expect(world.starts('held')).toHaveLength(1);
    await world.expectStarts('job', 1);
    const after = (await world.rpc<EventsResult>('events', {})).events;
    // The history goes on where it was: no number is given out twice.
    const known = before.filter(({ type }) => type === 'hold' || type === 'exit');
    expect(known.length).toBeGreaterThan(1);
    for (const event of known) expect(after).toContainEqual(event);
    expect(new Set(after.map(({ seq }) => seq)).size).toBe(after.length);
  });

  test('is made without a daemon as well', async ({ world }) => {
    configureInParts(world);
    const daemon = await world.startDaemon();
    await running(world);
    await world.ctl('shutdown', '-y');
    await daemon.ended;
    const before = readdirSync(world.stateDir, { recursive: true }).toSorted();
    expect((await world.ctl('backup', archive(world), '-c', world.config)).code).toBe(0);
    // Whoever only reads leaves nothing behind.
    expect(readdirSync(world.stateDir, { recursive: true }).toSorted()).toEqual(before);
    const again = await world.ctl('backup', archive(world), '-c', world.config);
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('is there already')]);
    expect((await world.ctl('backup', archive(world), '-c', world.config, '--force')).code).toBe(0);
    const nowhere = await world.ctl('backup', join(world.root, 'none', 'a.tar.gz'), '-c', world.config);
    expect([nowhere.code, nowhere.stderr]).toEqual([1, expect.stringContaining('there is no folder')]);
    wipe(world);
    expect(actions(await restored(world))).toMatchObject({ held: 'wait', job: 'wait', web: 'start' });
  });

  test('goes to other folders', async ({ world }) => {
    configureInParts(world);
    const daemon = await world.startDaemon();
    await running(world);
    await world.ctl('backup', archive(world));
    await world.ctl('shutdown', '-y');
    await daemon.ended;
    const [configDir, stateDir] = [join(world.root, 'new/etc'), join(world.root, 'new/state')];
    const shown = await world.ctl('restore', archive(world), '--config-dir', configDir, '--state-dir', stateDir);
    expect(shown).toMatchObject({ code: 0, stderr: '' });
    const command = `procmand run ${configDir}/procman.toml --state-dir ${stateDir}`;
    expect(shown.stdout).toContain(`start with "${command}"`);
    expect(shown.stdout).toContain(`start the daemon with: ${command}\n`);
    expect(shown.stdout).toContain('  would start web: ');
    expect(readFileSync(join(configDir, 'conf.d/more.toml'), 'utf8')).toContain('id = "more"');
    // The copy of what was applied last names its files at their new places.
    expect(readFileSync(join(stateDir, 'config.last.toml'), 'utf8')).toContain(
      `#@ include "${configDir}/conf.d/more.toml"`,
    );
    expect(statSync(stateDir).mode & 0o777).toBe(0o700);
  });
});

describe('restoring on a live machine', () => {
  test('where the daemon is dead and services run, nothing is doubled or stopped', async ({ world }) => {
    configureInParts(world);
    const daemon = await world.startDaemon();
    await running(world);
    await world.waitForState('more', 'RUNNING');
    await world.ctl('backup', archive(world));
    // One goes on as it was; one is another run than the backup knows.
    const web = await world.pidOf('web');
    expect((await world.ctl('restart', 'more')).code).toBe(0);
    const more = await world.pidOf('more');
    await world.killDaemon(daemon);

    const refused = await world.ctl('restore', archive(world));
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining(join(world.stateDir, 'instances'))]);
    const result = await restored(world, '--force');
    expect(actions(result)).toEqual({ web: 'adopt', more: 'adopt', held: 'wait', job: 'wait' });
    expect(result.setAside.map(({ path }) => path)).toContain(join(world.stateDir, 'instances'));
    for (const { to } of result.setAside) expect(existsSync(to)).toBe(true);
    expect([isAlive(web), isAlive(more)]).toEqual([true, true]);

    await world.startDaemon();
    await world.waitForAll('RUNNING', ['web', 'more']);
    expect([await world.pidOf('web'), await world.pidOf('more')]).toEqual([web, more]);
    expect(await world.row('held')).toMatchObject({ state: 'STOPPED', held: true });
    await world.expectStarts('job', 1);
    expect([world.starts('web').length, world.starts('more').length, world.shouts()]).toEqual([1, 2, []]);
  });

  test('where the whole state is gone and services run, they are found by their marks', async ({ world }) => {
    configureInParts(world);
    const daemon = await world.startDaemon();
    await running(world);
    await world.waitForState('more', 'RUNNING');
    await world.ctl('backup', archive(world));
    const pids = [await world.pidOf('web'), await world.pidOf('more')];
    await world.killDaemon(daemon);
    wipe(world);
    expect(actions(await restored(world))).toMatchObject({ web: 'adopt', more: 'adopt', held: 'wait', job: 'wait' });
    await world.startDaemon();
    await world.waitForAll('RUNNING', ['web', 'more']);
    expect([await world.pidOf('web'), await world.pidOf('more')]).toEqual(pids);
    expect([world.starts('web').length, world.starts('more').length, world.shouts()]).toEqual([1, 1, []]);
  });

  test('a run of a one-shot that was under way at the backup is not run once more', async ({ world }) => {
    world.configure([service('job', 'steady', 'one-shot = true')]);
    const daemon = await world.startDaemon();
    await world.waitForRow('job', 'a pid', ({ pid }) => pid !== undefined);
    await world.expectStarts('job', 1);
    await world.ctl('backup', archive(world));
    await world.ctl('shutdown', '-y');
    await daemon.ended;
    rmSync(world.stateDir, { recursive: true });
    expect(actions(await restored(world))).toEqual({ job: 'wait' });
    await world.startDaemon();
    await world.waitForState('job', 'EXITED', 'STOPPED');
    await world.expectStarts('job', 1);
  });

  test('is refused while a daemon runs, and says how to end it without its services', async ({ world }) => {
    configureInParts(world);
    const daemon = await world.startDaemon();
    await running(world);
    await world.ctl('backup', archive(world));
    const before = readFileSync(join(world.stateDir, 'instances/web~0.json'), 'utf8');
    const refused = await world.ctl('restore', archive(world), '--force');
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining(`a daemon (pid ${daemon.pid}) runs`)]);
    expect(refused.stderr).toContain('shutdown --leave-running');
    expect(readFileSync(join(world.stateDir, 'instances/web~0.json'), 'utf8')).toBe(before);
    // Also where only the lock tells: another folder for the owner files.
    rmSync(`/run/procman/${world.uid}.json`, { force: true });
    const locked = await world.ctl('restore', archive(world), '--force');
    expect([locked.code, locked.stderr]).toEqual([1, expect.stringContaining(`runs on ${world.stateDir}`)]);
  });
});

describe('what is no sound backup', () => {
  async function saved(world: World): Promise<void> {
    configureInParts(world);
    const daemon = await world.startDaemon();
    await running(world);
    await world.ctl('backup', archive(world));
    await world.ctl('shutdown', '-y');
    await daemon.ended;
    wipe(world);
  }

  async function refusal(world: World, ...args: string[]): Promise<string> {
    const { code, stderr } = await world.ctl('restore', archive(world), ...args);
    expect(code).toBe(1);
    expect([existsSync(world.config), existsSync(join(world.stateDir, 'instances'))]).toEqual([false, false]);
    return stderr;
  }

  test('is refused, and nothing is changed', async ({ world }) => {
    await saved(world);
    const good = readFileSync(archive(world));
    const put = (bytes: Uint8Array): void => writeFileSync(archive(world), bytes);

    put(good.subarray(0, good.length / 2));
    expect(await refusal(world)).toContain('is no whole tar.gz');
    put(Buffer.from('not an archive'));
    expect(await refusal(world)).toContain('is no whole tar.gz');
    put(gzipSync(createTar([{ name: 'other.txt', data: 'x' }])));
    expect(await refusal(world)).toContain('it is no backup of procman');

    put(good);
    const flipped = entries(world).map(({ name, data }) => ({
      name,
      data: name === 'config/procman.toml' ? Uint8Array.from(data, (byte, at) => (at === 5 ? byte ^ 1 : byte)) : data,
    }));
    put(gzipSync(createTar(flipped)));
    expect(await refusal(world)).toContain('config/procman.toml does not fit its checksum');
    put(good);
    put(gzipSync(createTar(entries(world).filter(({ name }) => name !== 'config/more.env'))));
    expect(await refusal(world)).toContain('config/more.env is missing');
    put(good);
    put(gzipSync(createTar([...entries(world), { name: 'config/extra.toml', data: 'x' }])));
    expect(await refusal(world)).toContain('of which its manifest does not know');
    put(good);
    withManifest(world, (manifest) => (manifest['version'] = 2));
    expect(await refusal(world)).toContain('its format has the version 2');
    rmSync(archive(world));
    expect(await refusal(world)).toContain('ENOENT');
  });

  const elsewhere: readonly (readonly [string, string, string])[] = [
    ['config', '../outside.toml', 'asks for the place'],
    ['config', 'a/../../outside.toml', 'asks for the place'],
    ['hold', '../../held~0.hold', 'asks for the place'],
    ['events', 'procmand.lock', 'asks for the place'],
    ['config', '/etc/outside.toml', 'outside of the configuration'],
  ];

  test.each(elsewhere)('%s at %s leads nowhere', async (kind, place, message) => {
    const { World } = await import('../harness/world.ts');
    const world = new World();
    try {
      world.configure([service('web', 'steady')]);
      const daemon = await world.startDaemon();
      await world.waitForState('web', 'RUNNING');
      await world.ctl('stop', 'web');
      await world.ctl('backup', archive(world));
      await world.ctl('shutdown', '-y');
      await daemon.ended;
      wipe(world);
      withManifest(world, (manifest) => {
        const file =
          manifest.files.find((each) => each.kind === kind && each.place !== 'procman.toml') ??
          manifest.files.find((each) => each.kind === 'last-config');
        if (file) Object.assign(file, { kind, place });
      });
      expect(await refusal(world)).toContain(message);
      expect(existsSync(place)).toBe(false);
    } finally {
      await world.tearDown();
    }
  });

  test('links in the way are not followed', async ({ world }) => {
    await saved(world);
    const trap = join(world.root, 'trap');
    mkdirSync(trap);
    symlinkSync(trap, join(world.root, 'conf.d'));
    expect(await refusal(world)).toContain('conf.d: no folder');
    expect(await refusal(world, '--force')).toContain('conf.d: no folder');
    rmSync(join(world.root, 'conf.d'));
    writeFileSync(join(trap, 'victim'), 'safe');
    symlinkSync(join(trap, 'victim'), world.config);
    const refused = await world.ctl('restore', archive(world));
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('there already')]);
    expect((await world.ctl('restore', archive(world), '--force')).code).toBe(0);
    expect(readFileSync(join(trap, 'victim'), 'utf8')).toBe('safe');
    expect(statSync(world.config).isFile()).toBe(true);
    renameSync(trap, `${trap}.gone`);
    expect(readFileSync(world.config, 'utf8')).toContain('uid');
  });
});

describe('files with secrets', () => {
  /** `[metrics]` and each way of `[[notify]]`, with files in the folder, below it, and elsewhere. */
  function configureSecrets(world: World): Record<string, number> {
    const files = { 'metrics.token': 0o600, 'keys/smtp.password': 0o400, 'keys/chat.url': 0o640, 'ca.pem': 0o644 };
    mkdirSync(join(world.root, 'keys'));
    mkdirSync(join(world.root, 'elsewhere'));
    for (const [name, mode] of Object.entries(files))
      writeFileSync(join(world.root, name), `hush-${name}-0123456789\n`, { mode });
    const far = join(world.root, 'elsewhere/hook.token');
    writeFileSync(far, 'hush-far\n', { mode: 0o600 });
    const machine = join(world.root, 'elsewhere/machine.pem');
    writeFileSync(machine, 'of the machine\n');
    const config = join(world.root, 'etc/procman.toml');
    mkdirSync(join(world.root, 'etc'));
    for (const name of ['metrics.token', 'keys', 'ca.pem'])
      renameSync(join(world.root, name), join(world.root, 'etc', name));
    world.configure([service('web', 'steady')]);
    appendFileSync(
      world.config,
      `[metrics]
listen = "127.0.0.1:9"
token-file = "metrics.token"
[[notify]]
name = "mail"
mail = { to = "a@example.com", smtp = "127.0.0.1:9", user = "u", password-file = "keys/smtp.password", ca-file = "ca.pem" }
[[notify]]
name = "chat"
webhook = { url-file = "keys/chat.url", token-file = "${far}", ca-file = "${machine}" }
[[notify]]
name = "more"
webhook = { url-env = "CHAT_URL", token-file = "missing.token" }
`,
    );
    renameSync(world.config, config);
    mkdirSync(join(world.stateDir, 'instances'), { recursive: true, mode: 0o700 });
    return files;
  }

  test('come back with their permissions; what is not in it is named, and no secret is shown', async ({ world }) => {
    const files = configureSecrets(world);
    const [etc, elsewhere] = [join(world.root, 'etc'), join(world.root, 'elsewhere')];
    const saved = await world.ctl('backup', archive(world), '-c', join(etc, 'procman.toml'));
    expect([saved.code, saved.stderr]).toEqual([0, '']);
    expect(saved.stdout).not.toContain('hush');
    expect(saved.stdout.split('\n')).toEqual(
      expect.arrayContaining([
        `${elsewhere}/machine.pem is left out: a ca-file outside of the configuration's folder is the machine's`,
        "secrets in the daemon's environment are not in it: CHAT_URL",
        expect.stringMatching(/etc\/missing\.token is named by the configuration, and is left out: ENOENT/),
        expect.stringContaining('configuration files: 6, '),
      ]),
    );
    expect(statSync(archive(world)).mode & 0o777).toBe(0o600);
    rmSync(etc, { recursive: true });
    rmSync(elsewhere, { recursive: true });

    const refused = await world.ctl('restore', archive(world));
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining(`  ${elsewhere}/hook.token\n`)]);
    expect(existsSync(etc)).toBe(false);
    const { written } = await restored(world, '--outside');
    expect(written.join('\n')).not.toContain('machine.pem');
    for (const [name, mode] of Object.entries(files)) {
      const path = join(etc, name);
      const stats = statSync(path);
      expect(readFileSync(path, 'utf8')).toBe(`hush-${name}-0123456789\n`);
      expect([name, stats.mode & 0o777, stats.uid, stats.gid]).toEqual([
        name,
        mode,
        process.getuid?.(),
        process.getgid?.(),
      ]);
    }
    expect(readFileSync(join(elsewhere, 'hook.token'), 'utf8')).toBe('hush-far\n');
    expect((await world.ctl('check', join(etc, 'procman.toml'))).code).toBe(0);
  });

  test('that are there and differ are replaced with --force only, and set aside', async ({ world }) => {
    configureSecrets(world);
    const etc = join(world.root, 'etc');
    await world.ctl('backup', archive(world), '-c', join(etc, 'procman.toml'));
    writeFileSync(join(etc, 'metrics.token'), 'changed-0123456789\n');
    const refused = await world.ctl('restore', archive(world));
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining(`  ${etc}/metrics.token\n`)]);
    expect(readFileSync(join(etc, 'metrics.token'), 'utf8')).toBe('changed-0123456789\n');
    const { setAside } = await restored(world, '--force');
    const aside = setAside.find(({ path }) => path === join(etc, 'metrics.token'));
    expect(readFileSync(aside?.to ?? '', 'utf8')).toBe('changed-0123456789\n');
    expect(statSync(aside?.to ?? '').mode & 0o777).toBe(0o600);
    expect(readFileSync(join(etc, 'metrics.token'), 'utf8')).toBe('hush-metrics.token-0123456789\n');
  });

  test('are taken of a configuration with problems, too', async ({ world }) => {
    configureSecrets(world);
    const config = join(world.root, 'etc/procman.toml');
    appendFileSync(config, '[[process]]\nid = "broken"\n');
    expect((await world.ctl('check', config)).code).not.toBe(0);
    expect((await world.ctl('backup', archive(world), '-c', config)).code).toBe(0);
    const names = entries(world).map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining(['config/keys/smtp.password', 'config/metrics.token', 'config/ca.pem']),
    );
  });
});

test('files outside of the folder are kept with their place, and written when asked for', async ({ world }) => {
  const outside = join(world.root, 'elsewhere/web.env');
  mkdirSync(join(world.root, 'elsewhere'));
  mkdirSync(join(world.root, 'etc'));
  writeFileSync(outside, 'A=1\n');
  world.configure([service('web', 'steady', `env-file = "${outside}"`)]);
  const config = join(world.root, 'etc/procman.toml');
  renameSync(world.config, config);
  symlinkSync(config, world.config);
  expect((await world.ctl('check', config)).code).toBe(0);
  mkdirSync(join(world.stateDir, 'instances'), { recursive: true, mode: 0o700 });
  expect((await world.ctl('backup', archive(world), '-c', config)).code).toBe(0);
  rmSync(join(world.root, 'elsewhere'), { recursive: true });
  rmSync(config);
  const refused = await world.ctl('restore', archive(world));
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining(`  ${outside}\n`)]);
  await restored(world, '--outside');
  expect(readFileSync(outside, 'utf8')).toBe('A=1\n');
});
