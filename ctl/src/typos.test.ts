/** Whatever word is mistyped, the nearest one is proposed. */
import { afterEach, expect, it } from 'vitest';
import { run } from './cli.ts';
import { COMMANDS } from './command-table.ts';
import { FakeDaemon, FakeError } from './testing/fake-daemon.ts';
import { fakeIo } from './testing/fake-io.ts';

const surroundings = { euid: 0, env: {}, proc: '/nowhere', rootRuntime: '/nowhere' };
let daemon: FakeDaemon | undefined;
afterEach(() => daemon?.stop());

const unknown = (): never => {
  throw new FakeError('unknown-name', 'x', { names: [{ given: 'ngin', nearest: ['nginx'] }] });
};

it.each<[string, string, number]>([
  ['staus', '"status"', 2],
  ['Restart a', '"restart"', 2],
  ['udpate', '"update"', 2],
  ['help strat', '"start"', 2],
  ['status --jsno', '"--json"', 2],
  ['status --wacth', '"--watch"', 2],
  ['status --problem', '"--problems"', 2],
  ['stop a --utnil 18:00', '"--until"', 2],
  ['logs a --folow', '"--follow"', 2],
  ['restart --stael', '"--stale"', 2],
  ['--sokcet x status', '"--socket"', 2],
  ['wait a --for runing', '"running"', 2],
  ['wait a --for stoped', '"stopped"', 2],
  ['wait a --for finish', '"finished"', 2],
  ['signal TEMR a', '"TERM"', 2],
  ['signal SIGURS1 a', '"USR1"', 2],
  ['start ngin', '"nginx"', 4],
  ['stop ngin', '"nginx"', 4],
  ['status ngin', '"nginx"', 4],
  ['pid ngin', '"nginx"', 4],
  ['wait ngin', '"nginx"', 4],
])('%s', async (line, meant, code) => {
  daemon = await FakeDaemon.start({ start: unknown, stop: unknown, status: unknown });
  const io = fakeIo();
  expect(await run(['-s', daemon.socket, ...line.split(' ')], { io, surroundings, commands: COMMANDS })).toBe(code);
  expect(io.printed.err).toContain(`did you mean ${meant}?`);
});
