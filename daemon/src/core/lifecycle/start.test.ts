/** Phases of a start (SPEC 5): `before`, the launch, what it hands over to, start-health-check, `init`, `settle`. */
import { describe, expect, test } from 'vitest';
import { mainOf } from '../lifecycle.ts';
import type { CommandType, Hook, HookName, JobResult, ProcessVersion } from '../model.ts';
import { identityOf, runOf, START, versionOf } from '../testing/builders.ts';
import { BAD, Life, NEVER_RAN, OK } from '../testing/life.ts';

const hook = (command: string, timeout = 5_000): Hook => ({ command, timeout });
const hooked = (...names: HookName[]): ProcessVersion =>
  versionOf({ id: 'web', hooks: Object.fromEntries(names.map((name) => [name, hook(name)])) });
const typed = (type: CommandType, given: Partial<ProcessVersion> = {}): ProcessVersion =>
  versionOf({ id: 'web', command: { line: 'x', type, why: '', argv: ['x'] }, ...given });
const CODE_0 = { kind: 'code', code: 0 } as const;

describe('`before`', () => {
  const version = hooked('before');
  const begun = (): Life => Life.launching(version);

  test('runs first, nothing is launched beside it', () => {
    const life = begun();
    expect([life.at, life.took()]).toEqual(['preparing', ['start-job before']]);
    expect(life.job('before')).toMatchObject({ work: { kind: 'command', command: 'before' }, timeout: 5_000 });
  });

  test('that succeeds is followed by the launch, which counts from then on', () => {
    const life = begun().pass(3_000);
    life.took();
    life.done('before');
    expect([life.at, life.took()]).toEqual(['launching', ['clear-job before', 'forget-job before', 'launch']]);
    expect(life.activity).toMatchObject({ run: { startedAt: life.now.wall, startedMono: life.now.mono } });
    expect(life.instance.counters.runs).toEqual([life.now.mono]);
  });

  test.each<readonly [string, JobResult, object]>([
    ['fails', BAD, { failedStarts: 1, runs: [START.mono], failure: { code: 'before', counts: true, message: '`before` exited with code 1' } }],
    ['never ran, for no fault of its own', NEVER_RAN, { failedStarts: 0, runs: [], failure: { code: 'spawn-error', counts: false, message: 'the disk is full' } }],
  ])('that %s', (_what, result, counters) => {
    const life = begun().done('before', result);
    expect(life.instance).toMatchObject({ activity: { kind: 'idle' }, counters, jobs: [], exits: [] });
    expect(life.instance.ended).toBeUndefined();
    expect(life.took()).not.toContain('launch');
  }); // prettier-ignore

  test('that times out is killed, and is a failed start once it is gone', () => {
    const life = begun().seen('before').pass(5_000);
    expect([life.at, life.took().at(-1)]).toEqual(['preparing', 'kill-job before']);
    life.done('before', BAD);
    expect(life.at).toBe('idle');
    expect(life.instance.counters).toMatchObject({
      failedStarts: 1,
      failure: { code: 'before', message: '`before` did not end within 5 s' },
    });
  });

  test('that is stopped while it runs is killed, and no failed start', () => {
    const life = begun().seen('before').stop('manual');
    expect([life.at, life.took().at(-1)]).toEqual(['preparing', 'kill-job before']);
    life.stop('shutdown').done('before', OK);
    expect(life.instance).toMatchObject({ activity: { kind: 'idle' }, counters: { failedStarts: 0, runs: [] } });
    expect(life.took()).not.toContain('launch');
  });

  test('of a one-shot that fails has not run it: its entry is free again', () => {
    const job = versionOf({ ...version, oneShot: true });
    const ledger = { entry: 'version:at 0', launchId: 'L0', outcome: 'running' } as const;
    for (const result of [BAD, NEVER_RAN]) {
      const life = Life.launching(job);
      life.instance = { ...life.instance, ledger: [ledger] };
      expect(life.done('before', result).instance.ledger).toEqual([]);
    }
  });

  test('that was lost with a daemon is begun anew: nothing was launched', () => {
    const life = begun();
    life.instance = { ...life.instance, jobs: [] };
    expect(life.pass(0).instance).toMatchObject({
      activity: { kind: 'idle' },
      counters: { failedStarts: 0, runs: [] },
    });
  });
});

