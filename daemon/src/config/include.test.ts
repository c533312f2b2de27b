import { mkdirSync, mkdtempSync, rmSync, writeFileSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bundleConfig, loadConfig, parseConfig } from './load.ts';
import { testContext } from './test-context.ts';

const process = (id: string, more = '') =>
  `[[process]]\nid = "${id}"\napply-on = "2024-10-01"\ncommand = "true"\n${more}`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'procman-include-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Writes files, the main one first, and loads it. */
function load(main: string, others: Record<string, string> = {}) {
  const path = join(folder, 'procman.toml');
  for (const [name, text] of Object.entries({ 'procman.toml': `uid = "u"\nfile-format = "0"\n${main}`, ...others })) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return loadConfig(path, testContext);
}

const ids = (result: ReturnType<typeof load>) =>
  result.ok ? result.config.core.processes.map(({ id }) => id) : result;
const problemsOf = (result: ReturnType<typeof load>) => (result.ok ? result.warnings : result.problems);

describe('files', () => {
  test('come after the main one, in the order of their names, each once', () => {
    const result = load(`include = ["conf.d/*.toml", "conf.d/b.toml", "one?/x.toml"]\n${process('main')}`, {
      'conf.d/b.toml': process('b'),
      'conf.d/a.toml': process('a'),
      'conf.d/.hidden.toml': 'nonsense',
      'conf.d/a.toml.bak': 'nonsense',
      'one1/x.toml': process('x1'),
    });
    expect(ids(result)).toEqual(['main', 'a', 'b', 'x1']);
    expect(result.ok && result.config.files.map((file) => file.slice(folder.length + 1))).toEqual([
      'procman.toml',
      'conf.d/a.toml',
      'conf.d/b.toml',
      'one1/x.toml',
    ]);
    expect(result.ok && result.config.folders).toContain(join(folder, 'conf.d'));
  });

  test('a pattern may fit nothing, and the file that it is in', () => {
    expect(ids(load(`include = ["none/*.toml", "*.toml"]\n${process('main')}`))).toEqual(['main']);
  });

  test('share templates and defaults; paths start at the main file', () => {
    const template = `[[template]]\nname = "T"\ntemplate = 'work-dir = "{{ place }}"'\n`;
    const result = load('include = ["sub/a.toml"]\n[defaults]\nnice = 3\n', {
      'sub/a.toml': template + process('a', 'template = { template = "T", place = "sub" }\n'),
    });
    expect(result.ok && result.config.core.processes[0]!.versions[0]).toMatchObject({
      nice: 3,
      workDir: join(folder, 'sub'),
    });
  });

  test.each([
    ['include = ["none.toml"]', /none\.toml" does not exist$/],
    ['include = ["."]', /is a folder$/],
    ['include = ["procman.toml"]', /^the file includes itself$/],
    ['include = ["**/x.toml"]', /^"\*\*" is not known$/],
    ['include = "x.toml"', /^has a wrong kind of value$/],
    ['include = [7]', /^has a wrong kind of value$/],
    ['include = [""]', /^the path is empty$/],
  ])('%s', (main, message) => {
    expect(problemsOf(load(main))).toMatchObject([
      {
        severity: 'error',
        file: join(folder, 'procman.toml'),
        line: 3,
        message: expect.stringMatching(message) as string,
      },
    ]);
  });
});

describe('problems name the included file and its line', () => {
  const inside = (text: string, main = '') =>
    problemsOf(load(`include = ["a.toml"]\n${main}`, { 'a.toml': text })).map((problem) => [
      problem.file.slice(folder.length + 1),
      problem.line,
      problem.key,
    ]);

  test.each<[string, (string | number | undefined)[][]]>([
    ['uid = "x"\n', [['a.toml', 1, 'uid']]],
    ['[daemon]\n', [['a.toml', 1, 'daemon']]],
    ['include = ["b.toml"]\n', [['a.toml', 1, 'include']]],
    ['[process]\nid = "x"\n', [['a.toml', 1, 'process']]],
    ['x = \n', [['a.toml', 1, undefined]]],
    [process('b', 'nise = 1\n'), [['a.toml', 5, 'nise']]],
    [process('main', ''), [['a.toml', 3, 'apply-on']]],
    [process('b', 'depends-on = "c"\n'), [['a.toml', 5, 'depends-on']]],
  ])('%j', (text, expected) => {
    expect(inside(text, process('main'))).toEqual(expected);
  });

  test('those of the main file come first', () => {
    expect(inside(process('b', 'nise = 1\n'), process('main', 'nise = 1\n'))).toEqual([
      ['procman.toml', 8, 'nise'],
      ['a.toml', 5, 'nise'],
    ]);
  });

  test('a doubled version says where the other one is', () => {
    const result = load('include = ["*.d/x.toml"]', { 'a.d/x.toml': process('p'), 'b.d/x.toml': process('p') });
    expect(problemsOf(result)[0]!.message).toContain(`at ${join(folder, 'a.d/x.toml')}:1, has the same time`);
  });

  test('who may write them matters, too', () => {
    load('include = ["a.toml"]', { 'a.toml': process('a') });
    chmodSync(join(folder, 'a.toml'), 0o666);
    const result = loadConfig(join(folder, 'procman.toml'), { ...testContext, euid: 0 });
    const errors = problemsOf(result).filter(({ severity }) => severity === 'error');
    expect(errors).toMatchObject([{ file: join(folder, 'a.toml'), message: /anybody may write/ }]);
  });
});

describe('env-file', () => {
  test('its variables are below env, and their change makes a run stale', () => {
    const main = process('a', 'env-file = "a.env"\nenv = { BOTH = "env" }\n');
    const version = (content: string) => {
      const result = load(main, { 'a.env': content });
      if (!result.ok) throw new Error('not loaded');
      return result.config.core.processes[0]!.versions[0]!;
    };
    const before = version('BOTH=file\nONE=1\n');
    expect(before.env).toEqual({ BOTH: 'env', ONE: '1' });
    expect(version('# changed\nBOTH=file\nONE=1\n').fingerprint).toEqual(before.fingerprint);
    const after = version('BOTH=file\nONE=2\n').fingerprint;
    expect(after).toEqual({ ...before.fingerprint, 'env-file': after['env-file'] });
    expect(after['env-file']).not.toBe(before.fingerprint['env-file']);
  });

  test('a missing one is an error now, and a warning in a version to come', () => {
    const now = load(process('a', 'env-file = "a.env"\n'));
    expect(problemsOf(now)).toMatchObject([
      { severity: 'error', line: 7, key: 'env-file', message: /does not exist$/ },
    ]);
    const later = load(process('a', 'env-file = "a.env"\n').replace('2024', '2030'));
    expect(problemsOf(later)).toMatchObject([{ severity: 'warning', line: 7, key: 'env-file' }]);
  });

  test('one that is no such file at all', () => {
    const main = process('a', 'env-file = "a.env"\n');
    expect(problemsOf(load(main, { 'a.env': `A=${'x'.repeat(1024 * 1024)}` }))).toMatchObject([
      { severity: 'error', line: 7, message: /is larger than 1 MiB$/ },
    ]);
    expect(problemsOf(load(main.replace('a.env', '.')))).toMatchObject([{ line: 7, message: /is a folder$/ }]);
  });

  test('what is wrong in it is said once, with its line and without its values', () => {
    const main = process('a', 'env-file = "a.env"\n') + process('b', 'env-file = "a.env"\n');
    const problems = problemsOf(load(main, { 'a.env': 'A=1\nsecret\n' }));
    expect(problems).toMatchObject([{ file: join(folder, 'a.env'), line: 2, severity: 'error' }]);
    expect(JSON.stringify(problems)).not.toContain('secret');
  });
});

describe('a text that carries its files along', () => {
  const main = `include = ["conf.d/*.toml"]\n${process('main', 'env-file = "a.env"\n')}`;
  const others = { 'conf.d/a.toml': process('a', '# no line end here'), 'a.env': 'A="1\r\n2"\r\n' };

  test('loads to the same without any of them', () => {
    const loaded = load(main, others);
    if (!loaded.ok) throw new Error('not loaded');
    rmSync(folder, { recursive: true });
    mkdirSync(folder);
    const { path, text } = loaded.config;
    const again = parseConfig(text, path, testContext);
    expect(again).toMatchObject({
      ok: true,
      config: { core: loaded.config.core, daemon: loaded.config.daemon, text, files: loaded.config.files },
    });
  });

  test('is made of a broken file, too', () => {
    load(main, { ...others, 'conf.d/b.toml': 'x = ' });
    const path = join(folder, 'procman.toml');
    const bundle = bundleConfig(path, testContext);
    if (!bundle.ok) throw new Error('not read');
    expect(parseConfig(bundle.text, path, testContext)).toEqual(loadConfig(path, testContext));
  });

  test('without them it is refused: no file is opened for it', () => {
    load(main, others);
    const path = join(folder, 'procman.toml');
    const text = `uid = "u"\nfile-format = "0"\n${main}`;
    const result = parseConfig(text, path, testContext);
    expect(problemsOf(result).map(({ key, line }) => [key, line])).toEqual([
      ['include', 3],
      ['env-file', 8],
    ]);
  });

  test('nothing is added where nothing is named', () => {
    const result = load(process('a'));
    expect(result.ok && result.config.text).toBe(`uid = "u"\nfile-format = "0"\n${process('a')}`);
  });
});
