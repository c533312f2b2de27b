/** Command lines that make no sense: both commands end soon, with an exit code that is documented, and say what is wrong. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from '../../daemon/src/simulation/random.ts';
import { fuzz, timeLimit, type Course } from '../fuzz/budget.ts';
import { begin } from '../harness/commands.ts';
import { service } from '../harness/config.ts';
import { procmanctl, procmand } from '../harness/paths.ts';
import { identityOf } from '../harness/processes.ts';
import { expect, test } from '../harness/test.ts';

const ODD = ['', ' ', '-', '--', '---', '-x', '--x=', '--=', '-vh', '--version=1', '\u202e', 'é', '0', '-1', '1e9', '../../..', '/dev/null', '/dev/zero', '/', '.', '*', '$(x)', '"', "'", '\n', '%s%n', '__proto__', 'constructor', 'x'.repeat(20_000)]; // prettier-ignore
const DAEMON_WORDS = ['run', 'help', '-c', '--config', '-l', '-e', 'debug', '-q', '-k', '--state-dir', '--socket', '--on-exit', 'leave', '--stream', '--last-good', '-v', '-h', '-d', 'no-such.toml']; // prettier-ignore
/** `install` is not among the daemon's words: it might succeed. */
const CLIENT_WORDS = ['status', 'start', 'stop', 'restart', 'unblock', 'signal', 'timeline', 'logs', 'tail', 'plan', 'reread', 'update', 'check', 'expand-templates', 'schema', 'uid', 'list', 'ping', 'pid', 'version', 'help', 'explain', 'events', 'doctor', 'wait', '--json', '--for', '1d', '--at', '18:00', '--until', '--timeout', '-n', '--stderr', '--problems', '-s', '-u', '-c', 'no-such-name', 'TERM', '-y', '--no-color', '--watch=x', '--help']; // prettier-ignore

function wordsOf(random: Random, known: readonly string[]): string[] {
  const word = (): string => random.pick(random.chance(0.65) ? known : ODD) ?? '';
  const cut = (text: string): string => (random.chance(0.1) ? text.slice(0, random.below(text.length + 1)) : text);
  return Array.from({ length: random.between(0, 5) }, () => cut(word()));
}

const COURSE: Course = { name: 'argv', rounds: 60, share: 0.3 };

test('of procmand and procmanctl', { timeout: timeLimit(COURSE) }, async ({ world }) => {
  world.configure([service('web', 'steady')]);
  await world.startDaemon();
  await world.waitForState('web', 'RUNNING');
  const before = identityOf(await world.pidOf('web'));
  // No configuration is found from here, so that no daemon starts.
  const empty = join(world.root, 'empty');
  mkdirSync(empty);
  await fuzz(COURSE, async (random) => {
    const isDaemon = random.chance(0.35);
    const words = wordsOf(random, isDaemon ? DAEMON_WORDS : CLIENT_WORDS);
    const script = 'cd "$1" && shift && exec "$@"';
    const { code, stdout, stderr } = await begin(
      'sh',
      ['-c', script, 'sh', empty, isDaemon ? procmand : procmanctl, ...words],
      world.env,
    ).finished;
    const what = JSON.stringify([
      isDaemon ? 'procmand' : 'procmanctl',
      ...words.map((word) => word.slice(0, 40)),
      stderr.slice(0, 500),
    ]);
    expect([what, isDaemon ? [0, 1, 2, 6] : [0, 1, 2, 3, 4, 5, 6]]).toEqual([
      what,
      expect.arrayContaining([code]) as unknown,
    ]);
    expect(what + stdout, 'a crash').not.toMatch(/\\n\s+at .*:\d+|TypeError|RangeError|UnhandledPromise/);
    if (code === 2) expect([what, stderr + stdout]).not.toEqual([what, '']);
  });
  expect(identityOf(await world.pidOf('web'))).toBe(before);
});
