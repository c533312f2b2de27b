import { describe, expect, expectTypeOf, it } from 'vitest';
import { contract, type Answer, type Params, type Result } from './contract.ts';
import { discover } from './discover.ts';
import { errorCodes } from './errors.ts';
import { methodNames } from './methods.ts';
import type { ActResult, StatusAtResult, StatusResult } from './views.ts';

function issuesOf(method: keyof typeof contract, params: unknown): string[] {
  const parsed = contract[method].params.safeParse(params);
  return parsed.success ? [] : parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
}

describe('the contract', () => {
  it('has the methods of the zod-free list, and no other', () => {
    expect(Object.keys(contract).sort()).toEqual([...methodNames].sort());
  });

  it('gives both sides the types of the views', () => {
    expectTypeOf<Result<'status'>>().toEqualTypeOf<StatusResult | StatusAtResult>();
    expectTypeOf<Answer<'status', { names: string[] } | object>>().toEqualTypeOf<StatusResult>();
    expectTypeOf<Answer<'status', { at: string }>>().toEqualTypeOf<StatusAtResult>();
    expectTypeOf<Answer<'status', Params<'status'>>>().toEqualTypeOf<Result<'status'>>();
    expectTypeOf<Result<'stop'>>().toEqualTypeOf<ActResult>();
    expectTypeOf<Params<'stop'>>().toEqualTypeOf<{
      names: string[];
      wait?: boolean | undefined;
      timeoutSeconds?: number | undefined;
      until?: string | undefined;
      now?: boolean | undefined;
    }>();
  });

  it.each(methodNames)('%s refuses a field that it does not know', (name) => {
    expect(issuesOf(name, { bogus: 1 }).join()).toContain('bogus');
    expect(issuesOf(name, JSON.parse('{"__proto__":{"names":["a"]}}')).length).toBeGreaterThan(0);
  });

  it.each(methodNames)('%s refuses params that are no object', (name) => {
    for (const params of [null, 1, 'all', ['all'], undefined]) expect(issuesOf(name, params)).not.toEqual([]);
  });

  it.each(['start', 'stop', 'restart', 'unblock'] as const)('%s needs targets', (name) => {
    expect(issuesOf(name, { names: ['web:*'], wait: false, timeoutSeconds: 0.5 })).toEqual([]);
    expect(issuesOf(name, {})).not.toEqual([]);
    expect(issuesOf(name, { names: [] })).not.toEqual([]);
    expect(issuesOf(name, { names: [''] })).not.toEqual([]);
    for (const timeoutSeconds of [0, -1, Infinity, NaN, '5'])
      expect(issuesOf(name, { names: ['a'], timeoutSeconds })).not.toEqual([]);
  });

  it('bounds the timeline', () => {
    for (const seconds of [1, 0.5, 10 * 365 * 86_400])
      expect(issuesOf('timeline', { seconds, from: '18:00' })).toEqual([]);
    for (const seconds of [0, -1, 1e12, Infinity, '1d'])
      expect(issuesOf('timeline', { seconds }).join()).toMatch(/^seconds/);
    for (const from of ['', 'x'.repeat(101), 5]) expect(issuesOf('timeline', { from }).join()).toMatch(/^from/);
  });

  it('knows the resolutions of unblock', () => {
    for (const resolution of ['gone', 'kill', { adopt: 12 }])
      expect(issuesOf('unblock', { names: ['a'], resolution })).toEqual([]);
    for (const resolution of ['adopt', { adopt: 0 }, { adopt: 1.5 }, { adopt: 1, x: 1 }])
      expect(issuesOf('unblock', { names: ['a'], resolution }).join()).toMatch(/^resolution/);
  });

  it('wants exactly one log', () => {
    expect(issuesOf('logs', { name: 'web' })).toEqual([]);
    expect(issuesOf('logs', { daemon: true, lines: 0, follow: true })).toEqual([]);
    expect(issuesOf('logs', {})).toEqual([': exactly one of "name" and "daemon" is needed']);
    expect(issuesOf('logs', { name: 'web', daemon: true })).not.toEqual([]);
  });

  it('lets the monitor socket answer reading methods only', () => {
    for (const entry of Object.values(contract)) expect(entry.acting && entry.monitor).toBe(false);
  });
});

describe('the discover document', () => {
  const document = discover('1.2.3');

  it('lists every method with its params, result and errors', () => {
    expect(document.methods.map(({ name }) => name)).toEqual([...methodNames]);
    const start = document.methods.find(({ name }) => name === 'start');
    expect(start?.paramStructure).toBe('by-name');
    expect(start?.params.map(({ name, required }) => [name, required])).toEqual([
      ['names', true],
      ['wait', false],
      ['timeoutSeconds', false],
      ['force', false],
    ]);
    expect(start?.errors.map(({ code }) => code)).toContain(errorCodes['unknown-name']);
  });

  it('is plain JSON', () => {
    expect(JSON.parse(JSON.stringify(document))).toEqual(document);
    expect(document.openrpc).toMatch(/^1\./);
    expect(document.info.version).toBe('1.2.3');
  });

  it('makes a new document for each caller', () => {
    expect(discover('1.2.3')).not.toBe(document);
  });
});
