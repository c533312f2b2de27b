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

/** What closes each gate of SPEC 7.1, in order. 1 and 2 are looked at before; 9 is the queue's. The last: SPEC 4. */
const GATES: readonly (readonly [gate: string, Closing])[] = [
  ['fatal', { version: { startRetries: 0 }, counters: { failedStarts: 1 } }],
  ['exited', { version: { autorestart: 'never' }, instance: { ended: endedOf(versionOf({ id: 'web' })) } }],
  ['dependency', { unmet: true }],
  ['wait-after', { version: { waitAfter: 5_000 }, instance: { metSince: NOW - 4_999 } }],
  ['too-many-runs', { version: { maxRuns: 1 }, counters: { runs: [NOW] } }],
  ['delay', { counters: { failure } }],
  ['external', { version: { externals: [{ command: 'ping', interval: 1_000, timeout: 1_000 }] } }],
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

test.each(['operator', 'version', 'boot', 'window'] as const)(
  '%s opens what autorestart leaves ended',
  (credit: Credit) => {
    expect(gateOf(GATES[1]![1], { instance: { credit } })).toBe('open');
  },
);

test.each(['definition', 'dependency'] as const)('%s does not', (credit: Credit) => {
  expect(gateOf(GATES[1]![1], { instance: { credit } })).toBe('exited');
});

test('only an ending of its own is left', () => {
  const ended = endedOf(versionOf({ id: 'web' }), { by: 'dependency' });
  expect(gateOf({ version: { autorestart: 'never' }, instance: { ended } })).toBe('open');
});

test("what does not count as the daemon's own launch passes max-runs", () => {
  expect(gateOf(GATES[4]![1], { instance: { credit: 'dependency' } })).toBe('open');
});

test.each([
  ['before it is over', NOW - 4_999, 'wait-after'],
  ['when it is over', NOW - 5_000, 'open'],
  ['before it has begun', undefined, 'wait-after'],
] as const)('wait-after %s', (_when, metSince, gate) => {
  expect(gateOf({ version: { waitAfter: 5_000 }, instance: metSince === undefined ? {} : { metSince } })).toBe(gate);
});

test('external dependencies are asked in order, and again when it is time', () => {
  const externals = ['a', 'b'].map((command) => ({ command, interval: 1_000, timeout: 1_000 }));
  const version = versionOf({ id: 'web', externals });
  const gate = (asked: Instance['externals']): unknown =>
    firstClosedGate(instanceOf(version, asked === undefined ? {} : { externals: asked }), version, [], NOW);
  expect(gate(undefined)).toMatchObject({ gate: 'external', external: { command: 'a' } });
  expect(gate({ met: 1, againAt: 7 })).toMatchObject({ gate: 'external', external: { command: 'b' }, until: 7 });
  expect(gate({ met: 2 })).toEqual({ gate: 'open' });
});
