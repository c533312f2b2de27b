import type { TargetResult } from '@procman/protocol/views';
import { describe, expect, it } from 'vitest';
import { target } from '../testing/fake-daemon.ts';
import { renderResults, stopHint, type Verb } from './results.ts';
import type { Style } from './style.ts';

process.env.TZ = 'UTC';
const now = new Date('2026-03-01T12:00:00Z');
const plain: Style = { terminal: false, columns: Infinity, color: false };
const line = (verb: Verb, result: Partial<TargetResult>): string =>
  renderResults([target('a', result)], verb, plain, now).trimEnd();

describe('renderResults', () => {
  it.each<[Verb, Partial<TargetResult>, string]>([
    ['start', {}, 'a: started'],
    ['stop', { state: 'STOPPED' }, 'a: stopped'],
    ['restart', {}, 'a: restarted'],
    ['unblock', {}, 'a: unblocked'],
    ['signal', {}, 'a: signalled'],
    ['shutdown', {}, 'a: stopped'],
    ['start', { code: 'already' }, 'a: already running'],
    ['start', { code: 'already', state: 'EXITED' }, 'a: already finished'],
    ['stop', { code: 'already', state: 'STOPPED' }, 'a: already stopped; held until `start`'],
    ['start', { code: 'requested' }, 'a: start requested'],
    ['stop', { code: 'requested' }, 'a: stop requested'],
    ['restart', { code: 'requested' }, 'a: restart requested'],
    ['start', { code: 'released', message: 'starts at 08:00' }, 'a: released (starts at 08:00)'],
    ['restart', { code: 'skipped', message: 'held' }, 'a: skipped (held)'],
    ['unblock', { code: 'nothing' }, 'a: nothing to unblock'],
    ['start', { ok: false, code: 'failed', message: 'exit code 7' }, 'a: ERROR (exit code 7)'],
    ['start', { ok: false, code: 'timeout', message: 'still starting' }, 'a: ERROR (still starting)'],
    ['signal', { ok: false, code: 'not-running', message: 'it does not run' }, 'a: ERROR (it does not run)'],
  ])('%s %j', (verb, result, text) => expect(line(verb, result)).toBe(text));

  it('names what stopped along, and what is still alive', () => {
    const survivor = {
      pid: 99,
      user: 'root',
      startedAt: '2026-03-01T11:00:00.000+00:00',
      command: 'sleep\u001b 9',
      marked: true,
    };
    const result: Partial<TargetResult> = {
      ok: false,
      code: 'survivors',
      message: '1 process left',
      alsoStopped: ['b', 'c'],
      survivors: [survivor],
      candidates: [{ ...survivor, pid: 100, marked: false }],
    };
    expect(line('stop', result).split('\n')).toEqual([
      'a: ERROR (1 process left)',
      '  also stopped, for they depend on it: b, c',
      '  still alive: pid 99, user root, since 11:00:00: sleep  9',
      '  may be it: pid 100, user root, since 11:00:00, not marked as of this run: sleep  9',
    ]);
  });

  it('paints failures red', () => {
    expect(renderResults([target('a', { ok: false, message: 'x' })], 'start', { ...plain, color: true }, now)).toBe(
      '\u001b[31ma: ERROR (x)\u001b[0m\n',
    );
  });
});

it('says that a stop lasts', () => {
  expect(stopHint([target('a')])).toBe('it stays stopped until "start", also over reloads and reboots\n');
  const ends = ['18:00', 'next-window', 'reboot'].map((until) => stopHint([target('a'), target('b')], until));
  expect(ends).toEqual([
    'they stay stopped until "start" or 18:00, also over reloads and reboots\n',
    'they stay stopped until "start" or the next window, also over reloads and reboots\n',
    'they stay stopped until "start" or the next boot, also over reloads\n',
  ]);
  expect(stopHint([target('a', { ok: false, code: 'in-doubt' })])).toBeUndefined();
});
