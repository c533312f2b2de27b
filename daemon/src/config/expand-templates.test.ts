import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { expandConfig, expandFile } from './expand-templates.ts';
import { parseConfig } from './load.ts';
import { testContext } from './test-context.ts';

const folder = new URL('fixtures/', import.meta.url);
const FILE = '/tmp/procman.toml';

function expanded(text: string): string {
  const result = expandConfig(text, FILE, testContext);
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join('\n'));
  return result.text;
}

/** What a text loads to, without lines and without what tells that a template was used. */
function meaning(text: string): unknown {
  const result = parseConfig(text, FILE, testContext);
  if (!result.ok) {
    return result.problems.map(({ severity, process, key, message, found }) => ({
      severity,
      process,
      key,
      message,
      found,
    }));
  }
  const processes = result.config.core.processes.map((process) => ({
    ...process,
    versions: process.versions.map((version) => ({
      ...version,
      fingerprint: { ...version.fingerprint, template: '' },
    })),
  }));
  return { uid: result.config.uid, daemon: result.config.daemon, core: { ...result.config.core, processes } };
}

const fixtures = readdirSync(folder)
  .filter((name) => name.endsWith('.toml') && name !== 'seed-colon.toml')
  .map((name): [string, string] => [name, readFileSync(new URL(name, folder), 'utf8')]);
const HEAD = 'uid = "u"\nfile-format = "0"\n';
const PROCESS = '[[process]]\nid = "a"\napply-on = 2024-10-01T12:00:00\n';

describe('loads to the same configuration', () => {
  test.each([
    ...fixtures.filter(([name]) => meaningIsConfig(name)),
    [
      'octal, decimal and dates',
      `${HEAD}${PROCESS}command = "true"\numask = 0o22\nstart-secs = 1.50\nenv = { A = 1.10, B = 0o17, C = 1e3 }\n`,
    ],
    [
      'the same in a template',
      `${HEAD}[[template]]\nname = "T"\ntemplate = """\ncommand = "echo {{ x }}"\numask = 0o22\nenv = { A = 1.10 }\nstart-secs = {{ s }}\n"""\n${PROCESS}env.B = 2.50\ntemplate = { template = "T", x = 1.20, s = 0.50 }\n`,
    ],
    [
      'a template for all',
      `${HEAD}[defaults]\nnice = 3\n[defaults.template]\ntemplate = "T"\n[[template]]\nname = "T"\ntemplate = 'command = "sleep 1"'\n${PROCESS}`,
    ],
    ['nothing', HEAD],
    ['marks of its own', `${HEAD}${PROCESS}command = "echo \uE000 \uE000\uE000 1"\nstart-secs = 2.5\n`],
  ])('%s', (_, text) => {
    const again = expanded(text);
    expect(meaning(again)).toEqual(meaning(text));
    expect(again).not.toMatch(/^\[\[?(process\.)?template/m);
    expect(expanded(again)).toBe(again);
  });
});

function meaningIsConfig(name: string): boolean {
  return parseConfig(readFileSync(new URL(name, folder), 'utf8'), FILE, testContext).ok;
}

test("PROCMAN's PODMAN example gives the commands that its document has in mind", () => {
  const text = readFileSync(new URL('seed-templates.toml', folder), 'utf8');
  const plain = readFileSync(new URL('seed-podman.toml', folder), 'utf8');
  const versions = (given: string) => {
    const result = parseConfig(given, FILE, testContext);
    return result.ok ? result.config.core.processes.map(({ versions: [version] }) => version!) : [];
  };
  const [a, b] = versions(text);
  expect(a!.command).toMatchObject({
    type: 'simple',
    argv: 'podman run --init --rm --name test_a docker.io/ubuntu:24.04 sleep 444'.split(' '),
  });
  expect(a!.hooks).toMatchObject({
    before: { command: 'podman stop -t4 test_a || true && podman rm -f test_a' },
    stop: { command: 'podman stop -t4 test_a || true && podman rm -f test_a' },
  });
  expect(a!.healthCheck).toMatchObject({
    probe: { command: `[ "$(podman inspect --format '{{.State.Status}}' test_a)" = "running" ]` },
  });
  expect(b!.command.argv.slice(-2)).toEqual(['sleep', '555']);
  const [written] = versions(plain.replaceAll(/\btest\b/g, 'test_a'));
  expect(written).toMatchObject({
    command: { argv: a!.command.argv },
    hooks: a!.hooks,
    healthCheck: a!.healthCheck!,
  });
});

describe('what is printed', () => {
  test('keeps the order, and leaves names of the later stage', () => {
    const text = `${HEAD}[[template]]\nname = "T"\ntemplate = '''command = "echo {{ x }} {{ PROCMAN_ID }} {{ '{{.X}}' }}"'''\n${PROCESS}nice = 3\n[process.template]\ntemplate = "T"\nx = "{{ HOME }}"\n`;
    expect(expanded(text)).toBe(
      `${HEAD}\n${PROCESS}nice = 3\ncommand = "echo {{ HOME }} {{ PROCMAN_ID }} {{ '{{.X}}' }}"\n`,
    );
  });

  test.each([
    ['a missing variable', 'template = { template = "T" }', 'needs the variable "x"'],
    ['a wrong kind of value', 'template = { template = "T", x = [] }', 'wrong kind of value'],
    ['no TOML', 'template = ', 'not valid TOML'],
  ])('%s', (_, keys, message) => {
    const text = `${HEAD}[[template]]\nname = "T"\ntemplate = 'command = "{{ x }}"'\n${PROCESS}${keys}\n`;
    const result = expandConfig(text, FILE, testContext);
    expect(result.ok ? [] : result.problems.map((problem) => problem.message)).toEqual([
      expect.stringContaining(message) as string,
    ]);
  });

  test('what else is wrong does not matter', () => {
    expect(expanded(`${HEAD}[[process]]\nid = "a"\ncommand = "/nowhere"\nnise = 1\n`)).toContain('nise = 1');
  });
});

describe('files', () => {
  const place = mkdtempSync(join(tmpdir(), 'procman-expand-'));
  afterAll(() => rmSync(place, { recursive: true }));

  test('what is included is in it', () => {
    mkdirSync(join(place, 'conf.d'));
    writeFileSync(join(place, 'main.toml'), `${HEAD}include = ["conf.d/*.toml"]\n`);
    writeFileSync(join(place, 'conf.d/a.toml'), `${PROCESS}template = { template = "T", n = 2 }\n`);
    writeFileSync(join(place, 'conf.d/t.toml'), `[[template]]\nname = "T"\ntemplate = 'command = "sleep {{ n }}"'\n`);
    expect(expandFile(join(place, 'main.toml'), testContext)).toEqual({
      ok: true,
      text: `${HEAD}\n${PROCESS}command = "sleep 2"\n`,
    });
  });

  test('one that is not there', () => {
    expect(expandFile(join(place, 'none.toml'), testContext)).toMatchObject({
      ok: false,
      problems: [{ severity: 'error' }],
    });
  });
});
