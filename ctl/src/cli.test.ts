import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { run } from './cli.ts';
import { COMMANDS } from './command-table.ts';
import { OutputClosed } from './io.ts';
import {
  type Answer,
  type Answers,
  FakeDaemon,
  FakeError,
  NO_ANSWER,
  row,
  running,
  statusOf,
  target,
} from './testing/fake-daemon.ts';
import { fakeIo, type FakeIo } from './testing/fake-io.ts';

const rows = [running('nginx', 1234, 323), row({ name: 'db', state: 'STOPPED', expected: 'stopped' })];
const noName = (): never => {
  throw new FakeError('unknown-name', 'unknown name', { names: [{ given: 'ngin', nearest: ['nginx'] }] });
};
const AT = '2026-03-01T12:00:00.000+00:00';
const empty = { ok: true, applied: false, hash: 'abc', added: [], removed: [], restarted: [], stale: [] };
const plan = { ...empty, changed: [], unchanged: [], actions: [], daemon: [], problems: [] };

let daemon: FakeDaemon | undefined;
afterEach(async () => {
  await daemon?.stop();
  daemon = undefined;
});

const surroundings = { euid: 0, env: {}, proc: '/nowhere', rootRuntime: '/nowhere' };

async function ctl(words: readonly string[], answers: Answers, io: FakeIo = fakeIo()) {
  daemon ??= await FakeDaemon.start(answers);
  const code = await run(['-s', daemon.socket, ...words], { io, surroundings, commands: COMMANDS });
  return { code, ...io.printed };
}

describe('exit codes', () => {
  it.each<[string, readonly string[], Answers, number]>([
    ['all is well', ['status'], { status: () => statusOf(rows) }, 0],
    ['a problem', ['status'], { status: () => statusOf([row({ name: 'a', verdict: 'problem' })]) }, 3],
    [
      'pending, stale, held are none',
      ['status'],
      { status: () => statusOf([row({ name: 'a', verdict: 'pending', stale: true, held: true })]) },
      0,
    ],
    ['started', ['start', 'a'], { start: () => ({ results: [target('a')] }) }, 0],
    ['failed', ['start', 'a', 'b'], { start: () => ({ results: [target('a'), target('b', { ok: false })] }) }, 1],
    ['no such command', ['frob'], {}, 2],
    ['an unknown name', ['start', 'ngin'], { start: noName }, 4],
    [
      'params that the daemon refuses',
      ['start', 'a'],
      {
        start: () => {
          throw new FakeError('invalid-params', 'invalid params', { issues: [{ path: 'names.0', message: 'bad' }] });
        },
      },
      2,
    ],
    [
      'another error',
      ['update'],
      {
        update: () => {
          throw new FakeError('shutting-down', 'it ends', {});
        },
      },
      1,
    ],
    ['a broken configuration', ['update'], { update: () => ({ ...plan, ok: false }) }, 6],
    [
      'a daemon that hangs up',
      ['ping'],
      {
        ping: (_, caller) => {
          caller.hangUp();
          return NO_ANSWER;
        },
      },
      5,
    ],
    ['the pid of a stopped one', ['pid', 'db'], { status: () => statusOf(rows.slice(1)) }, 1],
    ['help', ['help', 'start'], {}, 0],
  ])('%s', async (_, words, answers, code) => expect((await ctl(words, answers)).code).toBe(code));

  it('5 where nobody listens', async () => {
    const io = fakeIo();
    expect(await run(['-s', '/nowhere.sock', 'status'], { io, surroundings, commands: COMMANDS })).toBe(5);
    expect(io.printed.out).toBe('');
    const [first, second] = io.printed.err.split('\n');
    expect(first).toBe(
      'procmanctl: no daemon is running for socket /nowhere.sock: there is no such socket; start one with "procmand run FILE"',
    );
    expect(second).toMatch(/^nor is there anything that one has left \(looked for .+\); with -c FILE /);
  });

  it('and names the commands that do without, where another one is asked for', async () => {
    const io = fakeIo();
    expect(await run(['-s', '/nowhere.sock', 'ping'], { io, surroundings, commands: COMMANDS })).toBe(5);
    expect(io.printed.err).toContain('"status"');
    expect(io.printed.err).not.toContain('nor is there');
  });
});

