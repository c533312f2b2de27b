import type { Row } from '@procman/protocol/views';
import { describe, expect, it } from 'vitest';
import { row, running, statusOf } from '../testing/fake-daemon.ts';
import { renderStatus, rowInfo } from './status.ts';
import type { Style } from './style.ts';

process.env.TZ = 'UTC';
const now = new Date('2026-03-01T12:00:00Z');
const pipe: Style = { terminal: false, columns: Infinity, color: false };
const terminal = (columns: number, color = false): Style => ({ terminal: true, columns, color });

const broken = row({
  name: 'データベース',
  state: 'BACKOFF',
  verdict: 'problem',
  reason: { code: 'exit', message: 'exited with code 7 before it had run for start-secs' },
  retryAt: '2026-03-01T12:00:08.000+00:00',
});
const held = row({
  name: 'example process 2',
  state: 'STOPPED',
  expected: 'stopped',
  held: true,
  hold: { since: '2026-03-01T11:00:00.000+00:00' },
  reason: { code: 'manual', message: 'stopped by an operator' },
});
const starting = row({
  name: 'api',
  state: 'STARTING',
  phase: 'settle',
  verdict: 'pending',
  pid: 77,
  reason: { code: 'wanted', message: 'wanted' },
});
const mixed = statusOf([
  running('nginx', 1234, 323),
  running('worker:worker_00', 1235, 90_320),
  starting,
  broken,
  held,
]);

const lines = (...texts: string[]): string => texts.map((text) => `${text}\n`).join('');

