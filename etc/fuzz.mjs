// Fuzzing for longer than in the test suite: npm run fuzz -- --minutes 10 --seed 7
// The same tests as in the suite (integration-tests/scenarios/fuzz-*.test.ts), each with its share of the time. A failure names its seed and round.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '5' }, seed: { type: 'string', default: String(Date.now() % 1e6) } },
});
for (const [name, text] of Object.entries(values)) {
  if (/^\d+(\.\d+)?$/.test(text)) continue;
  console.error(`--${name} takes a number, not "${text}"`);
  process.exit(2);
}
console.log(`fuzzing for ${values.minutes} minutes, seed ${values.seed}`);
const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url));
const { status } = spawnSync(process.execPath, [vitest, 'run', '--project', 'integration', 'scenarios/fuzz'], {
  cwd: fileURLToPath(new URL('..', import.meta.url)),
  env: { ...process.env, FUZZ_MINUTES: values.minutes, FUZZ_SEED: values.seed },
  stdio: 'inherit',
});
process.exit(status ?? 1);