describe('--json', () => {
  it('prints exactly the result, on one line', async () => {
    const { out } = await ctl(['status', '--json'], { status: () => statusOf(rows) });
    expect(out).toBe(`${JSON.stringify(statusOf(rows))}\n`);
  });

  it('prints errors as data on standard output', async () => {
    const { out, err, code } = await ctl(['start', 'ngin', '--json'], { start: noName });
    expect(JSON.parse(out)).toEqual({
      error: {
        code: -32001,
        message: 'no process is called "ngin"; did you mean "nginx"?',
        data: { names: [{ given: 'ngin', nearest: ['nginx'] }] },
      },
    });
    expect([err, code]).toEqual(['', 4]);
  });
});

describe('params', () => {
  it.each<[string, readonly string[], unknown]>([
    ['start', ['a', '--force', '--timeout', '1m 30s'], { names: ['a'], force: true, timeoutSeconds: 90 }],
    ['stop', ['a', 'b', '--now', '--no-wait'], { names: ['a', 'b'], now: true, wait: false }],
    ['stop', ['a', '--until', 'next-window'], { names: ['a'], until: 'next-window' }],
    ['restart', ['all', '--timeout', '2'], { names: ['all'], timeoutSeconds: 2 }],
    ['unblock', ['a', '--adopt', '12'], { names: ['a'], resolution: { adopt: 12 } }],
    ['unblock', ['a', '--gone'], { names: ['a'], resolution: 'gone' }],
    ['signal', ['sighup', 'a'], { signal: 'HUP', names: ['a'] }],
    ['status', [], {}],
    ['status', ['a', '--at', '18:00'], { names: ['a'], at: '18:00' }],
    ['status', ['--at', '2026-12-01T08:00'], { at: '2026-12-01T08:00' }],
    ['timeline', [], {}],
    ['timeline', ['a', 'b', '--for', '7d', '--from', '18:00'], { names: ['a', 'b'], from: '18:00', seconds: 604_800 }],
    ['update', ['--plan', 'x'], { hash: 'x' }],
    ['logs', ['a', '-n', '3', '--stderr'], { name: 'a', stream: 'stderr', lines: 3 }],
    ['logs', ['--daemon'], { daemon: true, lines: 50 }],
  ])('%s %j', async (method, words, params) => {
    const results = () => ({ results: [] });
    const logs = () => ({ name: 'a', stream: 'stdout', path: '/x', lines: ['x'], truncated: false });
    const answers = { start: results, stop: results, restart: results, unblock: results, signal: results, logs };
    const timeline = () => ({ from: AT, to: AT, entries: [], truncated: false });
    const status: Answer = ({ at }) => (at === undefined ? statusOf([]) : { at: AT, processes: [] });
    await ctl([method, ...words], { ...answers, status, timeline, update: () => plan });
    expect(daemon?.asked).toEqual([{ method, params }]);
  });

  it.each([
    [['unblock', 'a', '--gone', '--kill'], 'choose one of --gone, --adopt and --kill'],
    [['unblock', 'a', '--adopt', 'x'], '--adopt: "x" is no process id'],
    [['signal', 'FOO', 'a'], '"FOO" is no signal'],
    [['start', 'a', '--timeout', 'soon'], '--timeout: "soon"'],
    [['start', 'a', '--timeout', '0'], '--timeout: "0"'],
    [['timeline', '--for', 'ever'], '--for: "ever" is not a duration; write 90m, 12h, 7d, at most ten years'],
    [['timeline', '--for', '11y'], '--for: "11y"'],
    [['timeline', '--for', '0'], '--for: "0" is no time at all'],
    [['status', '--problems', '--at', '18:00'], '--problems and --at'],
    [['logs'], '"logs" needs a NAME, or --daemon'],
    [['logs', 'a', '-n', 'x'], '--lines: "x" is no number of lines'],
  ])('refuses %j without asking the daemon', async (words, message) => {
    const { code, err } = await ctl(words, {});
    expect(code).toBe(2);
    expect(err).toContain(message);
    expect(daemon?.asked).toEqual([]);
  });
});

