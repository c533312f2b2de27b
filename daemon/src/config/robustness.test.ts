import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseConfig } from './load.ts';
import { formatProblem } from './problem.ts';
import { daemonKeys, topKeys } from './daemon-keys.ts';
import { metricsKeys } from './metrics-keys.ts';
import { processKeys } from './process-keys.ts';
import { testContext } from './test-context.ts';

/** Whatever the text: a result, and each problem has a place within the text. */
function check(text: string): void {
  const result = parseConfig(text, '/tmp/procman.toml', testContext);
  const lines = text.split('\n').length;
  for (const problem of result.ok ? result.warnings : result.problems) {
    expect(formatProblem(problem)).not.toBe('');
    if (problem.line !== undefined) expect(problem.line).toBeLessThanOrEqual(lines);
  }
  if (!result.ok) expect(result.problems.some(({ severity }) => severity === 'error')).toBe(true);
}

const HEAD = 'uid = "u"\nfile-format = "0"\n';

describe('never throws', () => {
  test('on any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), check));
  });

  test('on what looks like TOML', () => {
    const pieces = [
      '[',
      ']',
      '[[process]]',
      '{',
      '}',
      '=',
      '"',
      "'",
      '.',
      ',',
      '\n',
      'id',
      'a',
      '1',
      '#',
      '__proto__',
      ' ',
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces)), (text) => {
        check(text.join(''));
      }),
    );
  });

  const keyNames = [
    ...new Set([
      ...Object.keys(processKeys),
      ...Object.keys(daemonKeys),
      ...Object.keys(metricsKeys),
      ...Object.keys(topKeys),
    ]),
  ];
  const keys = fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...keyNames) }, fc.stringMatching(/^[a-z_-]{1,12}$/));
  const scalars = fc.oneof(
    fc.string().map((text) => JSON.stringify(text)),
    fc.constantFrom(
      '"a"',
      '"b"',
      '"always"',
      '"3s"',
      '"2024-10-01"',
      '2024-10-01',
      '12:00:00',
      '"mon-fri"',
      '"0 3 * * *"',
      '"localhost:80"',
      '1979-05-27T00:32:00.999999-07:00',
    ),
    fc.constantFrom(
      '0',
      '-1',
      '1e300',
      'inf',
      'nan',
      '9007199254740991',
      '99999999999999999999',
      '0o777',
      'true',
      '[]',
      '{}',
    ),
    fc.integer().map(String),
  );
  const { value } = fc.letrec<{ value: string }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      scalars,
      fc.array(tie('value'), { maxLength: 3 }).map((items) => `[${items.join(', ')}]`),
      fc.dictionary(keys, tie('value'), { maxKeys: 3 }).map(
        (table) =>
          `{ ${Object.entries(table)
            .map(([key, inner]) => `${key} = ${inner}`)
            .join(', ')} }`,
      ),
    ),
  }));
  const headers = fc.constantFrom(
    '',
    '[daemon]',
    '[defaults]',
    '[[process]]',
    '[[process]]',
    '[process.env]',
    '[process.schedule]',
    '[x]',
  );
  const tables = fc.tuple(headers, fc.dictionary(keys, value, { maxKeys: 6 })).map(
    ([header, table]) =>
      `${header}\n${Object.entries(table)
        .map(([key, inner]) => `${key} = ${inner}\n`)
        .join('')}`,
  );

  test('on tables of all kinds', () => {
    fc.assert(
      fc.property(fc.array(tables, { maxLength: 5 }), (list) => {
        check(HEAD + list.join(''));
      }),
      { numRuns: 400 },
    );
  });

  test.each([
    ['deep headers', `[${'a.'.repeat(50_000)}a]`],
    ['deep lists', `a = ${'['.repeat(50_000)}`],
    ['deep tables', `a = ${'{ a = '.repeat(50_000)}`],
    ['deep dotted keys', `${'a.'.repeat(50_000)}a = 1`],
    ['deep env', `${HEAD}[[process]]\nenv.${'a.'.repeat(5000)}a = 1`],
    ['deep command', `${HEAD}[[process]]\ncommand.${'a.'.repeat(5000)}a = 1`],
    ['__proto__', '__proto__ = 1'],
    ['a __proto__ table', '[__proto__]\nuid = "x"'],
    ['env.__proto__', `${HEAD}[[process]]\nenv = { __proto__ = "x" }`],
    ['constructor.prototype', 'constructor.prototype.x = 1'],
    ['huge numbers', `uid = ${'9'.repeat(10_000)}`],
    ['quotation marks', '"'.repeat(10_001)],
    ['nothing', ''],
  ])('%s', (_, text) => {
    check(text);
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });
});

describe('large files are checked within seconds', () => {
  const table = (id: string, more: string) =>
    `[[process]]\nid = "${id}"\napply-on = "2024-10-01"\ncommand = "true"\n${more}\n`;
  const many = (count: number, make: (index: number) => string) =>
    HEAD + Array.from({ length: count }, (_, index) => make(index)).join('');
  const clock = (n: number) => `${String(n % 24).padStart(2, '0')}:${String(n % 60).padStart(2, '0')}`;
  test.each([
    ['processes', many(5000, (n) => table(`p${n}`, ''))],
    ['unknown dependencies', many(4000, (n) => table(`p${n}`, `depends-on = "q${n}"`))],
    ['unknown keys', many(4000, (n) => table(`p${n}`, `nise = 1\nsomething-else-${n} = 2`))],
    ['a long chain and a circle', many(4000, (n) => table(`p${n}`, `depends-on = "p${(n + 1) % 4000}"`))],
    ['versions of one id', many(4000, () => table('p', 'depends-on = "p"'))],
    [
      'schedules, each another one',
      many(4000, (n) =>
        table(
          `p${n}`,
          `depends-on = "p${n + 1}"\nschedule = { start-time = "${clock(n)}", stop-time = "${clock(n + 1)}" }`,
        ),
      ),
    ],
    [
      'schedules of cron',
      many(3000, (n) => table(`p${n}`, `one-shot = true\nschedule = { cron = "${n % 60} ${n % 24} 29 2 *" }`)),
    ],
    [
      'versions to come',
      many(1000, (n) =>
        table('p', `apply-on = "${2030 + n}-01-01"\ndepends-on = "p"`).replace(/apply-on = "2024.*\n/, ''),
      ),
    ],
    ['log files', many(1000, (n) => table(`p${n}`, `numprocs = 50\nlog-file = "{{ PROCMAN_INSTANCE }}.log"`))],
    ['empty tables', many(50_000, () => '[[process]]\n')],
    ['one long key', `${'a'.repeat(5_000_000)} = 1`],
    ['one long command', HEAD + table('p', '').replace('"true"', `"echo '${'a'.repeat(100_000)}'"`)],
    ['one long value', `${HEAD}[[process]]\nid = "${'a'.repeat(5_000_000)}"\n`],
    ['one long list', `${HEAD}[[process]]\nexit-codes = [${'999,'.repeat(50_000)}]\n`],
    ['one long comment', `# ${'x'.repeat(5_000_000)}`],
  ])('%s', (_, text) => {
    const start = process.cpuUsage();
    check(text);
    const { user, system } = process.cpuUsage(start);
    // Of this process: the machine may have other things to do.
    expect((user + system) / 1000).toBeLessThan(10_000);
  });
});
