/** How a run is ended: `stop` hook, signal, SIGKILL, leftovers, `after-stop` (SPEC 5). */
import { describe, expect, test } from 'vitest';
import type { Activity, Exit, Hook, HookName, ProcessVersion } from '../model.ts';
import { ACTIVITIES, later, START, versionOf } from '../testing/builders.ts';
import { BAD, Life, OK } from '../testing/life.ts';

const hook = (command: string, timeout = 5_000): Hook => ({ command, timeout });
const hooked = (names: readonly HookName[], given: Partial<ProcessVersion> = {}): ProcessVersion =>
  versionOf({ id: 'web', hooks: Object.fromEntries(names.map((name) => [name, hook(name)])), ...given });
const LEFT = { pid: 7, startTicks: 7, uid: 0, command: 'x', marked: true };

describe('the `stop` hook', () => {
  const stopping = (given: Partial<ProcessVersion> = {}): Life =>
    new Life(hooked(['stop'], given), 'running').stop('manual');

  test('stands in for the signal', () => {
    const life = stopping();
    expect([life.at, life.took()]).toEqual(['stopping', ['start-job stop']]);
    expect(life.pass(4_999).took()).toEqual([]);
  });

  test('has done its work when the process ends', () => {
    const life = stopping().pass(1_000).done('stop').pass(1_000).exit({ kind: 'code', code: 0 }).scanned();
    expect(life.instance).toMatchObject({ activity: { kind: 'idle' }, ended: { by: 'manual' } });
    expect(life.took().some((asked) => asked.startsWith('TERM'))).toBe(false);
  });

  test('that returns early leaves the process its time', () => {
    const life = stopping().pass(1_000).done('stop');
    life.took();
    expect(life.pass(3_999).took()).toEqual([]);
    expect(life.pass(1).took()).toEqual(['TERM run']);
    expect(life.pass(9_999).took()).toEqual([]);
    expect(life.pass(1).took()[0]).toBe('KILL run');
  });

  test('that fails is followed by the signal at once', () => {
    const life = stopping().pass(1_000);
    life.took();
    life.done('stop', BAD);
    expect(life.took()).toEqual(['clear-job stop', 'forget-job stop', 'TERM run']);
  });

  test('that hangs is killed at its timeout, and the signal is sent', () => {
    const life = stopping().seen('stop');
    life.took();
    expect(life.pass(5_000).took()).toEqual(['kill-job stop', 'TERM run']);
    expect(life.activity).toMatchObject({ clearing: { firstSignalAt: later(5_000).mono } });
  });

  test.each(['before', 'during'] as const)('--now given %s it: SIGKILL, no hook', (when) => {
    const life = new Life(hooked(['stop']), 'running');
    if (when === 'during') {
      life.stop('manual').seen('stop');
      life.took();
    }
    life.stop('manual', { now: true });
    expect(life.took()).toEqual(when === 'before' ? ['KILL run'] : ['KILL run', 'kill-job stop']);
  });

  test('is not waited for by a `--now` that comes a second time', () => {
    const life = stopping().seen('stop').stop('manual', { now: true });
    life.took();
    expect(life.stop('manual', { now: true }).took()).toEqual([]);
  });

  test('the main process ends while it runs: nothing is judged before the hook is gone', () => {
    const life = stopping().seen('stop').pass(500).exit({ kind: 'code', code: 0 });
    expect(life.at).toBe('clearing');
    expect(life.scanned().at).toBe('clearing');
    life.took();
    life.done('stop');
    expect(life.took().at(-1)).toBe('scan');
    expect(life.scanned().at).toBe('idle');
  });

  test('that hangs when the main process has ended is killed at its timeout', () => {
    const life = stopping().seen('stop').pass(500).exit({ kind: 'code', code: 0 }).scanned();
    life.took();
    expect(life.pass(4_500).took()).toContain('kill-job stop');
    expect(life.done('stop', BAD).scanned().at).toBe('idle');
  });

  test('leftovers have its whole time before they are signalled', () => {
    const life = stopping().done('stop').pass(500).exit({ kind: 'code', code: 0 }).scanned(LEFT);
    life.took();
    for (let ms = 500; ms < 4_500; ms += 500) life.pass(500).scanned(LEFT);
    expect(new Set(life.took())).toEqual(new Set(['scan']));
    life.pass(500).scanned(LEFT);
    expect(life.took()).toContain('TERM run');
    for (let ms = 0; ms < 10_000; ms += 500) life.pass(500).scanned(LEFT);
    expect(life.took()).toContain('KILL run');
  });

  test('leftovers are signalled at once where it failed', () => {
    const life = stopping().seen('stop').exit({ kind: 'code', code: 0 }).scanned(LEFT).done('stop', BAD);
    life.took();
    expect(life.scanned(LEFT).took()).toContain('TERM run');
  });

  test('is not run for a launch that is not proven: that is taken back', () => {
    const life = Life.launching(hooked(['stop']));
    life.took();
    expect(life.stop('manual').took()).toEqual(['void']);
    life.on({ kind: 'launched', launchId: 'L0', process: { pid: 1, startTicks: 1, bootId: 'b', pidNamespace: 'n' } });
    expect(life.took()).toEqual(['start-job stop']);
  });

  test('waits for the dependents, as a signal does', () => {
    const life = new Life(hooked(['stop']), 'running').stop('manual', { yieldFirst: true });
    expect([life.at, life.took()]).toEqual(['yielding', []]);
    expect(life.on({ kind: 'proceed' }).took()).toEqual(['start-job stop']);
  });
});