describe('what is to come', () => {
  const timeline = () => ({
    from: AT,
    to: '2026-03-02T12:00:00.000+00:00',
    entries: [
      {
        at: '2026-03-01T13:30:00.000+01:00',
        name: 'shop',
        id: 'shop',
        action: 'start',
        applyOn: '2024-10-01T12:00:00',
      },
      { at: '2026-03-02T08:00:00.000+09:00', name: 'jobs:report', id: 'report', action: 'run', note: 'dst-skipped' },
    ],
    truncated: true,
  });
  const at = () => ({
    at: '2026-03-01T18:00:00.000+01:00',
    processes: [
      {
        name: 'shop',
        id: 'shop',
        expected: 'stopped',
        reason: { code: 'schedule', message: 'outside its window' },
        applyOn: '2024-10-01T12:00:00',
        next: { at: '2026-03-02T08:00:00.000+01:00', action: 'start' },
      },
    ],
  });

  it('is a line for each, as the clocks show it there; in a pipe with all columns', async () => {
    const { out, err } = await ctl(['timeline'], { timeline });
    expect(out).toBe(
      'Sun 2026-03-01 13:30:00 +01:00  shop         start  2024-10-01T12:00:00  -\n' +
        'Mon 2026-03-02 08:00:00 +09:00  jobs:report  run    -                    dst-skipped\n',
    );
    expect(err).toBe('procmanctl: there is more after these: --from 2026-03-02T12:00:00.000+00:00 goes on\n');
    expect((await ctl(['timeline', '--json'], {})).out).toBe(`${JSON.stringify(timeline())}\n`);
  });

  it('says on a terminal that nothing is', async () => {
    const nothing = () => ({ ...timeline(), entries: [], truncated: false });
    const { out, err } = await ctl(['timeline'], { timeline: nothing }, fakeIo({ terminal: true }));
    expect([out, err]).toEqual([
      'nothing will change by itself from Sun 2026-03-01 12:00:00 +00:00 to Mon 2026-03-02 12:00:00 +00:00\n',
      '',
    ]);
  });

  it('is told for one moment by status --at', async () => {
    const { code, out } = await ctl(['status', '--at', '18:00'], { status: at }, fakeIo({ terminal: true }));
    expect(code).toBe(0);
    expect(out.split('\n')).toEqual([
      'NAME  EXPECTED  INFO',
      expect.stringMatching(/^shop  stopped   outside its window, version 2024-10-01T12:00:00, then/),
      'expected at Sun 2026-03-01 18:00:00 +01:00',
      '',
    ]);
    expect((await ctl(['status', '--at', '18:00'], {})).out).toBe(
      'shop  stopped  outside its window, version 2024-10-01T12:00:00, then start Mon 2026-03-02 08:00:00 +01:00\n',
    );
  });
});

