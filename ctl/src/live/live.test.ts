/** `status --watch` and `wait` against a daemon that tells of events. */
import type { Row } from '@procman/protocol/views';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { run } from '../cli.ts';
import { COMMANDS } from '../command-table.ts';
import { OutputClosed } from '../io.ts';
import { type Caller, FakeDaemon, FakeError, row, running, statusOf } from '../testing/fake-daemon.ts';
import { fakeIo, type FakeIo, type FakeTerminal } from '../testing/fake-io.ts';

const surroundings = { euid: 0, env: {}, proc: '/nowhere', rootRuntime: '/nowhere' };
const failed: Row = row({
  name: 'web',
  state: 'FATAL',
  verdict: 'problem',
  reason: { code: 'exit', message: 'it gave up' },
});

/** A daemon whose rows a test changes, with an event for each change. */
class Scene {
  rows: readonly Row[] = [running('web', 12, 60)];
  readonly subscribers: Caller[] = [];
  daemon!: FakeDaemon;
  #seq = 0;

  async start(): Promise<this> {
    this.daemon = await FakeDaemon.start({
      subscribe: (_, caller) => {
        this.subscribers.push(caller);
        return { seq: this.#seq };
      },
      status: () => statusOf(this.rows),
    });
    return this;
  }

  change(rows: readonly Row[], name = 'web'): void {
    this.rows = rows;
    for (const { notify } of this.subscribers) {
      notify('event', { seq: (this.#seq += 1), at: '2026-03-01T12:00:00.000Z', type: 'state', name, message: 'x' });
    }
  }

  asked(method: string): number {
    return this.daemon.asked.filter((one) => one.method === method).length;
  }
}

let scene: Scene;
afterEach(() => scene.daemon.stop());

function begin(words: readonly string[], terminal: FakeTerminal = {}): { io: FakeIo; code: Promise<number> } {
  const io = fakeIo(terminal);
  return { io, code: run(['-s', scene.daemon.socket, ...words], { io, surroundings, commands: COMMANDS }) };
}

const settled = (condition: () => boolean): Promise<void> =>
  vi.waitFor(() => expect(condition()).toBe(true), { timeout: 15_000 });

describe('status --watch', () => {
  it('prints the table anew at each change in a pipe, and nothing in between', async () => {
    scene = await new Scene().start();
    const { io, code } = begin(['status', '--watch']);
    await settled(() => io.printed.out !== '');
    scene.change([running('web', 12, 61)]);
    await settled(() => scene.asked('status') === 2);
    scene.change([failed]);
    await settled(() => io.printed.out.includes('FATAL'));
    io.interrupt();
    expect(await code).toBe(130);
    expect(io.printed).toEqual({ out: 'web  RUNNING  pid 12, uptime 0:01:00\n\nweb  FATAL  it gave up\n', err: '' });
  });

  it('prints a line of JSON per change', async () => {
    scene = await new Scene().start();
    const { io, code } = begin(['status', '--watch', '--json']);
    await settled(() => io.printed.out !== '');
    scene.change([failed]);
    await settled(() => io.printed.out.includes('FATAL'));
    io.interrupt();
    expect(await code).toBe(130);
    expect(io.printed.out).toBe(
      `${JSON.stringify(statusOf([running('web', 12, 60)]))}\n${JSON.stringify(statusOf([failed]))}\n`,
    );
  });

  it('asks a few times only, however much happens', async () => {
    scene = await new Scene().start();
    const { io, code } = begin(['status', '--watch']);
    await settled(() => io.printed.out !== '');
    for (let at = 0; at < 500; at += 1) scene.change([running('web', 12 + at, 60)]);
    scene.change([failed]);
    await settled(() => io.printed.out.includes('FATAL'));
    expect(scene.asked('status')).toBeLessThanOrEqual(4);
    io.interrupt();
    await code;
  });

  it('does not ask for what happens to others', async () => {
    scene = await new Scene().start();
    const { io, code } = begin(['status', 'web', '--watch']);
    await settled(() => io.printed.out !== '');
    scene.change([failed], 'other');
    scene.change([failed], 'web');
    await settled(() => io.printed.out.includes('FATAL'));
    expect(scene.asked('status')).toBe(2);
    io.interrupt();
    await code;
  });

  it('redraws a screen in place, ages uptimes by itself, and leaves the screen clean', async () => {
    scene = await new Scene().start();
    const { io, code } = begin(['status', '-w'], { terminal: true, env: { TERM: 'xterm' } });
    await settled(() => /uptime 0:01:0[1-9]/.test(io.printed.out));
    expect(scene.asked('status')).toBe(1);
    expect(io.printed.out.startsWith('\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[H')).toBe(true);
    const before = io.printed.out.length;
    io.resize(20, 3);
    expect(io.printed.out.slice(before).split('\r\n')).toHaveLength(3);
    io.signal('SIGTSTP');
    expect(io.raised).toEqual(['SIGSTOP']);
    io.signal('SIGCONT');
    io.interrupt();
    expect(await code).toBe(130);
    expect(io.printed.out.endsWith('\u001b[?7h\u001b[?25h\u001b[?1049l')).toBe(true);
    const enters = io.printed.out.split('\u001b[?1049h').length;
    expect(io.printed.out.split('\u001b[?1049l')).toHaveLength(enters);
  });

  it('leaves the screen before SIGTERM ends it', async () => {
    scene = await new Scene().start();
    const { io, code } = begin(['status', '-w'], { terminal: true, env: { TERM: 'xterm' } });
    await settled(() => io.printed.out.includes('web'));
    io.signal('SIGTERM');
    expect(await code).toBe(143);
    expect(io.raised).toEqual(['SIGTERM']);
    expect(io.printed.out.endsWith('\u001b[?1049l')).toBe(true);
  });

  it('waits for a daemon that goes, and says that it is back', async () => {
    scene = await new Scene().start();
    const { io, code } = begin(['status', '--watch']);
    await settled(() => io.printed.out !== '');
    for (const { hangUp } of scene.subscribers) hangUp();
    await settled(() => io.printed.err.includes('daemon is back'));
    expect(io.printed.err).toBe(
      'procmanctl: the daemon has gone; waiting until it is back\nprocmanctl: the daemon is back\n',
    );
    expect(io.printed.out.split('\n\n')).toHaveLength(2);
    io.interrupt();
    expect(await code).toBe(130);
  });

  it('ends in silence when its reader goes, also on a screen that ticks', async () => {
    scene = await new Scene().start();
    let outputs = 0;
    const beforeOut = (): void => {
      outputs += 1;
      if (outputs > 1) throw new OutputClosed('gone');
    };
    const { io, code } = begin(['status', '-w'], { terminal: true, env: { TERM: 'xterm' }, beforeOut });
    expect(await code).toBe(0);
    expect(io.printed.err).toBe('');
  });

  it('ends with what the daemon refuses', async () => {
    scene = await new Scene().start();
    const { io, code } = begin(['status', '--watch']);
    await settled(() => io.printed.out !== '');
    await scene.daemon.stop();
    scene = new Scene();
    scene.daemon = await FakeDaemon.start({
      subscribe: () => {
        throw new FakeError('unknown-name', 'x', { names: [{ given: 'wbe', nearest: ['web'] }] });
      },
    });
    io.interrupt();
    await code;
    const second = begin(['status', 'wbe', '--watch']);
    expect(await second.code).toBe(4);
    expect(second.io.printed.err).toBe('procmanctl: no process is called "wbe"; did you mean "web"?\n');
  });
});

describe('wait', () => {
  it('looks after it has subscribed, and once more at each event', async () => {
    scene = await new Scene().start();
    scene.rows = [row({ name: 'web', state: 'STARTING', verdict: 'pending' })];
    const { io, code } = begin(['wait', 'web', '--for', 'running']);
    await settled(() => scene.asked('status') === 1);
    expect(scene.daemon.asked.map(({ method }) => method)).toEqual(['subscribe', 'status']);
    scene.change([running('web', 12, 0)]);
    expect(await code).toBe(0);
    expect(io.printed.out).toBe('web: running\n');
  });

  it('gives up where it never will be, saying why, and still tells of the others', async () => {
    scene = await new Scene().start();
    scene.rows = [failed, running('api', 3, 1)];
    const { io, code } = begin(['wait', 'all', '--for', 'running']);
    expect(await code).toBe(1);
    expect(io.printed.out).toBe('web: ERROR (FATAL: it gave up)\napi: running\n');
  });

  it('ends at its timeout with exit 1; as JSON in one piece', async () => {
    scene = await new Scene().start();
    const { io, code } = begin(['wait', 'web', '--for', 'stopped', '--timeout', '300ms', '--json']);
    expect(await code).toBe(1);
    expect(JSON.parse(io.printed.out)).toMatchObject({
      ok: false,
      results: [{ name: 'web', ok: false, code: 'timeout', state: 'RUNNING' }],
    });
  });

  it('takes what vanishes for stopped', async () => {
    scene = await new Scene().start();
    scene.rows = [running('web', 1, 1), row({ name: 'db', state: 'STOPPED', expected: 'stopped' })];
    const { io, code } = begin(['wait', 'all', '--for', 'stopped']);
    await settled(() => io.printed.out.includes('db: stopped'));
    scene.change([row({ name: 'db', state: 'STOPPED', expected: 'stopped' })]);
    expect(await code).toBe(0);
    expect(io.printed.out).toBe('db: stopped\nweb: stopped\n');
  });

  it('waits without --for until all is as it should be', async () => {
    scene = await new Scene().start();
    const done = row({
      name: 'job',
      state: 'EXITED',
      expected: 'finished',
      reason: { code: 'finished', message: 'x' },
    });
    scene.rows = [running('web', 1, 1), done];
    const { io, code } = begin(['wait', 'all']);
    expect(await code).toBe(0);
    expect(io.printed.out).toBe('web: running\njob: finished\n');
  });

  it('Ctrl-C: 130; a daemon that goes: 5', async () => {
    scene = await new Scene().start();
    const first = begin(['wait', 'web', '--for', 'stopped']);
    await settled(() => scene.asked('status') === 1);
    first.io.interrupt();
    expect(await first.code).toBe(130);
    const second = begin(['wait', 'web', '--for', 'stopped']);
    await settled(() => scene.asked('status') === 2);
    for (const { hangUp } of scene.subscribers) hangUp();
    expect(await second.code).toBe(5);
  });
});
