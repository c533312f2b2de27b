import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sampleConfig } from './gen-file.ts';
import { allowedText, type Shape } from './key.ts';
import { daemonKeys, topKeys } from './daemon-keys.ts';
import { metricsKeys } from './metrics-keys.ts';
import { configCandidates } from './locate.ts';
import { countProcesses, currentContext, parseConfig } from './load.ts';
import { createNearest } from './nearest.ts';
import { locate } from './positions.ts';
import { processKeys } from './process-keys.ts';
import { Report } from './report.ts';
import { checkTools, terminalObstacles } from './rules-machine.ts';

test('the sample of gen-file loads without problems', () => {
  const text = sampleConfig('550e8400-e29b-41d4-a716-446655440000', new Date());
  const result = parseConfig(text, '/tmp/procman.toml', currentContext());
  expect(result).toMatchObject({ ok: true, warnings: [] });
  expect(result.ok && countProcesses(result.config)).toBe(2);
});

test('the sample loads with its commented keys, too', () => {
  const text = sampleConfig('u', new Date(2026, 0, 2)).replaceAll(/^# (?=\[|[a-z-]+ = )/gm, '');
  expect(text).toContain('\n[daemon]\nlog-level');
  expect(parseConfig(text, '/tmp/procman.toml', currentContext())).toMatchObject({ ok: true, warnings: [] });
});

test('where the configuration is looked for', () => {
  expect(configCandidates('/opt/procman/bin/procmand', '/home/me')).toEqual([
    '/opt/procman/etc/procman.toml',
    '/opt/procman/procman.toml',
    '/home/me/procman.toml',
    '/home/me/etc/procman.toml',
    '/etc/procman.toml',
    '/etc/procman/procman.toml',
  ]);
  expect(configCandidates('bin/procmand', '/srv')).toEqual([
    '/srv/etc/procman.toml',
    '/srv/procman.toml',
    '/etc/procman.toml',
    '/etc/procman/procman.toml',
  ]);
});

test.each<[string, Shape]>([
  ['top', topKeys],
  ['daemon', daemonKeys],
  ['metrics', metricsKeys],
  ['process', processKeys],
])('every key of %s has its texts', (_, shape) => {
  for (const [name, check] of Object.entries(shape)) {
    expect(allowedText(check), name).toBeTruthy();
    expect(check.meta()?.['example'], name).toBeTruthy();
    expect(check.description, name).toBeTruthy();
  }
});

test('nearest names', () => {
  const nearest = createNearest(['work-dir', 'worker', 'web']);
  expect(['work_dri', 'Worker', 'wrker', 'database', 'x', 'a'.repeat(1000)].map((name) => nearest(name))).toEqual([
    'work-dir',
    'worker',
    'worker',
    undefined,
    undefined,
    undefined,
  ]);
});

test('what a terminal needs is named with what brings it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'procman-tools-'));
  const told = (): string[] => terminalObstacles([folder]).map(({ message, hint }) => `${message}: ${hint}`);
  const hint = 'or take pty out';
  expect(told()).toEqual([
    `the system tool script is missing in ${folder}: install util-linux (Debian: bsdutils), ${hint}`,
    `the system tool stty is missing in ${folder}: install coreutils, ${hint}`,
  ]);
  for (const name of ['busybox', 'stty']) writeFileSync(join(folder, name), '', { mode: 0o755 });
  symlinkSync('busybox', join(folder, 'script'));
  expect(told()).toEqual([
    `${folder}/script is that of busybox, which cannot tell how a command ended: install script of util-linux, ${hint}`,
  ]);
  rmSync(join(folder, 'script'));
  writeFileSync(join(folder, 'script'), '', { mode: 0o755 });
  expect(told()).toEqual([]);
  rmSync(folder, { recursive: true });
});

test('missing system tools are named with what brings them', () => {
  const report = new Report('/x', locate(''));
  checkTools(['/nowhere'], report);
  expect(report.sorted().map(({ message, hint }) => [message, hint])).toEqual([
    ['the system tool sh is missing in /nowhere', 'install dash or bash'],
    ['the system tool flock is missing in /nowhere', 'install util-linux'],
    ['the system tool setsid is missing in /nowhere', 'install util-linux'],
  ]);
});