describe('questions', () => {
  const answers: Answers = {
    status: () => statusOf(rows.map((one) => ({ ...one, dependents: ['api'] }))),
    stop: () => ({ results: [target('nginx', { state: 'STOPPED' })] }),
    plan: () => ({
      ...plan,
      actions: [{ name: 'nginx', action: 'stop', reason: { code: 'not-in-config', message: 'gone' } }],
    }),
    update: () => plan,
  };
  const acted = (): string[] => daemon?.asked.map(({ method }) => method) ?? [];

  it('come before "stop all" on a terminal; a no does nothing', async () => {
    const io = fakeIo({ terminal: true, answer: false });
    expect((await ctl(['stop', 'all'], answers, io)).code).toBe(1);
    expect(io.questions).toEqual(['stop all: 1 running (nginx). Go on?']);
    expect(acted()).toEqual(['status']);
  });

  it('come before a stop that takes dependents along, naming them', async () => {
    const io = fakeIo({ terminal: true });
    const { out } = await ctl(['stop', 'nginx'], answers, io);
    expect(io.questions).toEqual(['stop nginx, db also stops what depends on it: api. Go on?']);
    expect(out).toBe('nginx: stopped\nit stays stopped until "start", also over reloads and reboots\n');
  });

  it('come before an update that stops something; a yes carries out that very plan', async () => {
    const io = fakeIo({ terminal: true });
    await ctl(['update'], answers, io);
    expect(io.questions).toEqual(['This would stop 1 of what runs. Go on?']);
    expect(daemon?.asked.at(-1)).toEqual({ method: 'update', params: { hash: 'abc' } });
  });

  it.each([
    ['without a terminal', ['stop', 'all'], fakeIo()],
    ['with -y', ['stop', 'all', '-y'], fakeIo({ terminal: true })],
    ['with --json', ['stop', 'all', '--json'], fakeIo({ terminal: true })],
  ])('do not come %s', async (_, words, io) => {
    await ctl(words, answers, io);
    expect(io.questions).toEqual([]);
    expect(acted()).toEqual(['stop']);
  });
});

describe('Ctrl-C', () => {
  it('ends the waiting only, and says so', async () => {
    const io = fakeIo();
    const { code, err } = await ctl(
      ['start', 'a'],
      {
        start: () => {
          setImmediate(io.interrupt);
          return NO_ANSWER;
        },
      },
      io,
    );
    expect(code).toBe(130);
    expect(err).toContain('only the waiting ended; the start goes on behind');
  });
});

describe('logs', () => {
  it('says where the text is when the asked stream has none', async () => {
    const logs = (params: Record<string, unknown>) => ({
      name: 'a',
      stream: params.stream ?? 'stdout',
      path: '/x',
      lines: params.stream === 'stderr' ? ['oops'] : [],
      truncated: false,
    });
    expect((await ctl(['logs', 'a'], { logs })).err).toBe('a: stdout is empty; stderr has text: logs a --stderr\n');
  });

  const follow = (end: () => void): Answers => ({
    logs: (_, caller) => {
      setImmediate(() => {
        caller.notify('log', { name: 'a', stream: 'stdout', lines: ['new'] });
        setImmediate(end);
      });
      return { name: 'a', stream: 'stdout', path: '/x', lines: ['old'], truncated: false };
    },
  });

  it('follows until Ctrl-C, and then is silent', async () => {
    const io = fakeIo();
    const answers = follow(() => void vi.waitFor(() => expect(io.printed.out).toContain('new')).then(io.interrupt));
    expect(await ctl(['logs', 'a', '-f'], answers, io)).toEqual({ code: 130, out: 'old\nnew\n', err: '' });
  });

  it('ends in silence when the reader of its output has gone', async () => {
    let outputs = 0;
    const io = fakeIo({
      beforeOut: () => {
        outputs += 1;
        if (outputs > 1) throw new OutputClosed('gone');
      },
    });
    expect(
      await ctl(
        ['logs', 'a', '-f'],
        follow(() => undefined),
        io,
      ),
    ).toEqual({ code: 0, out: 'old\n', err: '' });
  });
});