describe('the order of steps', () => {
  const startHealthCheck = { probe: { kind: 'tcp', host: 'h', port: 1 }, timeout: 30_000, interval: 1_000 } as const;

  test('start-health-check, `init`, what is left of start-secs, `after-start`', () => {
    const life = Life.launched(versionOf({ ...hooked('init', 'after-start'), startHealthCheck, startSecs: 5_000 }));
    expect(life.at).toBe('settling start-health-check');
    expect(life.pass(1_000).done('start-health-check').at).toBe('settling init');
    expect(life.pass(2_000).done('init').at).toBe('settling settle');
    expect(life.pass(1_999).at).toBe('settling settle');
    life.took();
    expect(life.pass(1).at).toBe('running');
    expect(life.took()).toEqual(['start-job after-start']);
    expect(life.activity).toMatchObject({ since: life.now });
  });

  test('nothing is left of start-secs after a long `init`', () => {
    const life = Life.launched(versionOf({ ...hooked('init'), startSecs: 2_000 }));
    expect(life.pass(3_000).done('init').at).toBe('running');
  });

  test('a one-shot waits for its steps, not for start-secs', () => {
    const life = Life.launched(versionOf({ ...hooked('init'), oneShot: true, startSecs: 60_000 }));
    expect([life.at, life.done('init').at]).toEqual(['settling init', 'running']);
  });

  test.each([OK, BAD, NEVER_RAN])('`after-start` gates nothing: $text', (result) => {
    const life = Life.launched(hooked('after-start')).pass(1_000);
    expect(life.done('after-start', result).at).toBe('running');
  });
});

describe('start-health-check', () => {
  const startHealthCheck = { probe: { kind: 'command', command: 'ask' }, timeout: 10_000, interval: 1_000 } as const;
  const begun = (): Life => Life.launched(versionOf({ id: 'web', startHealthCheck }));

  test('is tried every interval until it succeeds', () => {
    const life = begun();
    for (let tries = 0; tries < 3; tries += 1) {
      life.done('start-health-check', BAD);
      life.took();
      expect(life.pass(999).took()).toEqual([]);
      expect(life.pass(1).took()).toEqual(['start-job start-health-check']);
    }
    expect(life.done('start-health-check').at).toBe('running');
  });

  test('each try has what is left of its time', () => {
    const life = begun().pass(3_000).done('start-health-check', BAD).pass(1_000);
    expect(life.job('start-health-check').timeout).toBe(6_000);
  });

  test('has failed when the next try would come after its time', () => {
    const life = begun().pass(9_000).done('start-health-check', BAD);
    expect(life.activity).toMatchObject({ failed: { code: 'start-health-check', text: 'did not succeed within 10 s: exited with code 1' } });
    life.took();
    expect(life.pass(60_000).took()).toEqual([]);
  }); // prettier-ignore

  test('a try that hangs is killed at the end of its time: failed', () => {
    const life = begun().seen('start-health-check').pass(10_000);
    expect(life.took().at(-1)).toBe('kill-job start-health-check');
    life.done('start-health-check', BAD);
    expect(life.activity).toMatchObject({ failed: { text: 'did not succeed within 10 s: its last try did not end' } });
  });

  test('a try that never ran is one that is tried again', () => {
    const life = begun().done('start-health-check', NEVER_RAN).pass(1_000);
    expect(life.done('start-health-check').at).toBe('running');
  });
});

describe('`init`', () => {
  test('that fails is tried once; the process has to end', () => {
    const life = Life.launched(hooked('init')).done('init', BAD);
    expect(life.activity).toMatchObject({ kind: 'settling', failed: { code: 'init', text: '`init` exited with code 1' } });
    life.took();
    expect(life.pass(60_000).took()).toEqual([]);
  }); // prettier-ignore

  test('that times out is killed', () => {
    const life = Life.launched(hooked('init')).seen('init').pass(5_000);
    expect(life.took().at(-1)).toBe('kill-job init');
    expect(life.done('init', BAD).activity).toMatchObject({ failed: { text: '`init` did not end within 5 s' } });
  });

  test('that had ended well when its kill came has succeeded', () => {
    expect(Life.launched(hooked('init')).seen('init').pass(5_000).done('init').at).toBe('running');
  });

  test('that never ran, for no fault of its own, is tried again a second later', () => {
    const life = Life.launched(hooked('init')).done('init', NEVER_RAN);
    life.took();
    expect([life.pass(999).took(), life.pass(1).took()]).toEqual([[], ['start-job init']]);
    expect(life.done('init').at).toBe('running');
  });

  test('leads to a failed start with BACKOFF `init`', () => {
    const life = Life.launched(hooked('init')).done('init', BAD).stop('init').exit().scanned();
    expect(life.instance).toMatchObject({
      activity: { kind: 'idle' },
      ended: { by: 'init', text: '`init` exited with code 1', settled: false },
      counters: { failedStarts: 1, failure: { code: 'init', message: '`init` exited with code 1' } },
    });
  });

  test('fails also after start-secs: it was never RUNNING', () => {
    const life = Life.launched(hooked('init')).pass(4_000).done('init', BAD).stop('init').exit().scanned();
    expect(life.instance.counters.failedStarts).toBe(1);
  });
});

