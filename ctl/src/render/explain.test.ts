import type { Explanation } from '@procman/protocol/views';
import { describe, expect, it } from 'vitest';
import { row } from '../testing/fake-daemon.ts';
import { displayWidth } from '../text/width.ts';
import { renderExplanations } from './explain.ts';
import type { Style } from './style.ts';

process.env.TZ = 'UTC';
const now = new Date('2026-03-01T12:00:00Z');
const pipe: Style = { terminal: false, columns: Infinity, color: false };
const terminal = (columns: number, color = false): Style => ({ terminal: true, columns, color });

function explanation(given: Partial<Explanation> & { name: string }): Explanation {
  return {
    ...row(given),
    because: [{ code: 'wanted', message: 'it is to run, and it runs' }],
    versions: [{ applyOn: '2020-01-01T00:00:00', fake: false, effective: true, why: 'in effect' }],
    commandType: { type: 'simple', why: 'no shell syntax' },
    dependencies: [],
    dependents: [],
    failures: { failedStarts: 0, runsInWindow: 1, maxRuns: 5 },
    exits: [],
    staleKeys: [],
    logs: { stdout: '/l/web.out.log', stderr: '/l/web.err.log' },
    upcoming: [],
    uptime: { days: 0, expectedSeconds: 0, upSeconds: 0 },
    ...given,
  };
}

const at = (clock: string): string => `2026-03-01T${clock}.000+00:00`;
const exit = (run: string, clock: string, stderr: string[]) => ({
  run, code: 3, startedAt: at(clock), at: at(clock), durationSeconds: 0.1, stderr,
}); // prettier-ignore

const crashing = explanation({
  name: 'データベース',
  state: 'BACKOFF',
  verdict: 'problem',
  since: at('03:12:05'),
  reason: { code: 'exit', message: 'x' },
  because: [
    { code: 'exit', message: 'it exited with code 3 before it had settled; failed start 3 in a row; next try 2026-03-01 12:00:09 +00:00', since: at('03:12:05') },
    { code: 'schedule', message: 'outside its window (08:00-18:00 daily Asia/Tokyo); it opens next 2026-03-02 08:00:00 +09:00', since: at('02:00:00') },
  ],
  versions: [
    { applyOn: '2027-01-01T00:00:00', fake: false, effective: false, why: 'takes effect 2027-01-01 00:00:00 +00:00' },
    { applyOn: '2020-01-01T00:00:00', fake: false, effective: true, why: 'in effect since 2020-01-01 00:00:00 +00:00' },
  ],
  commandType: { type: 'expression', why: 'has an unquoted >' },
  schedule: { active: false, text: '08:00-18:00 daily Asia/Tokyo', nextStart: '2026-03-02T08:00:00.000+09:00' },
  dependencies: [
    { id: 'db', condition: 'running', onLoss: 'stop', met: false, state: 'BACKOFF', verdict: 'problem' },
    { id: 'ping ...', condition: 'succeeds', onLoss: 'keep', met: true },
  ],
  dependents: ['api', 'worker:worker_00'],
  failures: { failedStarts: 3, runsInWindow: 3, maxRuns: 5 },
  health: { ok: false, failures: 3, at: at('11:59:00'), output: 'timed out' },
  exits: [
    exit('L3', '03:12:05', ['cannot open 設定ファイル: no such file or directory', '\u001b[31mgave up']),
    exit('L2', '03:12:03', ['cannot open 設定ファイル: no such file or directory', '\u001b[31mgave up']),
    { ...exit('L1', '03:12:02', []), durationSeconds: 90_061, why: 'it is unhealthy: timed out' },
  ],
  staleKeys: ['command', 'env'],
  stale: true,
  upcoming: [{ at: '2026-03-02T08:00:00.000+09:00', action: 'start' }, { at: '2026-03-02T18:00:00.000+09:00', action: 'stop' }],
  uptime: { days: 7, expectedSeconds: 1000, upSeconds: 999.99 },
}); // prettier-ignore

