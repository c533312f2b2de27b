import { describe, expect, it } from 'vitest';
import type { Happening } from '../core/happenings.ts';
import type { Exit, Instance } from '../core/model.ts';
import { MOST_CODES, Tally } from './tally.ts';

const about = { key: 'web~0', id: 'web', name: 'web' };
const ended = (exit: Exit, lasted = 1500): Happening => ({ at: 0, type: 'exit', about, exit, lasted, message: '' });
const up: Happening = { at: 0, type: 'state', about, from: 'STARTING', to: 'RUNNING', message: '' };
const running = (launchId: string, since?: number): Instance =>
  ({
    key: 'web~0',
    activity: {
      kind: 'running',
      run: { launchId, startedMono: 1000 },
      ...(since === undefined ? {} : { since: { wall: 0, mono: since } }),
    },
  }) as unknown as Instance;

describe('endings', () => {
  it('are counted by how they ended', () => {
    const tally = new Tally();
    const exits: Exit[] = [
      { kind: 'code', code: 0 },
      { kind: 'code', code: 3 },
      { kind: 'code', code: 3 },
      { kind: 'signal', signal: 'KILL' },
      { kind: 'unknown' },
    ];
    for (const exit of exits) tally.note(ended(exit), undefined);
    const counts = tally.of('web~0');
    expect(Object.fromEntries(counts.exits)).toEqual({ 0: 1, 3: 2, SIGKILL: 1, unknown: 1 });
    expect(counts.runTime).toBe(7500);
  });

  it('of many kinds share one label, and none is lost', () => {
    const tally = new Tally();
    for (let code = 0; code < 256; code += 1) tally.note(ended({ kind: 'code', code }), undefined);
    const { exits } = tally.of('web~0');
    expect(exits.size).toBe(MOST_CODES);
    expect(exits.get('other')).toBe(256 - (MOST_CODES - 1));
    tally.note(ended({ kind: 'code', code: 0 }), undefined);
    expect(tally.of('web~0').exits.get('0')).toBe(2);
  });
});

describe('starts', () => {
  it('are timed from the launch to RUNNING, once for each run', () => {
    const tally = new Tally();
    tally.note(up, running('L1', 3000));
    tally.note(up, running('L1', 3000));
    expect(tally.of('web~0')).toMatchObject({ starts: 1, startTime: 2000, lastStart: 2000 });
    tally.note(up, running('L2', 1500));
    expect(tally.of('web~0')).toMatchObject({ starts: 2, startTime: 2500, lastStart: 500 });
  });

  it('are none where the run has ended in the same turn, or another state came', () => {
    const tally = new Tally();
    tally.note(up, { key: 'web~0', activity: { kind: 'idle' } } as unknown as Instance);
    tally.note({ ...up, to: 'STOPPING' }, running('L1'));
    tally.note(up, undefined);
    expect(tally.of('web~0').starts).toBe(0);
  });
});

it('counts events by type, also those of the daemon, and reloads by result', () => {
  const tally = new Tally();
  tally.note({ at: 0, type: 'daemon', message: '' }, undefined);
  tally.note(up, undefined);
  tally.noteReload('applied');
  tally.noteReload('refused');
  tally.noteReload('refused');
  expect(Object.fromEntries(tally.events)).toEqual({ daemon: 1, state: 1 });
  expect(Object.fromEntries(tally.reloads)).toEqual({ applied: 1, refused: 2 });
});

it('forgets what is gone', () => {
  const tally = new Tally();
  tally.note(ended({ kind: 'code', code: 1 }), undefined);
  tally.keepOnly(new Set(['web~0']));
  expect(tally.of('web~0').exits.size).toBe(1);
  tally.keepOnly(new Set(['other~0']));
  expect(tally.of('web~0').exits.size).toBe(0);
});
