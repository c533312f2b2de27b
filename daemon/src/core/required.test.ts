import { describe, expect, test } from 'vitest';
import type { View } from './describe.ts';
import type { Transition } from './engine.ts';
import type { Ended, Instance, State } from './model.ts';
import { requiredFailure, withRequiredAnew } from './required.ts';
import { configOf, instanceOf, START, versionOf, worldOf } from './testing/builders.ts';

const version = versionOf({ id: 'web', required: true });
const other = versionOf({ id: 'other' });
const web = instanceOf(version);

function transition(to: State, code: string, more: { from?: State; unknown?: boolean; key?: string } = {}): Transition {
  const exit = more.unknown === true ? { kind: 'unknown' as const } : { kind: 'code' as const, code: 1 };
  const view = { state: to, reason: { code, message: code, data: { exit } } } as View;
  return { key: more.key ?? web.key, id: 'web', name: 'web', from: more.from ?? 'RUNNING', to, view };
}

describe('fails for good', () => {
  const world = worldOf(configOf([version, other]), [web, instanceOf(other)]);
  const isFailure = (one: Transition): boolean => requiredFailure(world, [one], START) !== undefined;

  test.each<[State, string]>([
    ['FATAL', 'exit'],
    ['FATAL', 'before'],
    ['EXITED', 'exit'],
    ['EXITED', 'health-check'],
    ['EXITED', 'max-run-time'],
    ['BLOCKED', 'too-many-runs'],
  ])('%s %s', (to, code) => {
    expect(isFailure(transition(to, code))).toBe(true);
  });

  test.each<[State, string]>([
    ['EXITED', 'finished'],
    ['EXITED', 'interrupted'],
    ['EXITED', 'window-ended'],
    ['BLOCKED', 'identity'],
    ['BLOCKED', 'pid-file'],
    ['BACKOFF', 'exit'],
    ['STOPPED', 'manual'],
    ['RUNNING', 'health-check'],
  ])('not %s %s', (to, code) => {
    expect(isFailure(transition(to, code))).toBe(false);
  });

  test('not where nobody knows how it ended, where it was stopped before, nor for another process', () => {
    expect(isFailure(transition('EXITED', 'exit', { unknown: true }))).toBe(false);
    expect(isFailure(transition('EXITED', 'exit', { from: 'STOPPED' }))).toBe(false);
    expect(isFailure(transition('FATAL', 'exit', { key: instanceOf(other).key }))).toBe(false);
  });

  test('nor while everything is being stopped', () => {
    expect(requiredFailure({ ...world, ending: 'shutdown' }, [transition('FATAL', 'exit')], START)).toBeUndefined();
  });
});

describe('a new daemon', () => {
  const counters = { failedStarts: 4, runs: [1, 2, 3] };
  const ended = (by: Ended['by'], code: number): Ended => ({
    launchId: 'L', exit: { kind: 'code', code }, startedAt: 0, at: 0, mono: 0, by, settled: true, applyOn: version.applyOn.text,
  }); // prettier-ignore
  const anew = (instance: Instance, of = version): Instance | undefined =>
    withRequiredAnew(worldOf(configOf([of]), [instance]), START).instances.get(instance.key);

  test('tries again what had failed', () => {
    expect(anew({ ...web, counters, ended: ended('itself', 1) })).toMatchObject({
      credit: 'boot',
      counters: { failedStarts: 0 },
    });
  });

  test('leaves alone what had finished, or was stopped', () => {
    for (const end of [ended('itself', 0), ended('manual', 1)]) {
      const found = anew({ ...web, counters, ended: end });
      expect(found).toMatchObject({ counters: { failedStarts: 0, runs: [] } });
      expect(found?.credit).toBeUndefined();
    }
  });

  test('changes nothing of other processes', () => {
    const instance = { ...instanceOf(other), counters, ended: ended('itself', 1) };
    expect(anew(instance, other)).toEqual(instance);
  });
});
