import { parseToml } from '@procman/daemon/config/parse-toml';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SOURCE_FORMATS, type SourceFormat } from './formats.ts';
import { importSources, type ImportResult } from './import-files.ts';
import type { Machine } from './machine.ts';

const machine: Machine = {
  read: () => undefined,
  exists: () => false,
  glob: () => [],
  hostname: 'host.example',
  cpus: 4,
  env: { HOME: '/home/me' },
};

const NAMES: Readonly<Record<SourceFormat, string>> = {
  supervisord: '/etc/supervisord.conf',
  taskmaster: '/etc/taskmasterd.yaml',
  'tm-orchestrator': '/services.toml',
  procrust: '/procrust.toml',
  pm2: '/app/ecosystem.json',
  procfile: '/app/Procfile',
  systemd: '/etc/systemd/system/web.service',
};

function importText(from: SourceFormat, text: string): ImportResult {
  const path = NAMES[from];
  const options = { prioritiesAreDependencies: false };
  const request = { from, files: [path], options, machine, uid: 'u', now: new Date(2026, 10, 28) };
  return importSources([{ path, text }], request);
}

/** The tables below the head, without it. */
function bodyOf(result: ImportResult): string {
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.text.slice(result.text.indexOf('file-format'));
}

/** What texts of each system are made of, so that chance finds more than its first line. */
const PIECES: Readonly<Record<SourceFormat, readonly string[]>> = {
  supervisord: [
    '[program:a]\n',
    'command=x "y\n',
    'environment=A="{{ B }}",C=%(ENV_D)s\n',
    'numprocs=2\n',
    ' more\n',
    '[group:g]\nprograms=a\n',
  ],
  taskmaster: [
    'programs:\n',
    '  a:\n',
    '    cmd: x\n',
    '    env: {A: "1"}\n',
    '    umask: 022\n',
    '  b: &b {cmd: y}\n',
    '  c: *b\n',
  ],
  'tm-orchestrator': [
    '[[services]]\n',
    'name = "a"\n',
    'command = "/x y"\n',
    'args = ["a", # b\n "c"]\n',
    '# c\n',
    '[timeouts]\n',
  ],
  procrust: [
    'uid = "u"\n',
    '[[process]]\n',
    'id = "a" # b\n',
    'apply_on = "2024-01-01"\n',
    '[process.schedule]\n',
    'start_time = "08:00"\n',
  ],
  pm2: [
    '{"apps":[',
    '{"name":"a","script":"a.js"}',
    ',',
    ']}',
    '{"script":"b","instances":"max","cron_restart":"0 3 * * *"}',
  ],
  procfile: ['a: b\n', 'c: d {{ E }}\n', '# x\n', '\n'],
  systemd: [
    '[Service]\n',
    'ExecStart=/bin/x "a b" $C\n',
    'Environment=A=b\n',
    'Type=oneshot\n',
    'Restart=always\n',
    '\\\n',
    '[Unit]\nAfter=a.service\n',
  ],
};

it.each(SOURCE_FORMATS)('%s: whatever the text, there is TOML or a problem with its file, never a throw', (from) => {
  const piece = fc.oneof(fc.constantFrom(...PIECES[from]), fc.string({ unit: 'binary', maxLength: 12 }));
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const result = importText(from, pieces.join(''));
      if (result.ok) expect(parseToml(result.text, 'x')).toMatchObject({ ok: true });
      else for (const problem of result.problems) expect(problem.file).toBe(NAMES[from]);
    }),
    { numRuns: 400 },
  );
});

it('procrust: a key without a counterpart is told at its place, also in a table below a process', () => {
  const text = [
    'uid = "u"', '[[process]]', 'id = "a"', 'command = "/bin/x"', '[process.schedule]', 'start_time = "08:00"', 'colour = "red"',
    'stop_tme = "09:00"', '[process.env]', 'colour = "red"',
  ].join('\n'); // prettier-ignore
  const body = bodyOf(importText('procrust', text));
  expect(body).toContain('procrust.toml:7: colour = "red": no counterpart\n');
  expect(body).toContain('procrust.toml:8: stop_tme = "09:00": no counterpart; is "stop-time" meant?\n');
  expect(body).toContain('[process.env]\ncolour = "red"');
});

it('keeps what is no shell syntax there from a shell, and what is no {{ NAME }} from procman', () => {
  const text = '[program:a]\ncommand=/bin/x *.txt $HOME "{{ NAME }}"\n';
  expect(bodyOf(importText('supervisord', text))).toContain(
    `command = { line = "/bin/x *.txt $HOME \\"{{ '{{' }} NAME }}\\"", type = "simple" }`,
  );
});

it('gives names that procman can have', () => {
  const body = bodyOf(importText('pm2', '[{"name":"a/b:c","script":"/x.js"}]'));
  expect(body).toContain('id = "a-b-c"');
  expect(body).toContain('# import: ecosystem.json:1: name: a/b:c: is called "a-b-c" here');
});

it("has pm2's logs where they were: below the app's folder, and one for each instance", () => {
  const app = {
    name: 'api',
    script: '/x.js',
    cwd: './api',
    instances: 2,
    out_file: 'logs/api.{{ x }}.log',
    error_file: 'err',
  };
  const alone = { name: 'one', script: '/x.js', out_file: './one.log', error_file: '/dev/null' };
  const body = bodyOf(importText('pm2', JSON.stringify([app, alone])));
  expect(body).toContain(`stdout-log = "/app/api/logs/api.{{ '{{' }} x }}-{{ PROCMAN_NUM }}.log"`);
  expect(body).toContain('stderr-log = "/app/api/err-{{ PROCMAN_NUM }}"');
  expect(body).toContain('stdout-log = "/app/one.log"');
  expect(body).toContain('stderr-log = "none"');
});

it.each(SOURCE_FORMATS)('%s has a guide that says how to import', (from) => {
  const guide = new URL(`../../../docs/moving-from/${from}.md`, import.meta.url);
  expect(readFileSync(guide, 'utf8')).toContain(`procmanctl import --from ${from} `);
});

it.each(['a: *b\n', 'a: &b [*b, *b]\n'])('refuses aliases that lead nowhere: %j', (text) =>
  expect(importText('taskmaster', text)).toMatchObject({ ok: false }),
);

it('takes the number of processors for max, and one process for each padded number', () => {
  expect(bodyOf(importText('pm2', '[{"script":"/x.js","instances":"max"}]'))).toContain('numprocs = 4');
  const padded =
    '[program:a]\ncommand=/x 80%(process_num)02d\nnumprocs=2\nprocess_name=%(program_name)s_%(process_num)02d\n';
  const body = bodyOf(importText('supervisord', padded));
  expect(body).toContain('id = "a_01"\napply-on = "2026-11-28T00:00:00"\ncommand = "/x 8001"');
  expect(body).toContain('group = "a"');
  expect(bodyOf(importText('supervisord', padded.replace('02d\nnum', 'd\nnum')))).toContain(
    'command = "/x 80{{ PROCMAN_NUM }}"\nnumprocs = 2',
  );
});

it('says nothing that could end a comment, or move a cursor', () => {
  const result = importText('taskmaster', 'programs:\n  a: {cmd: x, "b\\n[[process]]": "\\e[2J"}\n');
  expect(bodyOf(result)).toMatch(/^# import: taskmasterd\.yaml:2: b \[\[process\]\]: \S*\[2J: no counterpart/m);
});
