import { expect, test } from 'vitest';
import { launchProblem } from './launchable.ts';
import { parseConfig } from './load.ts';
import { testContext } from './test-context.ts';

/** A version that is only checked for its syntax at load, because it is fake. */
function versionWith(keys: string) {
  const text = `uid = "u"\nfile-format = "0"\n[[process]]\nid = "a"\napply-on = "2024-10-01"\nfake = true\n${keys}\n`;
  const result = parseConfig(text, '/tmp/procman.toml', testContext);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.config.core.processes[0]!.versions[0]!;
}

const PATH = '/usr/sbin:/usr/bin:/sbin:/bin';

test.each([
  ['command = "sleep 1"', { PATH }, undefined],
  ['command = "sleep 1"', {}, undefined],
  ['command = "sleep 1"', { PATH: '/nowhere' }, 'the program "sleep" is in none of the folders of PATH'],
  [
    'command = "sleep 1"\nenv = { PATH = "/nowhere" }',
    { PATH },
    'the program "sleep" is in none of the folders of PATH',
  ],
  [`command = "sleep 1"\nenv = { PATH = "${PATH}" }`, { PATH: '/nowhere' }, undefined],
  ['command = "/bin/sleep 1"', { PATH: '/nowhere' }, undefined],
  ['command = "./sleep 1"\nwork-dir = "/bin"', {}, undefined],
  ['command = "bin/sleep 1"\nwork-dir = "/"', {}, undefined],
  ['command = "./sleep 1"', {}, 'the program "/tmp/sleep" does not exist'],
  ['command = "/bin 1"', {}, 'the program "/bin" is a folder'],
  ['command = "/etc/passwd"', {}, 'the program "/etc/passwd" is not executable'],
  ['command = "no-such | thing"', {}, undefined],
  ['command = "sleep 1"\nwork-dir = "/nowhere"', {}, 'the work-dir "/nowhere" does not exist'],
  [
    'command = "sleep 1"\nwork-dir = "/etc/passwd"',
    {},
    'the work-dir "/etc/passwd" is not a folder that can be entered',
  ],
])('%s with %j', (keys, environment, expected) => {
  const problem = launchProblem(versionWith(keys), { environment });
  if (expected === undefined) expect(problem).toBeUndefined();
  else expect(problem).toMatch(new RegExp(`^${expected}: .+`));
});
