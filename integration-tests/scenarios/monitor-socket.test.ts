/** A second socket that shows and never acts: for monitoring by others than operators. */
import { chmodSync, existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PingResult, StatusResult } from '@procman/protocol/views';
import { service } from '../harness/config.ts';
import { signal } from '../harness/processes.ts';
import { rpcCall, RpcError } from '../harness/rpc.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { Daemon, World } from '../harness/world.ts';

const pathOf = (world: World): string => join(world.root, 'monitor.sock');

async function start(world: World, daemon = ''): Promise<Daemon> {
  world.configure([service('web', 'steady')], `monitor-socket = "${pathOf(world)}"\n${daemon}`);
  const started = await world.startDaemon();
  await world.waitForState('web', 'RUNNING');
  return started;
}

async function refusal(world: World, method: string, params: object): Promise<RpcError> {
  const error: unknown = await rpcCall(pathOf(world), method, params).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof RpcError)) throw new Error(`${method} was answered`);
  return error;
}

describe('the monitor socket', () => {
  test('shows what the other one shows', async ({ world }) => {
    const daemon = await start(world);
    expect(await rpcCall<PingResult>(pathOf(world), 'ping')).toMatchObject({ pid: daemon.pid, uid: world.uid });
    const { processes } = await rpcCall<StatusResult>(pathOf(world), 'status', { names: ['web'] });
    expect(processes).toMatchObject([{ name: 'web', state: 'RUNNING' }]);
    expect((await world.ctl('-s', pathOf(world), 'status')).code).toBe(0);
    for (const method of ['version', 'timeline', 'rpc.discover']) await rpcCall(pathOf(world), method);
  });

  test('tells that the configuration is broken, but none of its values', async ({ world }) => {
    await start(world);
    world.configure([service('web', 'steady', 'stop-timeout = "hush"')], `monitor-socket = "${pathOf(world)}"`);
    await world.ctl('update');
    signal((await world.rpc<PingResult>('ping')).pid, 'SIGHUP');
    await world.waitFor('the broken configuration to be told', async () => {
      const { daemon } = await rpcCall<StatusResult>(pathOf(world), 'status');
      return daemon.configError !== undefined;
    });
    const shown = await rpcCall<StatusResult>(pathOf(world), 'status');
    expect(shown.daemon.configError?.problems).toMatchObject([{ key: 'stop-timeout', process: 'web' }]);
    expect(JSON.stringify(shown)).not.toContain('hush');
    expect(JSON.stringify(await world.rpc('status'))).toContain('hush');
  });

  test('acts on nothing, and tells no logs and no configuration', async ({ world }) => {
    await start(world);
    const pid = await world.pidOf('web');
    const names = ['web'];
    const acting: [string, object][] = [
      ['start', { names, force: true }],
      ['stop', { names }],
      ['restart', { names }],
      ['unblock', { names }],
      ['signal', { names, signal: 'KILL' }],
      ['update', {}],
      ['shutdown', {}],
      ['logs', { name: 'web' }],
      ['plan', {}],
    ];
    for (const [method, params] of acting) {
      const { code, data } = await refusal(world, method, params);
      expect([method, code, data]).toEqual([method, -32004, { method }]);
    }
    expect(await world.pidOf('web')).toBe(pid);
    const { code, stderr } = await world.ctl('-s', pathOf(world), 'stop', 'web');
    expect([code, stderr]).toEqual([1, 'procmanctl: this socket does not answer stop\n']);
  });

  test('is open to all unless told, and is put away with the daemon', async ({ world }) => {
    const daemon = await start(world);
    expect(statSync(pathOf(world)).mode & 0o777).toBe(0o666);
    expect(statSync(world.socket).mode & 0o777).toBe(0o600);
    process.kill(daemon.pid, 'SIGTERM');
    await daemon.ended;
    expect([existsSync(pathOf(world)), existsSync(world.socket)]).toEqual([false, false]);
  });

  test('has the mode that it is given, and comes back after a crash', async ({ world }) => {
    const daemon = await start(world, 'monitor-socket-mode = "0640"');
    await world.killDaemon(daemon);
    expect(existsSync(pathOf(world))).toBe(true);
    await world.startDaemon();
    expect(statSync(pathOf(world)).mode & 0o777).toBe(0o640);
    await rpcCall(pathOf(world), 'ping');
  });

  test('is made anew when it is removed', async ({ world }) => {
    await start(world);
    rmSync(pathOf(world));
    await world.waitFor('the monitor socket', () => existsSync(pathOf(world)));
    await rpcCall(pathOf(world), 'ping');
  });

  test('costs nobody a file: a path that is taken is refused, and no socket stays behind', async ({ world }) => {
    writeFileSync(pathOf(world), 'precious');
    world.configure([service('web', 'steady')], `monitor-socket = "${pathOf(world)}"`);
    const daemon = await world.startDaemon({ wait: false });
    expect((await daemon.ended).code).toBe(1);
    expect(daemon.log()).toContain(`cannot listen on ${pathOf(world)}: there is a file that is no socket`);
    expect([existsSync(world.socket), world.starts('web')]).toEqual([false, []]);
  });

  test('a changed path takes effect with the next daemon, and `update` says so', async ({ world }) => {
    const daemon = await start(world);
    const folder = join(world.root, 'other');
    mkdirSync(folder);
    chmodSync(folder, 0o700);
    const moved = join(folder, 'monitor.sock');
    world.configure([service('web', 'steady')], `monitor-socket = "${moved}"`);
    const { stdout } = await world.ctl('update');
    expect(stdout).toContain('[daemon] monitor-socket: takes effect at the next start of the daemon');
    await rpcCall(pathOf(world), 'ping');
    process.kill(daemon.pid, 'SIGTERM');
    await daemon.ended;
    await world.startDaemon();
    await rpcCall(moved, 'ping');
  });
});
