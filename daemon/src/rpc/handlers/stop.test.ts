import { RpcFailure } from '@procman/protocol/errors';
import { expect, it } from 'vitest';
import type { Command } from '../../core/commands.ts';
import type { ProcessVersion } from '../../core/model.ts';
import { Survey } from '../../core/survey.ts';
import { configOf, versionOf, worldOf } from '../../core/testing/builders.ts';
import { daily } from '../../core/testing/schedules.ts';
import { TimeText } from '../../time-text.ts';
import type { Call } from '../dispatch.ts';
import type { Happening } from '../../core/happenings.ts';
import type { HandlerContext } from './context.ts';
import { stop } from './stop.ts';

const NOW = Date.parse('2026-03-02T12:00:00Z');
const HOUR = 3_600_000;
const call: Call = { closed: new AbortController().signal, notify: () => true, hasRoom: () => true };

function daemonOf(...versions: readonly ProcessVersion[]): {
  daemon: HandlerContext;
  commands: Command[];
  recorded: Happening[];
} {
  const world = worldOf(configOf(versions));
  const commands: Command[] = [];
  const recorded: Happening[] = [];
  const daemon = {
    supervisor: {
      survey: () => new Survey(world, { wall: NOW, mono: 0 }),
      command: (command: Command) => {
        commands.push(command);
        return { decided: [], settled: Promise.resolve([]) };
      },
    },
    configuration: { daemon: { timezone: 'UTC' } },
    time: new TimeText('UTC'),
    isStopping: false,
    rotation: { settled: () => Promise.resolve() },
    system: { now: () => ({ wall: NOW, mono: 0 }) },
    history: { record: (happening: Happening) => recorded.push(happening) },
  } as unknown as HandlerContext;
  return { daemon, commands, recorded };
}

const plain = versionOf({ id: 'plain' });
const shop = versionOf({ id: 'shop', schedule: daily('08:00-18:00') });

it('resolves a time in the zone of each target', async () => {
  const { daemon, commands } = daemonOf(plain, shop);
  await stop(daemon, { names: ['all'], until: '18:00', now: true }, call);
  expect([...(commands[0]?.until?.values() ?? [])]).toEqual([NOW + 6 * HOUR, NOW + 5 * HOUR]);
  expect(commands[0]).toMatchObject({ verb: 'stop', now: true });
});

it('holds without end unless told', async () => {
  const { daemon, commands, recorded } = daemonOf(plain);
  await stop(daemon, { names: ['plain'] }, call);
  expect(recorded).toEqual([expect.objectContaining({ type: 'command', by: 'operator', message: 'stop' })]);
  expect(commands[0]?.until).toBeUndefined();
});

it('refuses for all what means nothing for one, naming that one', async () => {
  const { daemon, commands } = daemonOf(plain, shop);
  const refused = stop(daemon, { names: ['all'], until: 'next-window' }, call);
  await expect(refused).rejects.toThrow('it has no schedule, so there is no next window (plain)');
  await expect(refused).rejects.toMatchObject({
    name: 'invalid-params',
    data: { issues: [{ path: 'until', message: 'it has no schedule, so there is no next window (plain)' }] },
  });
  await expect(stop(daemon, { names: ['shop'], until: '2020-01-01' }, call)).rejects.toThrow('has gone by (shop)');
  await expect(stop(daemon, { names: ['shup'], until: '18:00' }, call)).rejects.toBeInstanceOf(RpcFailure);
  expect(commands).toEqual([]);
});

it('names no more than some of many', async () => {
  const many = Array.from({ length: 20 }, (_, at) => versionOf({ id: `p${at}` }));
  const { daemon } = daemonOf(...many);
  await expect(stop(daemon, { names: ['all'], until: 'next-window' }, call)).rejects.toThrow(
    /p0, .*p7, and 12 more\)$/,
  );
});
