import { chmodSync, copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { loadConfig } from './load.ts';
import { formatProblem, type Problem } from './problem.ts';
import { testContext } from './test-context.ts';

/** A folder per topic, a file per mistake; folders within them hold what the files name. */
const corpus = fileURLToPath(new URL('corpus', import.meta.url));
const topics = readdirSync(corpus);
const filesOf = (topic: string): string[] => readdirSync(join(corpus, topic)).filter((name) => name.endsWith('.toml'));
const all = topics.flatMap((topic) => filesOf(topic).map((name) => `${topic}/${name}`));

function problemsOf(path: string): readonly Problem[] {
  const result = loadConfig(join(corpus, path), testContext);
  return result.ok ? result.warnings : result.problems;
}

/** dash and bash put it differently. */
function withoutShellsWords(problem: string): string {
  return problem.replace(/(sh cannot read it: ).*/, '$1...');
}

/** As `check` prints it, without the folders of this machine. */
function shown(path: string): string {
  const problems = problemsOf(path).map((problem) => withoutShellsWords(formatProblem(problem)));
  return problems.join('\n').replaceAll(`${corpus}/`, '');
}

test('there is a file for each rule, and more', () => {
  expect(all.length).toBeGreaterThanOrEqual(150);
});

test.each(topics)('what is said of %s', async (topic) => {
  const texts = filesOf(topic).map((name) => `${shown(`${topic}/${name}`)}\n`);
  await expect(texts.join('\n')).toMatchFileSnapshot(join(corpus, topic, 'expected.txt'));
});

test.each(all)('%s: each problem has its place, and what to do', (path) => {
  const problems = problemsOf(path);
  expect(problems).not.toEqual([]);
  for (const problem of problems) {
    const { file, line, column, message, found, allowed, hint } = problem;
    const lines = readFileSync(file, 'utf8').split('\n');
    expect(line, formatProblem(problem)).toBeGreaterThan(0);
    expect(line).toBeLessThanOrEqual(lines.length);
    if (column !== undefined) expect(column).toBeLessThanOrEqual((lines[(line ?? 0) - 1]?.length ?? 0) + 1);
    const help = [
      found,
      allowed,
      hint,
      /did you mean|the keys here are|docs\/configuration\.md/.exec(message)?.[0],
    ].filter(Boolean);
    expect(help, formatProblem(problem)).not.toEqual([]);
  }
});

test('an env-file that anybody may write is pointed out by a daemon of root', () => {
  const folder = mkdtempSync(join(tmpdir(), 'procman-corpus-'));
  try {
    const [path, envFile] = [join(folder, 'a.toml'), join(folder, 'a.env')];
    const process = '[[process]]\nid = "a"\napply-on = "2024-10-01"\ncommand = "sleep 60"\nenv-file = "a.env"\n';
    writeFileSync(path, `uid = "u"\nfile-format = "0"\n${process}`);
    writeFileSync(envFile, 'A=1\n');
    chmodSync(envFile, 0o666);
    const result = loadConfig(path, { ...testContext, euid: 0 });
    const warnings = result.ok ? result.warnings.filter(({ file }) => file === envFile) : [];
    expect(warnings).toContainEqual({
      severity: 'warning',
      file: envFile,
      message: 'anybody may write this file, and the daemon is root',
      found: 'mode 0666',
      hint: `mend it with: chmod o-w ${envFile}`,
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a file that anybody may write is refused by a daemon of root, with the mend', () => {
  const folder = mkdtempSync(join(tmpdir(), 'procman-corpus-'));
  try {
    const path = join(folder, 'open.toml');
    copyFileSync(join(corpus, 'top/empty-process.toml'), path);
    chmodSync(path, 0o666);
    expect(loadConfig(path, { ...testContext, euid: 0 })).toMatchObject({ ok: false });
    const result = loadConfig(path, { ...testContext, euid: 0 });
    const errors = result.ok ? [] : result.problems.filter(({ severity }) => severity === 'error').map(formatProblem);
    expect(errors).toEqual([
      `${path}: error: anybody may write this file, and the daemon is root (found mode 0666)\n    mend it with: chmod o-w ${path}`,
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
