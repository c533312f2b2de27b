import { describe, expect, test } from 'vitest';
import {
  isDue, liveNameOf, nextLook, nextWork, shiftOf, sideFilesOf, sideName, STEP, type LogState, type Phase,
} from './rotation.ts'; // prettier-ignore

const ROTATION = { maxBytes: 50_000_000, backups: 3, collapse: true };
const state = (given: Partial<LogState>): LogState => ({ size: 0, base: 0, align: 4096, gathered: 0, ...given });

describe('what comes next', () => {
  test('nothing below the limit, nor without one', () => {
    expect(nextWork(state({ size: 50_000_000 }), ROTATION)).toEqual({ kind: 'none' });
    expect(nextWork(state({ size: 900_000_000 }), { ...ROTATION, maxBytes: 0 })).toEqual({ kind: 'none' });
    expect(isDue({ size: 90_000_000, base: 45_000_000 }, ROTATION)).toBe(false);
  });

  test('a step at a time, until the backup is as long as the limit', () => {
    let seen = state({ size: 60_000_000 });
    const steps: number[] = [];
    for (;;) {
      const work = nextWork(seen, ROTATION);
      if (work.kind === 'finish') break;
      if (work.kind !== 'copy') throw new Error(work.kind);
      steps.push(work.to - work.from);
      const gathered = work.gathered + work.to - work.from;
      // Collapsed, and named as the next part.
      const size = seen.size - (work.to - work.from);
      const collapsed = nextWork(
        state({ size, gathered, phase: { kind: 'collapsed', from: 0, to: work.to } }),
        ROTATION,
      );
      if (collapsed.kind === 'finish') break;
      expect(collapsed).toEqual({ kind: 'gather', from: 0, gathered });
      seen = state({ size, gathered, phase: { kind: 'part', from: 0, gathered } });
    }
    expect(steps.slice(0, 2)).toEqual([STEP, STEP]);
    const sum = steps.reduce((total, step) => total + step);
    expect(sum).toBe(Math.ceil(50_000_000 / 4096) * 4096);
  });

  test('what is cut off ends before the end of the file: a collapse up to it is refused', () => {
    expect(nextWork(state({ size: 8192 }), { ...ROTATION, maxBytes: 5000 })).toMatchObject({ to: 4096 });
  });

  test('a file that was emptied or replaced: what is gathered is a backup of its own', () => {
    const part: Phase = { kind: 'part', from: 8192, gathered: 4096 };
    expect(nextWork(state({ size: 60_000_000, phase: part, gathered: 4096 }), ROTATION)).toEqual({ kind: 'finish' });
    const begun: Phase = { kind: 'part', from: 0, gathered: 0 };
    expect(nextWork(state({ size: 5, phase: begun }), ROTATION)).toEqual({ kind: 'drop' });
  });

  test('what is punched out is cut until the base is behind it, or it is collapsed', () => {
    const phase: Phase = { kind: 'punched', from: 0, to: 8192 };
    const seen = { size: 20_000, phase, gathered: 8192 };
    expect(nextWork(state(seen), ROTATION)).toEqual({ kind: 'cut', from: 0, to: 8192, collapse: false });
    expect(nextWork(state(seen), { ...ROTATION, maxBytes: 8192 })).toMatchObject({ kind: 'cut', collapse: true });
    expect(nextWork(state({ ...seen, base: 8192 }), { ...ROTATION, maxBytes: 8192 })).toEqual({ kind: 'finish' });
  });
});

describe('names', () => {
  test.each<Phase>([
    { kind: 'part', from: 0, gathered: 0 },
    { kind: 'part', from: 4096, gathered: 16_777_216 },
    { kind: 'done', from: 0, to: 4096 },
    { kind: 'punched', from: 4096, to: 8192 },
    { kind: 'collapsed', from: 0, to: 4096 },
  ])('of $kind are read as they are written', (phase) => {
    const name = sideName('a.b.log', phase);
    expect(sideFilesOf('a.b.log', [name]).phases).toEqual([phase]);
    expect(liveNameOf(name)).toBe('a.b.log');
  });

  test('the furthest comes first, and others are left alone', () => {
    const names = [
      '.f.part-0',
      '.f.punched-0-4096',
      '.f.done-8-4',
      '.g.done-0-4',
      'f.1',
      'f.02',
      'f.2024',
      '.f.base-8',
      '.f.base-16',
    ];
    const { phases, bases, backups } = sideFilesOf('f', names);
    expect(phases.map(({ kind }) => kind)).toEqual(['punched', 'part']);
    expect(bases).toEqual([16, 8]);
    expect([...backups]).toEqual([1]);
  });
});

describe('the shift of the backups', () => {
  test('removes the last one where all are there', () => {
    expect(shiftOf(new Set([1, 2, 3]), 3)).toEqual({ removed: [3], renamed: [[2, 3], [1, 2]] }); // prettier-ignore
  });

  test('goes on where it was cut off', () => {
    expect(shiftOf(new Set([1, 3]), 3)).toEqual({ removed: [], renamed: [[1, 2]] });
    expect(shiftOf(new Set([2, 3]), 3)).toEqual({ removed: [], renamed: [] });
  });

  test('removes those that are too many now', () => {
    expect(shiftOf(new Set([1, 2, 3, 4, 6]), 2)).toEqual({ removed: [3, 4, 2], renamed: [[1, 2]] });
    expect(shiftOf(new Set([1, 2]), 0)).toEqual({ removed: [1, 2], renamed: [] });
  });
});

test('it is looked at as often as it grows', () => {
  expect(nextLook(undefined, 0, 1e6)).toBe(1_000);
  expect(nextLook(0, 10_000, 1e6)).toBe(30_000);
  expect(nextLook(10, 10_000, 1e9)).toBe(10_000);
  expect(nextLook(1e9, 10_000, 5e8)).toBe(5_000);
  expect(nextLook(1e9, 10_000, 10)).toBe(250);
});
