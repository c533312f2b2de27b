import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { daemonKeys, topKeys } from './daemon-keys.ts';
import { metricsKeys } from './metrics-keys.ts';
import type { Shape } from './key.ts';
import { countProcesses, currentContext, loadConfig, parseConfig } from './load.ts';
import { notifyKeys } from './notify-keys.ts';
import { formatProblem } from './problem.ts';
import { identityKeys, sharedKeys } from './process-keys.ts';
import { templateKeys } from './template-keys.ts';
import { testContext } from './test-context.ts';

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

test('what is commented out in the example is right, too', () => {
  const text = readFileSync(example, 'utf8')
    .replace('depends-on = [{ id = "server", on-loss = "keep" }]', '')
    .replaceAll(/^#(?: (?=\[|[a-z-]+ = |'''$)|$)/gm, '');
  expect(text).toMatch(/^include = .*^start-time = .*^depends-on = \[\{ id = "server", condition.*^'''$/ms);
  const result = parseConfig(text, example, context);
  const messages = (result.ok ? result.warnings : result.problems).map(
    ({ key, message }) => `${key ?? ''}: ${message}`,
  );
  // Neither the included files nor the env-file nor podman are there.
  expect(messages.filter((message) => !/^(include|env-file): .* is not part|"podman"/.test(message))).toEqual([]);
});

describe('the example of each key loads', () => {
  const head = (names: readonly string[], lines: string) => [...names.map((name) => HEADS[name]), lines].join('\n');
  const HEADS: Record<string, string> = {
    uid: 'uid = "u"',
    'file-format': 'file-format = "0"',
    id: 'id = "a"',
    'apply-on': 'apply-on = "2024-10-01"',
    command: 'command = "true"',
  };
  const has = (lines: string, name: string) => new RegExp(`^${name} = `, 'm').test(lines);
  const missing = (lines: string, names: readonly string[]) => names.filter((name) => !has(lines, name));
  const FILE = 'uid = "u"\nfile-format = "0"\n';
  const PROCESS = (lines: string) =>
    `[[process]]\n${head(missing(lines, ['id', 'apply-on', 'command']), lines)}\n[[process]]\nid = "db"\napply-on = "2024-10-01"\ncommand = "true"\n` +
    `[[template]]\nname = "SLEEPER"\ntemplate = 'args = ["{{ seconds }}"]'\n`;
  const NOTIFY = (lines: string) =>
    `[[notify]]\n${has(lines, 'name') ? '' : 'name = "n"\n'}${/^(command|webhook|mail) = /m.test(lines) ? '' : 'command = "true"\n'}${lines}\n`;
  const texts: [string, Shape, (lines: string) => string][] = [
    ['top', topKeys, (lines) => head(missing(lines, ['uid', 'file-format']), lines)],
    ['[daemon]', daemonKeys, (lines) => `${FILE}[daemon]\n${lines}`],
    ['[metrics]', metricsKeys, (lines) => `${FILE}[metrics]\n${lines}`],
    ['[[template]]', templateKeys, (lines) => `${FILE}[[template]]\n${lines}`],
    [
      '[[notify]]',
      notifyKeys,
      (lines) => FILE + NOTIFY(lines) + PROCESS('id = "server"').replace('id = "db"', 'id = "worker"'),
    ],
    ['[[process]]', { ...identityKeys, ...sharedKeys }, (lines) => FILE + PROCESS(lines)],
    ['[defaults]', sharedKeys, (lines) => `${FILE}[defaults]\n${lines.replace(/^command = .*\n/m, '')}\n`],
  ];
  const cases = texts.flatMap(([table, shape, text]) =>
    Object.entries(shape).map(([name, check]) => {
      const lines = String(check.meta()?.['example']);
      return [table, name, lines, text(lines)] as const;
    }),
  );

  test.each(cases)('%s %s', (_table, name, lines, text) => {
    expect(has(lines, name)).toBe(true);
    // Another user needs a daemon of root.
    const euid = name === 'user' || name === 'group-name' ? 0 : testContext.euid;
    const result = parseConfig(text, '/tmp/procman.toml', { ...testContext, euid });
    const problems = (result.ok ? result.warnings : result.problems).map(formatProblem);
    // Files that an example names are not there, there is one version only, and the history of events is not built.
    const unexpected = problems.filter(
      (problem) =>
        !/is not part of the text|child-log-dir|no earlier version|comes with a later|cannot be read/.test(problem),
    );
    expect(unexpected).toEqual([]);
  });
});
