/** Runs an integration test on what the sources are now. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const VITEST = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url));

let built;

/**
 * @param filter - what the name of its file has
 * @param env - variables that it is told by
 * @returns whether it passed, and all that it has printed
 */
export async function runScenario(filter, env) {
  built ??= run([fileURLToPath(new URL('../build.mjs', import.meta.url))], {});
  const build = await built;
  if (!build.ok) return build;
  // No names of tests before what they print: the tables are taken from it.
  const reporter = ['--reporter=default', '--silent=false', '--disable-console-intercept', '--no-color'];
  return await run([VITEST, 'run', '--project', 'integration', filter, ...reporter], { NO_COLOR: '1', ...env });
}

function run(argv, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, argv, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => (output += text));
    child.once('error', reject);
    child.once('close', (code) => resolve({ ok: code === 0, output }));
  });
}