describe('an `external`', () => {
  const healthCheck = { kind: 'probe', probe: { kind: 'tcp', host: 'h', port: 1 }, timeout: 5_000, interval: 10_000, retries: 3, startPeriod: 0 } as const; // prettier-ignore
  const stopping = (): Life => {
    const life = new Life(hooked(['stop'], { healthCheck }), 'running', { type: 'external', handed: {} });
    life.stop('manual');
    return life;
  };

  test('is stopped by its hook, and gone when its health-check fails', () => {
    const life = stopping();
    expect(life.took()).toEqual(['start-job stop']);
    life.done('stop');
    expect(life.took().at(-1)).toBe('start-job health-check');
    life.done('health-check', BAD);
    expect(life.instance).toMatchObject({ activity: { kind: 'idle' }, ended: { by: 'manual', exit: { kind: 'unknown' } } });
  }); // prettier-ignore

  test('is asked for again, once a second, while it is alive', () => {
    const life = stopping().done('stop').done('health-check');
    life.took();
    expect([life.pass(999).took(), life.pass(1).took()]).toEqual([[], ['start-job health-check']]);
    expect(life.done('health-check').at).toBe('stopping');
    expect(life.pass(1_000).done('health-check', BAD).at).toBe('idle');
  });

  test.each(['fails', 'hangs'] as const)('whose hook %s is asked for all the same', (how) => {
    const life = stopping();
    if (how === 'fails') life.done('stop', BAD);
    else life.seen('stop').pass(5_000).done('stop', BAD);
    expect(life.job('health-check').work).toEqual(healthCheck.probe);
  });

  test('without a health-check by a probe counts as gone: nothing is known of it', () => {
    const life = new Life(hooked(['stop']), 'running', { type: 'external', handed: {} }).stop('manual');
    expect(life.done('stop').at).toBe('idle');
  });

  test('is never signalled or scanned for', () => {
    const life = stopping().done('stop').done('health-check').pass(60_000);
    expect(life.took().filter((asked) => /TERM|KILL|scan/.test(asked))).toEqual([]);
  });
});

describe('`after-stop`', () => {
  const version = hooked(['after-stop']);
  const ending = (exit: Exit, given: Partial<ProcessVersion> = {}): Life =>
    new Life(versionOf({ ...version, ...given }), 'running').pass(5_000).exit(exit);

  test.each<readonly [Exit, code: string, signal: string]>([
    [{ kind: 'code', code: 3 }, '3', ''],
    [{ kind: 'signal', signal: 'SEGV' }, '', 'SIGSEGV'],
    [{ kind: 'unknown' }, '', ''],
  ])('is told how it ended: %j', (exit, code, signal) => {
    const life = ending(exit).scanned();
    expect(life.at).toBe('finishing');
    expect(life.job('after-stop')).toMatchObject({
      work: { kind: 'command', command: 'after-stop' },
      variables: { PROCMAN_EXIT_CODE: code, PROCMAN_EXIT_SIGNAL: signal },
    });
  });

  test('runs once nothing else is left', () => {
    const life = ending({ kind: 'code', code: 1 }).scanned(LEFT);
    expect(life.took()).not.toContain('start-job after-stop');
    life.scanned();
    expect(life.took()).toContain('start-job after-stop');
  });

  test.each([OK, BAD])('is over when it has ended, well or not: $text', (result) => {
    const life = ending({ kind: 'code', code: 1 }).scanned();
    life.took();
    life.done('after-stop', result);
    expect([life.at, life.took().at(-1)]).toEqual(['idle', 'forget']);
    expect(life.instance.ended).toMatchObject({ by: 'itself', exit: { code: 1 } });
  });

  test('that hangs is killed at its timeout', () => {
    const life = ending({ kind: 'code', code: 1 }).scanned().seen('after-stop');
    life.took();
    expect(life.pass(5_000).took()).toEqual(['kill-job after-stop']);
    expect(life.done('after-stop', BAD).at).toBe('idle');
  });

  test('also after a stop, and after a failed start', () => {
    const stopped = new Life(version, 'running').stop('manual').exit().scanned();
    const failed = new Life(version, 'settling').exit().scanned();
    expect([stopped.at, failed.at]).toEqual(['finishing', 'finishing']);
  });

  test('not where the command never ran', () => {
    const life = Life.launching(version).on({ kind: 'never-ran', launchId: 'L0', why: 'failed', message: 'gone' });
    expect([life.at, life.took()]).toEqual(['idle', ['launch', 'forget']]);
  });

  test('that was lost with a daemon is over', () => {
    const life = ending({ kind: 'code', code: 1 }).scanned();
    life.instance = { ...life.instance, jobs: [] };
    expect(life.pass(0).at).toBe('idle');
  });

  test('is left out where something cannot be proven: it may count on all of it being gone', () => {
    const life = ending({ kind: 'code', code: 1 });
    life.took();
    life.on({ kind: 'scanned', launchId: 'L0', remains: [], unproven: [LEFT] });
    expect([life.at, life.took()]).toEqual(['idle', ['forget']]);
    expect(life.instance.doubt).toMatchObject({ code: 'identity', candidates: [LEFT] });
  });

  test('that hangs is ended by `stop --now`', () => {
    const life = ending({ kind: 'code', code: 1 }).scanned().seen('after-stop');
    life.took();
    expect(life.stop('manual').took()).toEqual([]);
    expect(life.stop('manual', { now: true }).took()).toEqual(['kill-job after-stop']);
    expect(life.done('after-stop', BAD).at).toBe('idle');
  });
});

