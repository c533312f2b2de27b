import type { Event } from '@procman/protocol';
import { describe, expect, test } from 'vitest';
import { withoutText } from './monitor.ts';

const SECRET = 'pass:word (x) -> y: hunter2)';

const event = (given: Partial<Event> & Pick<Event, 'type' | 'message'>): Event => ({
  seq: 1,
  at: '2026-01-01T00:00:00Z',
  name: 'web',
  ...given,
});

const reason = { code: 'init', message: `init failed: ${SECRET}` } as const;

describe('an event on the monitor socket', () => {
  test.each<[Partial<Event> & Pick<Event, 'type' | 'message'>, string]>([
    [{ type: 'state', from: 'STARTING', to: 'BACKOFF', reason, message: SECRET }, 'STARTING -> BACKOFF (init)'],
    [{ type: 'problem', from: 'STARTING', to: 'FATAL', reason, message: SECRET }, 'problem: FATAL (init)'],
    [{ type: 'recovered', to: 'RUNNING', reason, message: SECRET }, 'no problem any more: RUNNING (init)'],
    [{ type: 'health', message: `unhealthy: ${SECRET}` }, 'unhealthy'],
    [{ type: 'health', message: `unhealthy: healthy` }, 'unhealthy'],
    [{ type: 'hook', message: `after-stop exited with 3: succeeded\n${SECRET}` }, 'after-stop failed'],
    [
      { type: 'version', message: `version 2026-01-01 10:00 may not take over: ${SECRET}` },
      'version 2026-01-01 10:00 may not take over',
    ],
  ])('%j tells nothing that was printed', (given, message) => {
    const shown = withoutText(event(given));
    expect(shown.message).toBe(message);
    expect(JSON.stringify(shown)).not.toMatch(/hunter2|pass:word/);
  });

  test.each<Partial<Event> & Pick<Event, 'type' | 'message'>>([
    { type: 'exit', message: 'exit code 3 after 12.3 s' },
    { type: 'hook', message: 'before succeeded' },
    { type: 'health', message: 'healthy again' },
    { type: 'version', message: 'version 2026-01-02 10:00 takes over from 2026-01-01 09:00' },
    { type: 'command', message: 'stop --until 18:00' },
    { type: 'missed', message: 'missed its window of 10:00' },
    { type: 'hold', message: 'held until 18:00', reason: { code: 'manual', message: 'held until 18:00' } },
  ])('%j is told as it is', (given) => {
    expect(withoutText(event(given))).toEqual(event(given));
  });
});
