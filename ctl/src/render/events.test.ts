import type { Event } from '@procman/protocol/views';
import { describe, expect, it } from 'vitest';
import { renderEvents } from './events.ts';
import type { Style } from './style.ts';

const now = new Date('2026-03-01T12:00:00Z');
const pipe: Style = { terminal: false, columns: Infinity, color: false };
const terminal = (columns: number, color = false): Style => ({ terminal: true, columns, color });

const events: readonly Event[] = [
  { seq: 1, at: '2026-02-28T23:59:00.000+00:00', type: 'daemon', message: 'started (pid 77, 3 runs taken over)' },
  { seq: 2, at: '2026-03-01T03:12:05.250+00:00', type: 'exit', name: 'データベース', run: 'r1', exit: { code: 3 }, durationSeconds: 0.1, message: 'exited with code 3 after 0.1 s' },
  { seq: 3, at: '2026-03-01T03:12:05.251+00:00', type: 'state', name: 'データベース', from: 'RUNNING', to: 'BACKOFF', message: 'RUNNING -> BACKOFF (exit: exited with code 3)' },
  { seq: 4, at: '2026-03-01T03:12:05.251+00:00', type: 'problem', name: 'データベース', to: 'BACKOFF', message: 'problem: BACKOFF (exit: exited with code 3)' },
  { seq: 5, at: '2026-03-01T10:00:00.000+00:00', type: 'command', name: `worker:${'long'.repeat(12)}`, by: 'operator', message: 'restart' },
  { seq: 6, at: '2026-03-01T10:00:01.000+00:00', type: 'hook', name: 'web', message: 'init printed \u001b[31mred\n and more' },
  { seq: 7, at: '2026-03-01T10:00:02.000+00:00', type: 'exit', name: 'job', exit: { code: 0 }, message: 'exited with code 0 after 1.0 s' },
]; // prettier-ignore

describe('renderEvents', () => {
  it.each([60, 80, 160])('at %i columns', (columns) =>
    expect(renderEvents(events, terminal(columns), now)).toMatchSnapshot(),
  );
  it('with colour', () => expect(renderEvents(events, terminal(80, true), now)).toMatchSnapshot());
  it('in a pipe', () => expect(renderEvents(events, pipe, now)).toMatchSnapshot());
  it('of nothing', () => expect(renderEvents([], terminal(80), now)).toBe(''));

  it('has the date where it is another day in the zone of the event', () => {
    const tokyo = { seq: 1, at: '2026-03-02T00:30:00.000+09:00', type: 'state', message: 'm' } as const;
    expect(renderEvents([tokyo], pipe, new Date('2026-03-01T15:40:00Z'))).toMatch(/^00:30:00 /);
    expect(renderEvents([tokyo], pipe, new Date('2026-03-01T14:40:00Z'))).toMatch(/^2026-03-02 00:30:00 /);
  });
});