describe('offline', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'procmanctl-'))));
  afterEach(() => rmSync(folder, { recursive: true }));
  const offline = async (...words: string[]) => {
    const io = fakeIo();
    const code = await run(words, { io, surroundings, commands: COMMANDS });
    return { code, ...io.printed };
  };

  it('writes a first file that passes the check, and never over another', async () => {
    const file = join(folder, 'procman.toml');
    expect((await offline('gen-file', file)).code).toBe(0);
    expect(await offline('check', file)).toEqual({ code: 0, out: 'OK: 2 processes, 0 warnings\n', err: '' });
    expect((await offline('check', '--verbose', file)).out).toMatch(/^\S.* \(\d{4}-.*\): (simple|expression): .+\n/);
    const text = readFileSync(file, 'utf8');
    expect((await offline('gen-file', file)).code).toBe(1);
    expect(readFileSync(file, 'utf8')).toBe(text);
    expect((await offline('gen-file')).out).toContain('[[process]]');
  });

  it('prints every problem of a broken file: exit 6', async () => {
    const file = join(folder, 'broken.toml');
    writeFileSync(file, 'uid = "x"\nfile-format = "0"\n[[process]]\nid = "a"\n[[process]]\nid = "b"\n');
    const { code, out } = await offline('check', file);
    expect(code).toBe(6);
    expect(out).toMatch(/\d+ errors, 0 warnings\n$/);
    expect(JSON.parse((await offline('check', file, '--json')).out)).toMatchObject({ ok: false, file });
  });

  it('prints a file with its templates filled in; one that cannot be: exit 6', async () => {
    const file = join(folder, 'templates.toml');
    const template = `[[template]]\nname = "T"\ntemplate = 'command = "sleep {{ n }}"'\n`;
    const text = (use: string) =>
      `uid = "x"\nfile-format = "0"\n${template}[[process]]\nid = "a"\ntemplate = { template = "T", ${use} = 2 }\n`;
    writeFileSync(file, text('n'));
    const expanded = 'uid = "x"\nfile-format = "0"\n\n[[process]]\nid = "a"\ncommand = "sleep 2"\n';
    expect(await offline('expand-templates', file)).toEqual({ code: 0, out: expanded, err: '' });
    expect(JSON.parse((await offline('expand-templates', file, '--json')).out)).toEqual({ ok: true, text: expanded });
    writeFileSync(file, text('m'));
    const { code, out, err } = await offline('expand-templates', file);
    expect({ code, out }).toEqual({ code: 6, out: '' });
    expect(err).toContain(`${file}:8:1: error: process "a": template: template "T" (${file}:3) needs the variable "n"`);
    expect(JSON.parse((await offline('expand-templates', file, '--json')).out)).toMatchObject({ ok: false });
  });

  it('finds the daemon of a configuration by its uid', async () => {
    const file = join(folder, 'odd.toml');
    writeFileSync(file, '"uid" = "\\u0061bc"\n');
    const { code, err } = await offline('-c', file, 'status');
    expect(code).toBe(5);
    expect(err).toContain(`no daemon is running for uid "abc" (${file})`);
    expect((await offline('-c', join(folder, 'none.toml'), 'status')).code).toBe(6);
  });

  it('sends a file to plan with all that it includes, for the daemon opens none', async () => {
    const file = join(folder, 'procman.toml');
    writeFileSync(file, 'uid = "x"\nfile-format = "0"\ninclude = ["*.conf"]\n');
    writeFileSync(join(folder, 'more.conf'), '[[process]]\nid = "included"\n');
    await ctl(['plan', file], { plan: () => plan });
    const { config } = (daemon?.asked[0]?.params ?? {}) as { config?: { path: string; text: string } };
    expect(config?.path).toBe(file);
    expect(config?.text).toContain('|id = "included"');
    expect((await ctl(['plan', join(folder, 'none.toml')], {})).code).toBe(6);
  });

  it('prints a new uid each time', async () => {
    const [one, other] = [await offline('uid'), await offline('uid')];
    expect(one.out).toMatch(/^[0-9a-f-]{36}\n$/);
    expect(one.out).not.toBe(other.out);
  });
});
