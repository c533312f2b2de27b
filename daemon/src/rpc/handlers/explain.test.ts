import { contract } from '@procman/protocol/contract';
import { describe, expect, it } from 'vitest';
import { Survey } from '../../core/survey.ts';
import type { Instance, ProcessVersion, World } from '../../core/model.ts';
import {
  activityOf, applyOnAt, configOf, instanceOf, needs, runOf, START, versionOf, worldOf,
} from '../../core/testing/builders.ts'; // prettier-ignore
import { ALL_DAYS, daily } from '../../core/testing/schedules.ts';
import { SITUATIONS, situationOf, type SituationName } from '../../core/testing/situations.ts';
import { TimeText } from '../../time-text.ts';
import type { Call } from '../dispatch.ts';
import type { HandlerContext } from './context.ts';
import { explainOf } from './explain.ts';

const call = (closed = new AbortController().signal): Call => ({ closed, notify: () => true, hasRoom: () => true });

const explainOver = (world: World): ReturnType<typeof explainOf> =>
  explainOf({
    supervisor: { survey: () => new Survey(world, START) },
    time: new TimeText('UTC'),
    history: { waiting: [], trouble: undefined, read: () => undefined },
  } as unknown as HandlerContext);

const over = (versions: readonly ProcessVersion[], instances: readonly Instance[] = []): ReturnType<typeof explainOf> =>
  explainOver(worldOf(configOf(versions), instances));

const web = versionOf({ id: 'web' });

describe('explain', () => {
  it.each(Object.keys(SITUATIONS) as SituationName[])('%s: as the contract has it', async (name) => {
    const result = await explainOver(situationOf(SITUATIONS[name]).world)({ names: ['web'] }, call());
    expect(contract.explain.result.safeParse(result).error).toBeUndefined();
  });

  it('tells runs that have ended, with what they said, and how long they took', async () => {
    const exit = { kind: 'signal', signal: 'SEGV' } as const;
    const exits = [
      { launchId: 'L2', startedAt: START.wall, at: START.wall + 1_500, exit, stderr: ['boom'] },
      // A state file of before, and a clock that was set back.
      { launchId: 'L1', startedAt: START.wall, at: START.wall - 1_500, exit },
    ];
    const { processes } = await over([web], [instanceOf(web, { exits })])({ names: ['web'] }, call());
    expect(processes[0]?.exits).toEqual([
      {
        signal: 'SIGSEGV',
        run: 'L2',
        startedAt: '2023-11-14T22:13:20.000+00:00',
        at: '2023-11-14T22:13:21.500+00:00',
        durationSeconds: 1.5,
        stderr: ['boom'],
      },
      expect.objectContaining({ run: 'L1', durationSeconds: 0, stderr: [] }),
    ]);
  });

  it('tells why a run was ended that did not end by itself', async () => {
    const base = { startedAt: START.wall, at: START.wall, exit: { kind: 'signal', signal: 'TERM' } } as const;
    const exits = [
      { ...base, launchId: 'L3', by: 'health-check', text: 'connect ECONNREFUSED 127.0.0.1:1' } as const,
      { ...base, launchId: 'L2', by: 'boot' } as const,
      { ...base, launchId: 'L1' },
    ];
    const { processes } = await over([web], [instanceOf(web, { exits })])({ names: ['web'] }, call());
    expect(processes[0]?.exits.map(({ why }) => why)).toEqual([
      'it is unhealthy: connect ECONNREFUSED 127.0.0.1:1',
      'the machine went down',
      undefined,
    ]);
  });

  it('writes times in the zone of the schedule, those of the row in that of the daemon', async () => {
    const tokyo = versionOf({ id: 'web', schedule: daily('08:00-18:00', ALL_DAYS, 'Asia/Tokyo') });
    const run = runOf(tokyo);
    const { processes } = await over(
      [tokyo],
      [instanceOf(tokyo, { activity: { ...activityOf('running', tokyo), run } as never })],
    )({ names: ['web'] }, call());
    expect(processes[0]).toMatchObject({
      since: '2023-11-14T22:13:20.000+00:00',
      schedule: { active: false, nextStart: '2023-11-15T08:00:00.000+09:00' },
    });
  });

  it('names an unknown process', async () => {
    await expect(over([web])({ names: ['wbe'] }, call())).rejects.toMatchObject({
      message: 'no process is called "wbe"',
    });
  });

  it('leaves turns to others, and ends when its client has gone', async () => {
    const schedule = (n: number) => daily(`08:00-${String(10 + (n % 8))}:00`, ALL_DAYS, 'Europe/Madrid');
    const many = Array.from({ length: 500 }, (_, n) =>
      versionOf({
        id: `p${n}`,
        applyOn: applyOnAt(n),
        schedule: schedule(n),
        dependsOn: n === 0 ? [] : [needs(`p${n - 1}`)],
      }),
    );
    const explain = over(
      many,
      many.map((version) => instanceOf(version)),
    );
    let turns = 0;
    const counting = setInterval(() => (turns += 1), 1);
    const { processes } = await explain({ names: ['all'] }, call());
    clearInterval(counting);
    expect(processes).toHaveLength(500);
    expect(processes[0]?.dependents).toHaveLength(499);
    expect(turns).toBeGreaterThan(1);
    await expect(explain({ names: ['all'] }, call(AbortSignal.abort()))).rejects.toThrow('the client has gone');
  });
});
