import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { countProcesses, currentContext, loadConfig } from './load.ts';

const example = fileURLToPath(new URL('../../../etc/procman.example.toml', import.meta.url));
/** An ordinary user: who may write the file matters to root only, and depends on how the clone was made. */
const context = { ...currentContext(), euid: 1000 };

test('the example loads without any problem', () => {
  const result = loadConfig(example, context);
  expect(result).toMatchObject({ ok: true, warnings: [] });
  expect(result.ok && countProcesses(result.config)).toBe(4);
});

test('the example shows what it is said to show', () => {
  const result = loadConfig(example, context);
  const processes = result.ok ? result.config.core.processes : [];
  const versions = Object.fromEntries(processes.map(({ id, versions: [version] }) => [id, version]));
  expect(versions).toMatchObject({
    migrate: { oneShot: true, command: { type: 'simple' } },
    server: { dependsOn: [{ id: 'migrate', condition: 'finished' }] },
    worker: { numprocs: 2, dependsOn: [{ id: 'server', condition: 'running', onLoss: 'keep' }] },
    flapping: { maxRuns: 5, autorestart: 'always' },
  });
});
