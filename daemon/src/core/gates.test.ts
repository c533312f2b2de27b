import { describe, expect, test } from 'vitest';
import { firstClosedGate } from './gates.ts';
import type { Counters, Credit, Instance, ProcessVersion } from './model.ts';
import { endedOf, instanceOf, needs, START, versionOf } from './testing/builders.ts';

const NOW = START.mono;
const failure = { code: 'exit', message: '', at: NOW, counts: true } as const;

interface Closing {
  readonly version?: Partial<ProcessVersion>;
  readonly counters?: Partial<Counters>;
  readonly instance?: Partial<Instance>;
  readonly unmet?: boolean;
}

/** What closes each gate of SPEC 7.1, in order. 1 and 2 are looked at before; 6 comes with `wait-after`, 9 with the queue. */
const GATES: readonly (readonly [gate: string, Closing])[] = [
  ['fatal', { version: { startRetries: 0 }, counters: { failedStarts: 1 } }],
  ['exited', { version: { autorestart: 'never' }, instance: { ended: endedOf(versionOf({ id: 'web' })) } }],
  ['dependency', { unmet: true }],
  ['too-many-runs', { version: { maxRuns: 1 }, counters: { runs: [NOW] } }],
  ['delay', { counters: { failure } }],
  ['open', {}],
];

function gateOf(...closing: readonly Closing[]): string {
  const version = versionOf({
    id: 'web',
    ...(Object.assign({}, ...closing.map((one) => one.version)) as Partial<ProcessVersion>),
  });
  const counters = Object.assign({ failedStarts: 0, runs: [] }, ...closing.map((one) => one.counters)) as Counters;
  const known = Object.assign({ counters }, ...closing.map((one) => one.instance)) as Partial<Instance>;
  const unmet = closing.some((one) => one.unmet === true) ? [needs('db')] : [];
  return firstClosedGate(instanceOf(version, known), version, unmet, NOW).gate;
}

describe.each(GATES.map((entry, index) => [...entry, index] as const))('%s', (gate, closing, index) => {
  test.each(GATES.slice(index))('before %s', (_other, later) => {
    expect(gateOf(closing, later)).toBe(gate);
  });
});

test.each(['operator', 'version', 'boot'] as const)('%s opens what autorestart leaves ended', (credit: Credit) => {
  expect(gateOf(GATES[1]![1], { instance: { credit } })).toBe('open');
});

test.each(['definition', 'dependency'] as const)('%s does not', (credit: Credit) => {
  expect(gateOf(GATES[1]![1], { instance: { credit } })).toBe('exited');
});

test('only an ending of its own is left', () => {
  const ended = endedOf(versionOf({ id: 'web' }), { by: 'dependency' });
  expect(gateOf({ version: { autorestart: 'never' }, instance: { ended } })).toBe('open');
});

test("what does not count as the daemon's own launch passes max-runs", () => {
  expect(gateOf(GATES[3]![1], { instance: { credit: 'dependency' } })).toBe('open');
});