const text = (given: Explanation, style: Style): string => renderExplanations({ processes: [given] }, style, now);

describe('renderExplanations', () => {
  it('says nothing but what there is to say', () => {
    expect(text(explanation({ name: 'web', pid: 77 }), terminal(80))).toBe(
      'web: RUNNING since 08:00:00, pid 77, should be running: ok\n  it is to run, and it runs\n',
    );
  });

  it.each([60, 80, 160])('at %i columns', (columns) => {
    const shown = text(crashing, terminal(columns));
    expect(shown).toMatchSnapshot();
    for (const line of shown.split('\n')) expect(displayWidth(line)).toBeLessThanOrEqual(columns);
  });

  it('colours the headline by verdict, and dims what a service printed', () => {
    expect(text(crashing, terminal(80, true))).toMatchSnapshot();
  });

  it('wraps nothing in a pipe', () => {
    expect(text(crashing, pipe)).toMatchSnapshot();
  });

  it('lets nothing steer the terminal', () => {
    expect(text(crashing, pipe)).not.toContain('\u001b');
  });

  it.each([60, 80, 160])('keeps very long names and words within %i columns', (columns) => {
    const name = `${'g'.repeat(100)}:${'名'.repeat(50)}`;
    const shown = text({ ...crashing, name, dependents: [name, name] }, terminal(columns));
    for (const line of shown.split('\n')) expect(displayWidth(line)).toBeLessThanOrEqual(columns);
    expect(shown.replace(/\n */g, '')).toContain(name);
  });

  it('of none is nothing, of many a paragraph each', () => {
    expect(renderExplanations({ processes: [] }, terminal(80), now)).toBe('');
    const many = Array.from({ length: 500 }, (_, n) => explanation({ name: `p${n}` }));
    expect(renderExplanations({ processes: many }, terminal(80), now).split('\n\n')).toHaveLength(500);
  });
});

describe('what to do', () => {
  const advice = (given: Partial<Explanation>): string[] =>
    (text(explanation({ name: 'my web', ...given }), pipe).match(/procmanctl .*/g) ?? []).map((line) => line.slice(11));
  const problem = { verdict: 'problem' } as const;
  const reason = (code: 'exit' | 'too-many-runs' | 'identity' | 'missed' | 'autostart' | 'manual' | 'dependency' | 'not-in-config') => ({
    reason: { code, message: '' },
  }); // prettier-ignore

  it.each<readonly [string, Partial<Explanation>, string[]]>([
    ['nothing', {}, []],
    ['held', { state: 'STOPPED', hold: { since: at('01:00:00') }, ...reason('manual') }, ['start "my web"']],
    ['autostart', { state: 'STOPPED', ...reason('autostart') }, ['start "my web"']],
    ['missed', { state: 'STOPPED', ...problem, ...reason('missed') }, ['start "my web" --force', 'stop "my web"']],
    ['backoff', { state: 'BACKOFF', ...problem, exits: [exit('L', '01:00:00', ['x'])], ...reason('exit') }, ['logs "my web" --stderr', 'unblock "my web"']],
    ['silent', { state: 'FATAL', ...problem, exits: [exit('L', '01:00:00', [])], ...reason('exit') }, ['logs "my web"', 'unblock "my web"']],
    ['doubt', { state: 'BLOCKED', ...problem, ...reason('identity') }, ['unblock "my web"']],
    ['guard', { ...problem, ...reason('not-in-config') }, ['plan', 'update']],
    ['stale', { stale: true, staleKeys: ['env'] }, ['restart "my web"']],
    ['waiting', { state: 'PENDING', verdict: 'pending', ...reason('dependency'), dependencies: crashing.dependencies }, ['explain db']],
  ])('%s', (_what, given, commands) => expect(advice(given)).toEqual(commands)); // prettier-ignore
});
