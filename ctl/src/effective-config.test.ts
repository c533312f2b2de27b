import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { effectiveConfig } from './effective-config.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'procmanctl-config-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const toml = (seconds: string): string => `file-format = "0"
uid = "shop"
[defaults]
stop-timeout = "${seconds}"
[[process]]
id = "web"
apply-on = "2026-01-01"
command = "sleep 5"
umask = "0027"
exit-codes = [0, 3]
env = { PASSWORD = "hunter2" }
depends-on = ["db"]
[[process]]
id = "db"
apply-on = "2026-01-01"
command = "sleep 6"
`;

const wish = (id: string, stateDir?: string): Parameters<typeof effectiveConfig>[0] => ({
  id,
  configPath: join(folder, 'shop.toml'),
  stateDir,
  loadedAt: '2026-03-01T08:00:00.000+00:00',
});

it('shows each setting as it is in effect, defaults worked in, and no value of the environment', () => {
  writeFileSync(join(folder, 'shop.toml'), toml('7s'));
  const lines = effectiveConfig(wish('web'));
  expect(lines).toEqual(
    expect.arrayContaining([
      'id = "web"',
      'command.line = "sleep 5"',
      'stop-timeout = "7s"',
      'umask = "0027"',
      'exit-codes = [0, 3]',
      'start-secs = "1s"',
      'depends-on = [{ id = "db", condition = "running", on-loss = "stop" }]',
      'env.PASSWORD = (set; its value is not shown)',
    ]),
  );
  expect(lines.join('\n')).not.toContain('hunter2');
  expect(lines[0]).toContain('may not be read');
});

it('prefers what was applied last to what the file says now', () => {
  mkdirSync(join(folder, 'state'));
  writeFileSync(join(folder, 'shop.toml'), toml('7s'));
  writeFileSync(join(folder, 'state/config.last.toml'), toml('9s'));
  const lines = effectiveConfig(wish('web', join(folder, 'state')));
  expect(lines[0]).toBe(`# ${join(folder, 'shop.toml')}, as it was applied last`);
  expect(lines).toContain('stop-timeout = "9s"');
});

it('says what is wrong with the file, and what is not in it', () => {
  writeFileSync(join(folder, 'shop.toml'), toml('soon'));
  expect(effectiveConfig(wish('web')).join('\n')).toContain('stop-timeout');
  writeFileSync(join(folder, 'shop.toml'), toml('7s'));
  expect(effectiveConfig(wish('gone')).at(-1)).toBe('# it has no process "gone" any more');
  rmSync(join(folder, 'shop.toml'));
  expect(effectiveConfig(wish('web')).join('\n')).toContain('shop.toml');
});