describe('renderStatus', () => {
  it('prints rows alone in a pipe, nothing cut', () => {
    expect(renderStatus(mixed, pipe, now)).toBe(
      lines(
        'nginx              RUNNING   pid 1234, uptime 0:05:23',
        'worker:worker_00   RUNNING   pid 1235, uptime 1d 1:05:20',
        'api                STARTING  pid 77, settle, wanted',
        'データベース       BACKOFF   exited with code 7 before it had run for start-secs, next try 12:00:08',
        'example process 2  STOPPED   stopped by an operator',
      ),
    );
  });

  it.each([
    ['code 3', { code: 3 }],
    ['SIGSEGV', { signal: 'SIGSEGV' }],
    ['status unknown', { unknown: true }],
  ] as const)('shows how a crash loop ends, also where a narrow terminal cuts the end off: %s', (words, exit) => {
    const message = '5 runs within 10 min: on by itself when the window has room, or with `unblock`';
    const looping = row({
      name: 'crash',
      state: 'BLOCKED',
      verdict: 'problem',
      reason: { code: 'too-many-runs', message },
      lastExit: { ...exit, at: '2026-03-01T11:59:00.000+00:00' },
    });
    expect(rowInfo(looping, now)).toBe(`last exit ${words}, ${message}`);
    expect(renderStatus(statusOf([looping]), terminal(60), now)).toContain(`BLOCKED  last exit ${words}, 5 runs`);
  });

  it('has columns of what is used where that was asked for', () => {
    const used = { cpuPercent: 12.3, rssBytes: 45 * 1024 ** 2, threads: 11, openFiles: 20, processes: 2 };
    const rows = statusOf([{ ...running('nginx', 1234, 323), resources: used, zombies: 2 }, held]);
    expect(renderStatus(rows, pipe, now, { resources: true })).toBe(
      lines(
        'nginx              RUNNING  12.3%  45.0MiB  11  20  2  pid 1234, uptime 0:05:23, 2 zombies',
        'example process 2  STOPPED  -      -        -   -   -  stopped by an operator',
      ),
    );
    expect(renderStatus(rows, terminal(120), now, { resources: true })).toMatch(
      /^NAME +STATE +CPU +MEMORY +THREADS +FILES +PROCESSES +INFO\n/,
    );
  });

  it('cuts the last column on a narrow terminal, never the name', () => {
    expect(renderStatus(mixed, terminal(60), now)).toBe(
      lines(
        'NAME               STATE     INFO',
        'nginx              RUNNING   pid 1234, uptime 0:05:23',
        'worker:worker_00   RUNNING   pid 1235, uptime 1d 1:05:20',
        'api                STARTING  pid 77, settle, wanted',
        'データベース       BACKOFF   exited with code 7 before it h…',
        'example process 2  STOPPED   stopped by an operator',
        '5 processes: 3 ok, 1 pending, 1 problem; 1 held',
      ),
    );
  });

  it.each([
    [80, 'データベース       BACKOFF   exited with code 7 before it had run for start-sec…'],
    [160, 'データベース       BACKOFF   exited with code 7 before it had run for start-secs, next try 12:00:08'],
  ])('fills %d columns', (columns, line) => {
    expect(renderStatus(mixed, terminal(columns), now).split('\n')[4]).toBe(line);
  });

  it('colours by verdict: red for a problem, yellow for what is on its way', () => {
    const painted = renderStatus(mixed, terminal(80, true), now).split('\n');
    expect(painted[1]).toBe('nginx              RUNNING   pid 1234, uptime 0:05:23');
    expect(painted[3]).toBe('\u001b[33mapi                STARTING  pid 77, settle, wanted\u001b[0m');
    expect(painted[4]).toMatch(/^\u001b\[31mデータベース .*…\u001b\[0m$/);
  });

  it('says that there is nothing, on a terminal only', () => {
    expect(renderStatus(statusOf([]), terminal(80), now)).toBe('no processes: /etc/procman.toml has none\n');
    expect(renderStatus(statusOf([]), pipe, now)).toBe('');
  });

  it('prints 500 rows', () => {
    const rows = Array.from({ length: 500 }, (_, at) => running(`service_${at}`, at + 1, at));
    expect(renderStatus(statusOf(rows), terminal(80), now).split('\n')).toHaveLength(503);
  });

  it('tells of a broken configuration, of a held reload and of a clock that is behind', () => {
    const status = statusOf([running('a', 1, 1)]);
    const at = '2026-03-01T10:00:00.000+00:00';
    const daemon = {
      ...status.daemon,
      configError: { at, problems: [] },
      heldReload: { at, hash: 'x', stops: ['a', 'b'] },
      clock: { behindUntil: '2026-03-01T14:00:00.000+00:00' },
    };
    expect(
      renderStatus({ ...status, daemon }, terminal(100), now)
        .split('\n')
        .slice(2, 6),
    ).toEqual([
      '1 process: 1 ok',
      'configuration not applied since 10:00:00: 0 problems; "plan" shows them',
      'a reload is held: it would stop a, b; "update" confirms it',
      'the clock is behind: schedules and versions wait until it has come to 14:00:00',
    ]);
  });
});

describe('rowInfo', () => {
  const info = (overrides: Partial<Row>): string => rowInfo(row({ name: 'a', ...overrides }), now);
  const at = '2026-03-01T11:59:00.000+00:00';

  it.each<[Partial<Row>, string]>([
    [{ state: 'EXITED', reason: { code: 'exit', message: 'x' }, lastExit: { code: 7, at } }, 'exited 11:59:00, code 7'],
    [
      { state: 'EXITED', reason: { code: 'finished', message: 'x' }, lastExit: { code: 0, at } },
      'finished 11:59:00, code 0',
    ],
    [
      { state: 'EXITED', reason: { code: 'exit', message: 'x' }, lastExit: { signal: 'SIGKILL', at } },
      'exited 11:59:00, SIGKILL',
    ],
    [
      {
        state: 'EXITED',
        reason: { code: 'interrupted', message: 'the machine went down' },
        lastExit: { unknown: true, at },
      },
      'exited 11:59:00, status unknown, the machine went down',
    ],
    [{ pid: 5, uptimeSeconds: 9, stale: true }, 'pid 5, uptime 0:00:09, stale: "restart" applies the new definition'],
    [
      { pid: 5, uptimeSeconds: 9, verdict: 'problem', reason: { code: 'not-in-config', message: 'kept by the guard' } },
      'pid 5, uptime 0:00:09, kept by the guard',
    ],
    [
      {
        state: 'STOPPED',
        held: true,
        hold: { since: at, until: 'reboot' },
        reason: { code: 'manual', message: 'stopped by an operator; held until `start`' },
      },
      'stopped by an operator until the next boot, or `start`',
    ],
    [
      { state: 'STOPPED', reason: { code: 'schedule', message: 'outside its window' }, next: { action: 'start', at } },
      'starts 11:59:00, outside its window',
    ],
    [
      { state: 'STOPPED', reason: { code: 'schedule', message: 'outside its window' }, next: { action: 'run', at } },
      'runs 11:59:00, outside its window',
    ],
    [{ pid: 5, uptimeSeconds: 9, next: { action: 'version', at } }, 'pid 5, uptime 0:00:09'],
  ])('%j', (overrides, text) => expect(info(overrides)).toBe(text));
});
