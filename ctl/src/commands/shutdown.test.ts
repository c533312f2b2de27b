/** `shutdown` returns when the daemon's process has gone, not when that has said so: here another process stands for it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { run } from '../cli.ts';
import { COMMANDS } from '../command-table.ts';
import { untilGone } from '../daemon-process.ts';
import { startTicksOf } from '../find-daemon.ts';
import { FakeDaemon, target } from '../testing/fake-daemon.ts';
import { fakeIo } from '../testing/fake-io.ts';

let folder: string;
let daemon: FakeDaemon;
let stand: ChildProcess;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'procmanctl-'));
  stand = spawn('sleep', ['1000']);
  await new Promise((resolve) => stand.once('spawn', resolve));
  daemon = await FakeDaemon.start({
    ping: () => ({ pid: stand.pid, version: '0.1.0', uid: 'test' }),
    shutdown: () => ({ ok: true, results: [target('web', { state: 'STOPPED' })] }),
  });
});
afterEach(async () => {
  stand.kill('SIGKILL');
  await daemon.stop();
  rmSync(folder, { recursive: true });
});

function owned(startTicks = startTicksOf(stand.pid!, '/proc')): void {
  const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const identity = { pid: stand.pid, startTicks, bootId, pidNamespace: 'pid:[1]', socket: daemon.socket };
  const rest = { stateDir: '/s', config: '/c', startedAt: '2026-03-01T08:00:00Z', procman: '0.1.0' };
  writeFileSync(join(folder, 'test.json'), JSON.stringify({ version: 1, uid: 'test', ...identity, ...rest }));
}

function begin(words: string[] = [], proc = '/proc') {
  const io = fakeIo();
  const surroundings = { euid: 0, env: {}, proc, rootRuntime: folder };
  return { io, code: run(['-s', daemon.socket, 'shutdown', '-y', ...words], { io, surroundings, commands: COMMANDS }) };
}

it('waits for the end of the process', async () => {
  owned();
  const { io, code } = begin();
  await vi.waitFor(() => expect(daemon.asked.map(({ method }) => method)).toEqual(['ping', 'shutdown']));
  for (let turns = 0; turns < 100; turns += 1) await turn();
  expect(io.printed.out).toBe('');
  stand.kill('SIGKILL');
  expect(await code).toBe(0);
  expect(io.printed).toEqual({ out: 'web: stopped\nthe daemon has ended\n', err: '' });
});

it('says which: all of it, or only the daemon', async () => {
  owned();
  stand.kill('SIGKILL');
  await begin().code;
  await begin(['--leave-running']).code;
  const asked = daemon.asked.filter(({ method }) => method === 'shutdown');
  expect(asked.map(({ params }) => params)).toEqual([{}, { leaveRunning: true }]);
});

it('does not wait for its own end: inside a container that is PID 1 too', async () => {
  owned();
  const proc = join(folder, 'proc');
  const of = join(proc, String(stand.pid));
  mkdirSync(of, { recursive: true });
  writeFileSync(join(of, 'stat'), readFileSync(`/proc/${stand.pid}/stat`));
  writeFileSync(join(of, 'cmdline'), 'node\0/usr/bin/procmand\0');
  writeFileSync(join(of, 'status'), 'Name:\tnode\nPPid:\t1\n');
  writeFileSync(join(of, 'environ'), 'HOME=/\0PROCMAND_PID1=first\0');
  const { io, code } = begin([], proc);
  expect(await code).toBe(0);
  expect(io.printed.out).toBe('web: stopped\nthe daemon ends, and the container with it\n');
});

it('does not wait forever', async () => {
  const startTicks = startTicksOf(stand.pid!, '/proc')!;
  expect(await untilGone({ pid: stand.pid!, startTicks }, '/proc', 30)).toBe(false);
});

it.each([
  ['of another start time', () => owned(1)],
  ['that is no procmand', () => undefined],
])('does not wait for a process %s', async (_what, prepare) => {
  prepare();
  const { io, code } = begin();
  expect(await code).toBe(0);
  expect(io.printed.out).toBe('web: stopped\nthe daemon ends (its process cannot be seen from here)\n');
});