describe('the process ends by itself during a step: the hook is killed, a failed start', () => {
  const startHealthCheck = { probe: { kind: 'command', command: 'ask' }, timeout: 30_000, interval: 1_000 } as const;
  test.each([
    ['init', hooked('init')],
    ['start-health-check', versionOf({ id: 'web', startHealthCheck })],
  ] as const)('%s', (name, version) => {
    const life = Life.launched(version).seen(name).pass(3_000);
    life.took();
    life.exit();
    expect([life.at, life.took()]).toEqual(['clearing', ['scan', `kill-job ${name}`]]);
    // Nothing is judged, and nothing may start, while the hook lives.
    expect(life.scanned().at).toBe('clearing');
    life.done(name, BAD).scanned();
    expect(life.instance).toMatchObject({
      activity: { kind: 'idle' },
      ended: { by: 'itself', settled: false },
      counters: { failedStarts: 1, failure: { code: 'exit' } },
    });
  });
});

describe('an expression that names its process', () => {
  const handed = { kind: 'handed', launchId: 'L0', process: identityOf(200) } as const;
  const unhanded = { kind: 'unhanded', launchId: 'L0', message: 'it wrote no pid', candidates: [] } as const;

  test('pid-file: is looked for four times a second while the expression lives', () => {
    const life = Life.launched(typed('pid-file'));
    life.took();
    expect(life.at).toBe('settling pid-file');
    expect(life.pass(1_000).took()).toEqual(Array.from({ length: 4 }, () => 'take-pid'));
    expect(life.latest.get('take-pid')).toMatchObject({ ended: false });
  });

  test.each([
    ['while the expression lives', false],
    ['after it has ended', true],
  ])('pid-file: handed %s', (_when, isOver) => {
    const life = Life.launched(typed('pid-file'));
    if (isOver) {
      life.took();
      expect(life.exit(CODE_0).took()).toEqual(['take-pid']);
      expect([life.at, life.latest.get('take-pid')]).toMatchObject(['settling pid-file', { ended: true }]);
    }
    life.on(handed);
    expect(life.at).toBe('settling settle');
    expect(mainOf((life.activity as { run: Parameters<typeof mainOf>[0] }).run)).toEqual(identityOf(200));
    expect(life.pass(1_000).at).toBe('running');
  });

  test('pid-file: also the expression that fails may have handed over; whether it has is looked at', () => {
    const life = Life.launched(typed('pid-file'));
    life.took();
    expect(life.exit().took()).toEqual(['take-pid']);
  });

  test('pid-file: an expression that ended and named none leaves it in doubt', () => {
    const life = Life.launched(typed('pid-file')).exit(CODE_0);
    life.took();
    life.on(unhanded);
    expect(life.took()).toEqual(['forget']);
    expect(life.instance).toMatchObject({
      activity: { kind: 'idle' },
      doubt: { code: 'pid-file', message: 'it wrote no pid', candidates: [] },
      exits: [{ launchId: 'L0', exit: { kind: 'unknown' } }],
    });
  });

  test('what it handed over to is what its end is about', () => {
    const life = Life.launched(typed('pid-file')).on(handed).exit({ kind: 'unknown' });
    expect(life.at).toBe('clearing');
    expect(life.scanned().instance).toMatchObject({ ended: { settled: false, exit: { kind: 'unknown' } } });
  });

  test.each([handed, unhanded])('$kind of another launch, or a second time, changes nothing', (event) => {
    const waiting = Life.launched(typed('pid-file'));
    const before = waiting.instance;
    expect(waiting.on({ ...event, launchId: 'OTHER' }).instance).toBe(before);
    const settled = Life.launched(typed('pid-file')).on(handed);
    const after = settled.instance;
    expect(settled.on(event).instance).toBe(after);
  });

  test('podman-cid: the printed id is inspected once the expression has ended well', () => {
    const life = Life.launched(typed('podman-cid'));
    life.took();
    expect(life.pass(60_000).took()).toEqual([]);
    expect(life.exit(CODE_0).took()).toEqual(['start-job inspect']);
    expect(life.exit(CODE_0).took()).toEqual([]);
    life.done('inspect', { ...OK, output: '4711' });
    expect(life.latest.get('take-pid')).toMatchObject({ ended: true, text: '4711' });
    expect(life.on(handed).at).toBe('running');
  });

  test('podman-cid: an inspection that fails names nothing', () => {
    const life = Life.launched(typed('podman-cid'))
      .exit(CODE_0)
      .done('inspect', { ...BAD, output: 'no such container' });
    expect(life.latest.get('take-pid')).toMatchObject({ ended: true, text: '' });
    expect(life.on(unhanded).instance).toMatchObject({ activity: { kind: 'idle' }, doubt: { code: 'pid-file' } });
  });

  test('podman-cid: an expression that fails is a failed start', () => {
    const life = Life.launched(typed('podman-cid')).exit().scanned();
    expect(life.instance).toMatchObject({ activity: { kind: 'idle' }, counters: { failedStarts: 1 } });
    expect(life.instance.doubt).toBeUndefined();
  });

  test('external: its expression has done its work, there is no process; one that fails is a failed start', () => {
    const life = Life.launched(typed('external')).exit(CODE_0);
    expect(life.at).toBe('settling settle');
    expect(mainOf((life.activity as { run: Parameters<typeof mainOf>[0] }).run)).toBeUndefined();
    expect(life.pass(1_000).at).toBe('running');
    expect(Life.launched(typed('external')).exit().instance).toMatchObject({
      activity: { kind: 'idle' },
      counters: { failedStarts: 1 },
    });
  });

  test.each(['pid-file', 'podman-cid', 'external'] as const)('%s: its steps come after it has handed over', (type) => {
    const life = Life.launched(typed(type, { hooks: { init: hook('init') } }));
    expect(life.took()).toEqual(['launch']);
    life.exit(CODE_0);
    if (type === 'podman-cid') life.done('inspect');
    if (type !== 'external') life.on(handed);
    expect([life.at, life.took().at(-1)]).toEqual(['settling init', 'start-job init']);
  });

  test('nobody may have seen it settle: a long life before it has handed over is a failed start', () => {
    const life = Life.launched(typed('podman-cid')).pass(60_000).exit().scanned();
    expect(life.instance.counters.failedStarts).toBe(1);
  });
});

