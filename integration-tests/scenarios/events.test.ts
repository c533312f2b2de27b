/** The history of events (SPEC 10): what happens is told once, in order, and whatever becomes of its file, services are looked after. */
import { readdirSync, writeFileSync, mkdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type * as SqliteModule from '@photostructure/sqlite';
import type { Event, EventsResult } from '@procman/protocol/views';
import { Clock } from '../harness/clock.ts';
import { processTable, service } from '../harness/config.ts';
import { eventsOf, waitForEvent } from '../harness/events.ts';
import { hook, hookLine } from '../harness/hooks.ts';
import { mountTmpfs } from '../harness/mounts.ts';
import { signal } from '../harness/processes.ts';
import { rpcCall } from '../harness/rpc.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { Daemon, World } from '../harness/world.ts';

async function started(world: World, processes: readonly string[], daemon = ''): Promise<Daemon> {
  world.configure(processes, daemon);
  return world.startDaemon();
}

const brief = ({ type, message }: Event): string => `${type}: ${message}`;
const seqs = (events: readonly Event[]): number[] => events.map(({ seq }) => seq);

/** Each number once, growing. */
function expectInOrder(events: readonly Event[]): void {
  expect(seqs(events)).toEqual([...new Set(seqs(events))].sort((a, b) => a - b));
}

describe.concurrent('a service tells', () => {
  test('its states, and its exit with code and run time', async ({ world }) => {
    await started(world, [service('web', 'exits 3 0.5', 'autorestart = "never"')]);
    await world.waitForState('web', 'EXITED', 'FATAL');
    const exit = await waitForEvent(world, 'the exit', ({ type }) => type === 'exit');
    expect(exit).toMatchObject({
      name: 'web',
      exit: { code: 3 },
      message: expect.stringMatching(/code 3 after \d+\.\d s$/),
    });
    expect(exit.durationSeconds).toBeGreaterThanOrEqual(0.5);
    expect(exit.durationSeconds).toBeLessThan(20);
    expect(exit.run).toMatch(/./);
    const events = await eventsOf(world, { names: ['web'] });
    expectInOrder(events);
    const states = events.filter(({ type }) => type === 'state');
    expect(states.at(-1)).toMatchObject({ from: 'RUNNING', to: 'EXITED', reason: { code: 'exit' } });
    // Each begins where the one before has led to.
    expect(states.slice(1).map(({ from }) => from)).toEqual(states.slice(0, -1).map(({ to }) => to));
    expect(events.filter(({ type }) => type === 'exit')).toHaveLength(1);
  });

  test('problem, then recovered', async ({ world }) => {
    await started(world, [service('web', 'dies TERM once', 'autorestart = "never"')]);
    await world.waitForState('web', 'RUNNING');
    world.open('once');
    const problem = await waitForEvent(world, 'problem', ({ type }) => type === 'problem');
    expect(problem).toMatchObject({ name: 'web', to: 'EXITED' });
    world.close('once');
    expect((await world.ctl('start', 'web')).code).toBe(0);
    const recovered = await waitForEvent(world, 'recovered', ({ type }) => type === 'recovered');
    expect(recovered.seq).toBeGreaterThan(problem.seq);
    expect(recovered.name).toBe('web');
  });

  test('who stopped it, the hold, and its release', async ({ world }) => {
    await started(world, [service('web', 'steady'), service('db', 'steady')]);
    await world.waitForAll('RUNNING');
    expect((await world.ctl('stop', 'web')).code).toBe(0);
    expect((await world.ctl('start', 'web')).code).toBe(0);
    await world.waitForState('web', 'RUNNING');
    const events = await eventsOf(world, { names: ['web'], types: ['command', 'hold'] });
    expect(events).toMatchObject([
      { type: 'command', by: 'operator', message: 'stop' },
      { type: 'hold', by: 'operator', message: 'held until `start`', reason: { code: 'manual' } },
      { type: 'command', by: 'operator', message: 'start' },
      { type: 'hold', by: 'operator', message: 'the hold is released' },
    ]);
    expect(events[3]?.reason).toBeUndefined();
    expect(await eventsOf(world, { names: ['db'], types: ['command', 'hold'] })).toEqual([]);
  });

  test('hooks that fail, health that is bad and good again', async ({ world }) => {
    const check = `health-check = { command = ${JSON.stringify(hookLine('web.check', 'asks well'))}, interval = "100ms", retries = 1 }`;
    world.open('well');
    await started(world, [service('web', 'steady', `${check}\n${hook('after-start', 'fails 3')}`)]);
    const failed = await waitForEvent(world, 'the hook', ({ type }) => type === 'hook');
    expect(failed).toMatchObject({ name: 'web', message: expect.stringMatching(/^after-start .*3/) });
    await waitForEvent(world, 'healthy', (event) => brief(event) === 'health: healthy');
    world.close('well');
    const bad = await waitForEvent(world, 'unhealthy', (event) => brief(event).startsWith('health: unhealthy'));
    expect(bad.message).toContain('no well');
    world.open('well');
    const good = await waitForEvent(world, 'good', ({ type, seq, message }) =>
      type === 'health' && seq > bad.seq && message.startsWith('healthy')); // prettier-ignore
    expect(good.name).toBe('web');
  });
});

describe.concurrent('the daemon tells', () => {
  test('its start and end, a reload that is applied and one that is refused', async ({ world }) => {
    const daemon = await started(world, [service('web', 'steady')]);
    world.configure([service('web', 'steady'), service('db', 'steady')]);
    signal(daemon.pid, 'SIGHUP');
    const applied = await waitForEvent(world, 'reload', ({ type }) => type === 'reload');
    expect(applied).toMatchObject({ by: 'SIGHUP' });
    expect(applied.message).toBe('applied: 1 added');
    expect(applied.name).toBeUndefined();
    world.writeConfig('uid = 7 [');
    signal(daemon.pid, 'SIGHUP');
    const refused = await waitForEvent(world, 'refused', ({ message }) => message.startsWith('refused'));
    expect(refused).toMatchObject({ type: 'reload', by: 'SIGHUP' });
    world.configure([service('web', 'steady')]);
    signal(daemon.pid, 'SIGTERM');
    await daemon.ended;
    await world.startDaemon();
    const told = await eventsOf(world, { types: ['daemon'] });
    expect(told.map(({ message }) => message.replace(/ \(.*/, ''))).toEqual(['started', 'ended', 'started']);
    expect(told[1]).toMatchObject({ message: 'ended (code 0)', by: 'SIGTERM' });
    expectInOrder(await eventsOf(world));
  });
});
