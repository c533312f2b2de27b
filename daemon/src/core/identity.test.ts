import { describe, expect, it } from 'vitest';
import { belongsToRun, jobStem, parseMark, parseStem, runMark, type SeenProcess } from './identity.ts';
import { instanceKey } from './instance-key.ts';

describe('stems', () => {
  it('are taken apart at the first dot, which no key holds', () => {
    const key = instanceKey('a.b ~c', 3);
    expect(parseStem(key)).toEqual({ key });
    expect(parseStem(jobStem(key, 'health-check'))).toEqual({ key, job: 'health-check' });
    expect(parseStem(`${jobStem(key, 'stop')}.L1`).key).toBe(key);
  });
});

describe('marks', () => {
  it('are put together and taken apart', () => {
    expect(runMark('u', 'web~0', 'L1')).toBe('u/web~0/L1');
    const hook = runMark('u', jobStem('web~0', 'before'), 'L2');
    expect(parseMark(hook, 'u')).toEqual({ key: 'web~0.before', launchId: 'L2' });
  });

  it.each([undefined, '', 'u', 'u/', 'u/a~0', 'u/a~0/', 'u//L1', 'u/a~0/L1/x', 'ux/a~0/L1'])(
    'of others are none: %s',
    (mark) => {
      expect(parseMark(mark, 'u')).toBeUndefined();
    },
  );
});

describe('belongsToRun', () => {
  const main = { pid: 10, startTicks: 100, bootId: 'b', pidNamespace: 'n' };
  const run = { mark: 'u/web~0/L1', main };
  const hook = { mark: 'u/web~0.stop/L2', main: { ...main, pid: 20 } };
  const process = (more: Partial<SeenProcess>): SeenProcess => ({ pid: 11, session: 1, startTicks: 110, ...more });

  it('believes marks first, wherever the process is', () => {
    expect(belongsToRun(process({ runMark: run.mark }), run)).toBe(true);
    expect(belongsToRun(process({ hookMark: hook.mark }), hook)).toBe(true);
    expect(belongsToRun(process({ session: 10, runMark: 'u/web~0/L0' }), run)).toBe(false);
  });

  it('keeps a run and its hooks apart, also where a session number came round', () => {
    expect(belongsToRun(process({ session: 10, hookMark: hook.mark }), run)).toBe(false);
    expect(belongsToRun(process({ session: 20, runMark: run.mark }), hook)).toBe(false);
    expect(belongsToRun(process({ session: 20 }), hook)).toBe(true);
  });
});