describe('an external dependency', () => {
  const ask = { kind: 'ask', command: 'ping db', timeout: 5_000, interval: 7_000, base: 'S1' } as const;
  const asked = (): Life => new Life(versionOf({ id: 'web' })).on(ask);

  test('is asked while nothing is launched', () => {
    const life = asked();
    expect([life.at, life.took()]).toEqual(['idle', ['start-job dependency']]);
    expect(life.job('dependency')).toMatchObject({ work: { kind: 'command', command: 'ping db' }, timeout: 5_000 });
  });

  test('that succeeds is met; the next one is asked after it', () => {
    expect(asked().done('dependency').instance.externals).toEqual({ met: 1 });
    expect(asked().done('dependency').on(ask).done('dependency').instance.externals).toEqual({ met: 2 });
  });

  test('that fails is asked again after its interval', () => {
    const life = asked().pass(2_000).done('dependency', BAD);
    expect(life.instance.externals).toEqual({ met: 0, againAt: life.now.mono + 7_000, text: 'exited with code 1' });
  });

  test('that hangs is killed', () => {
    const life = asked().seen('dependency').pass(5_000);
    expect(life.took().at(-1)).toBe('kill-job dependency');
    expect(life.done('dependency', BAD).instance.externals).toMatchObject({ met: 0, text: 'did not end within 5 s' });
  });

  test('is asked anew for each launch', () => {
    const version = versionOf({ id: 'web' });
    const { process: _none, ...run } = runOf(version);
    const life = asked().done('dependency').on({ kind: 'launch', run, counted: true, again: false });
    expect(life.instance.externals).toBeUndefined();
  });
});
