import type { Row, StatusResult } from '@procman/protocol/views';
import { describe, expect, it } from 'vitest';
import { row, running, statusOf } from '../testing/fake-daemon.ts';
import { judgeForNagios, nagiosUnknown } from './nagios.ts';

const bootedAt = new Date('2026-03-01T06:00:00Z');
const web = running('web', 12, 60);
const judge = (
  rows: readonly Row[],
  daemon: Partial<StatusResult['daemon']> = {},
  onlyProblems = false,
): ReturnType<typeof judgeForNagios> => {
  const status = statusOf(rows);
  return judgeForNagios({ ...status, daemon: { ...status.daemon, ...daemon } }, { bootedAt, onlyProblems });
};
const held = (since: string): Row =>
  row({ name: 'db', state: 'STOPPED', expected: 'stopped', held: true, hold: { since } });
const AT = '2026-03-01T08:00:00.000+00:00';
const broken = (name: string): Row =>
  row({ name, state: 'BACKOFF', verdict: 'problem', reason: { code: 'exit', message: 'code 7 | sad\nlines' } });

describe('judgeForNagios', () => {
  it.each<[string, readonly Row[], Partial<StatusResult['daemon']>, number]>([
    ['nothing configured', [], {}, 0],
    ['all is well', [web], {}, 0],
    ['held since the boot', [held('2026-03-01T07:00:00.000+00:00')], {}, 0],
    ['held since before the boot', [held('2026-03-01T07:00:00.000+02:00')], {}, 1],
    ['pending', [row({ name: 'a', state: 'STARTING', verdict: 'pending' })], {}, 1],
    ['stale', [{ ...web, stale: true }], {}, 1],
    ['a broken configuration', [web], { configError: { at: AT, problems: [] } }, 1],
    ['a held reload', [web], { heldReload: { at: AT, hash: 'x', stops: ['web'] } }, 1],
    ['unsupervised but right', [web], { pid: null, unsupervised: { since: AT } }, 1],
    ['a problem, whatever else', [broken('api'), { ...web, stale: true }], {}, 2],
  ])('%s', (_, rows, daemon, exitCode) => {
    const judged = judge(rows, daemon);
    expect(judged.exitCode).toBe(exitCode);
    expect(judged.text).toMatch(
      new RegExp(`^PROCMAN ${['OK', 'WARNING', 'CRITICAL'][exitCode] ?? ''} - [^|\\n]+ \\| [^|\\n]+\\n`),
    );
    // Plugins put further perfdata behind further bars: there are none.
    expect(judged.text.split('|')).toHaveLength(2);
  });

  it('names each problem in a line of its own, and counts', () => {
    expect(judge([web, broken('api'), held(AT)]).text).toBe(
      'PROCMAN CRITICAL - 1 problem in 3 processes: api BACKOFF | ' +
        'running=1;;;0;3 problems=1;;;0 pending=0;;;0 stale=0;;;0 held=1;;;0 restarts=0;;;0\n' +
        'api BACKOFF: code 7 / sad lines\n',
    );
  });

  it('does not name five hundred in the first line', () => {
    const { text } = judge(Array.from({ length: 500 }, (_, at) => broken(`p${at}`)));
    expect(text.split('\n')[0]).toContain('500 problems in 500 processes: p0 BACKOFF, p1 BACKOFF, p2 BACKOFF');
    expect(text.split('\n')[0]).toContain('495 more |');
    expect(text.trimEnd().split('\n')).toHaveLength(501);
  });

  it('counts problems only, where that was asked for', () => {
    const judged = judge([{ ...web, stale: true }], { configError: { at: AT, problems: [] } }, true);
    expect(judged).toMatchObject({ exitCode: 0, text: expect.stringMatching(/^PROCMAN OK/) as string });
  });

  it('is UNKNOWN with what is wrong', () => {
    expect(nagiosUnknown('several daemons; choose one:\n  a | b\n')).toBe(
      'PROCMAN UNKNOWN - several daemons; choose one:\n  a / b\n\n',
    );
  });
});
