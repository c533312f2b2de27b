import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadConfig } from './load.ts';
import { randomOf, spoiltFile } from './mutations.ts';
import { formatProblem, type Problem } from './problem.ts';
import { testContext } from './test-context.ts';

/**
 * A longer run: `PROCMAN_FILES=100000 npx vitest run --project unit daemon/src/config/fuzz.test.ts`. A failure names the seed of its
 * file: `PROCMAN_SEED=N PROCMAN_FILES=1` tries that one alone.
 */
const FILES = Number(process.env['PROCMAN_FILES'] ?? 500);
const SEED = Number(process.env['PROCMAN_SEED'] ?? 1);
/** No file may take longer, in milliseconds of this process: the daemon waits meanwhile. */
const SLOW = 2000;

const folder = mkdtempSync(join(tmpdir(), 'procman-fuzz-'));
const file = join(folder, 'procman.toml');
let texts: readonly string[] = [];

beforeAll(() => {
  const here = fileURLToPath(new URL('.', import.meta.url));
  const found = ['corpus', 'fixtures'].flatMap((name) =>
    readdirSync(join(here, name), { recursive: true, encoding: 'utf8' }).map((path) => join(here, name, path)),
  );
  const example = join(here, '../../../etc/procman.example.toml');
  texts = [example, ...found.filter((path) => path.endsWith('.toml'))].map((path) => readFileSync(path, 'utf8'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** About the file as a whole. */
const NO_LINE = /larger than 10 MiB|too deeply or too large|^and \d+ more problems/;

function complaintOf(problem: Problem, lines: number): string | undefined {
  const { line, column } = problem;
  if (formatProblem(problem) === '') return 'says nothing';
  if (problem.file !== file) return undefined;
  if (line === undefined) return NO_LINE.test(problem.message) ? undefined : 'has no line';
  if (!Number.isInteger(line) || line < 1 || line > lines) return `is in line ${line} of ${lines}`;
  return column === undefined || (Number.isInteger(column) && column >= 1) ? undefined : `is in column ${column}`;
}

/** What is wrong with what is said of a file. */
function complaintsOf(bytes: Buffer): string[] {
  writeFileSync(file, bytes);
  const start = process.cpuUsage();
  const result = loadConfig(file, testContext);
  const { user, system } = process.cpuUsage(start);
  const took = (user + system) / 1000;
  const problems = result.ok ? result.warnings : result.problems;
  const lines = bytes.toString().split('\n').length;
  const complaints = problems.flatMap((problem) => {
    const complaint = complaintOf(problem, lines);
    return complaint === undefined ? [] : [`${formatProblem(problem)} ${complaint}`];
  });
  if (took > SLOW) complaints.push(`took ${Math.round(took)} ms`);
  const hasError = problems.some(({ severity }) => severity === 'error');
  if (result.ok === hasError) complaints.push(result.ok ? 'is right, with errors' : 'is wrong, without an error');
  return complaints;
}

test(
  'whatever the file: an answer, soon, and each problem has its line',
  () => {
    for (let index = 0; index < FILES; index += 1) {
      const bytes = spoiltFile(texts, randomOf(SEED + index));
      let complaints: string[];
      try {
        complaints = complaintsOf(bytes);
      } catch (error) {
        complaints = [error instanceof Error ? (error.stack ?? error.message) : String(error)];
      }
      expect(complaints, `PROCMAN_SEED=${SEED + index}: ${JSON.stringify(bytes.toString().slice(0, 2000))}`).toEqual(
        [],
      );
    }
  },
  Math.max(60_000, FILES * 100),
);