describe('kill-mode process', () => {
  const given = { killMode: 'process' } as const;

  test('with hooks: the rest is left alone, the hooks are waited for', () => {
    const life = new Life(hooked(['stop', 'after-stop'], given), 'running').stop('manual').seen('stop');
    life.took();
    life.exit({ kind: 'code', code: 0 });
    expect([life.at, life.took()]).toEqual(['clearing', []]);
    life.done('stop');
    expect(life.at).toBe('finishing');
    expect(life.done('after-stop').at).toBe('idle');
    expect(life.took().filter((asked) => /scan|run$/.test(asked))).toEqual([]);
  });

  test('a hook of a run that ended by itself is killed and waited for', () => {
    const life = new Life(hooked(['after-start'], given), 'settling').pass(1_000).seen('after-start');
    life.took();
    life.exit();
    expect([life.at, life.took()]).toEqual(['clearing', ['kill-job after-start']]);
    expect(life.done('after-start', BAD).at).toBe('idle');
  });

  test('a probe that is asked at that moment delays nothing for long', () => {
    const healthCheck = { kind: 'probe', probe: { kind: 'tcp', host: 'h', port: 1 }, timeout: 5_000, interval: 10_000, retries: 3, startPeriod: 0 } as const; // prettier-ignore
    const life = new Life(hooked([], { ...given, healthCheck }), 'running').pass(0).exit();
    expect(life.pass(1_000).at).toBe('idle');
  });

  test('only the main process is signalled', () => {
    const life = new Life(hooked([], given), 'running').stop('manual').pass(10_000);
    expect(life.took().filter((asked) => /main|run/.test(asked))).toEqual(['TERM main', 'KILL main']);
  });
});

describe('another boot', () => {
  const booted = { wall: START.wall + 60_000, mono: 50 };
  const all = hooked(['before', 'init', 'after-start', 'stop', 'after-stop']);

  test.each(ACTIVITIES)('%s: no hook runs for what the machine ended, and none is left', (kind: Activity['kind']) => {
    const life = new Life(all, kind);
    const jobs = (['before', 'init', 'after-start', 'stop', 'after-stop'] as const).map((name) => ({
      name, launchId: `J${name}`, work: { kind: 'command', command: name } as const, timeout: 5_000, startedMono: 1, lookAt: 1,
    })); // prettier-ignore
    life.instance = { ...life.instance, jobs };
    life.now = booted;
    life.on({ kind: 'boot', at: booted.wall });
    expect(life.instance).toMatchObject({ activity: { kind: 'idle' }, jobs: [] });
    expect(life.took().filter((asked) => asked !== 'forget')).toEqual([]);
  });

  test('what was known of dependencies is asked anew', () => {
    const life = new Life(all);
    life.instance = { ...life.instance, externals: { met: 1 }, metSince: START.mono, seen: { tookOver: START.mono } };
    life.now = booted;
    const { instance } = life.on({ kind: 'boot', at: booted.wall });
    expect(instance.externals).toBeUndefined();
    expect(instance.metSince).toBeUndefined();
    expect(instance.seen).toEqual({});
  });

  describe('of a launch without a run record', () => {
    const launching = (oneShot: boolean, neverRan = false): Life => {
      const life = new Life(versionOf({ id: 'web', oneShot }), 'launching');
      const { run } = life.activity as Extract<Activity, { kind: 'launching' }>;
      const line = { entry: 'version:v1', launchId: run.launchId, outcome: 'running' } as const;
      life.instance = { ...life.instance, ledger: [line] };
      life.now = booted;
      life.on({ kind: 'boot', neverRan, at: booted.wall });
      return life;
    };

    test('a one-shot is taken as cut off: a power cut may have taken the record', () => {
      const { instance } = launching(true);
      expect(instance.ledger).toMatchObject([{ outcome: 'interrupted' }]);
      expect(instance.exits).toMatchObject([{ exit: { kind: 'unknown' } }]);
    });

    test('a one-shot that its launcher is known to have refused is run', () => {
      expect(launching(true, true).instance.ledger).toEqual([]);
    });

    test('a service is as if it had not been launched', () => {
      expect(launching(false).instance.exits).toEqual([]);
    });
  });
});
