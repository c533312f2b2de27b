/** supervisord's sample configuration, imported and run. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { makeUser, type TestUser } from '../harness/accounts.ts';
import { importInto, openToOthers, placeSample, remarksOf, toldTo } from '../harness/imported.ts';
import { programs } from '../harness/paths.ts';
import { signal } from '../harness/processes.ts';
import { surroundingsOf } from '../harness/surroundings.ts';
import { expect, test } from '../harness/test.ts';

let user: TestUser;
beforeAll(() => {
  user = makeUser();
});
afterAll(() => user.remove());

test('the sample of supervisord keeps its meaning', async ({ world }) => {
  openToOthers(world);
  const file = placeSample(world, 'supervisord.conf', {
    '/bin/cat': `${programs}/obeys.sh`,
    '/bin/bar': `${programs}/exits.sh - 2`,
    '/bin/baz': `${programs}/obeys.sh -`,
    chrism: user.name,
  });
  mkdirSync(join(world.root, 'source', 'conf.d'));
  writeFileSync(
    join(world.root, 'source', 'conf.d', 'more.conf'),
    `[program:more]\ncommand=${programs}/obeys.sh - %(here)s {{ NOTHING }}\n`,
  );
  const text = await importInto(world, 'supervisord', [file]);

  // What has no counterpart is told where it stood, in the order of the source.
  const remarks = remarksOf(text);
  for (const [line, what] of [
    [2, '[unix_http_server]'],
    [13, 'minfds=1024'],
    [17, '[rpcinterface:supervisor]'],
    [29, 'priority=999'],
    [37, 'stopasgroup=false'],
    [44, 'stdout_capture_maxbytes=1MB'],
    [48, 'serverurl=AUTO'],
    [66, '[group:foo] priority=999'],
    [68, '[eventlistener:theeventlistenername]'],
    [72, '[fcgi-program:fcgiprogramname]'],
  ]) {
    expect(remarks.join('\n')).toContain(`supervisord.conf:${line ?? ''}: ${what ?? ''}`);
  }
  expect(text.indexOf('[eventlistener')).toBeGreaterThan(text.indexOf('id = "baz"'));
  // A priority is no dependency.
  expect(text).not.toMatch(/^depends-on/m);
  expect(remarks.join('\n')).toContain('depends-on = [{ id = "bar_00", condition = "started", on-loss = "keep" }');

  const daemon = await world.startDaemon();
  await world.waitForState('cat', 'RUNNING');
  const pid = await world.pidOf('cat');
  expect(surroundingsOf(pid)).toMatchObject({
    uids: Array(4).fill(user.uid) as number[],
    umask: '0027',
    workDir: join(world.root, 'work'),
    descriptors: { 1: join(world.root, 'work', 'cat.log'), 2: '/dev/null' },
    environment: { KEY1: 'value1', KEY2: 'value2', A: '1, and more', B: '2', HOST: `C.UTF-8/${hostname()}` },
  });
  expect(await toldTo(world, 'cat~0')).toBe('told --flag a;b');
  expect(await toldTo(world, 'more~0')).toBe(`told ${join(world.root, 'source', 'conf.d')} {{ NOTHING }}`);

  // Exit codes: 2 is expected of bar, so it is left alone; baz is started again whatever it ended with.
  for (const name of ['foo:bar_00', 'foo:bar_01']) {
    expect(await world.waitForState(name, 'EXITED')).toMatchObject({
      lastExit: { code: 2 },
      verdict: 'ok',
      restarts: 0,
    });
  }
  const baz = await world.pidOf('foo:baz');
  signal(baz, 'SIGTERM');
  await world.waitForRow('foo:baz', 'started again', (row) => row.pid !== undefined && row.pid !== baz);
  // cat ends with the code that it is expected to end with: it stays down. Its signal is the one asked for.
  expect((await world.ctl('stop', 'cat')).code).toBe(0);
  expect(world.lines('log.cat~0')).toContain('signal INT');
  expect((await world.ctl('start', 'cat')).code).toBe(0);
  signal(await world.pidOf('cat'), 'SIGKILL');
  await world.waitForRow('cat', 'started again', (row) => row.restarts === 1 && row.state === 'RUNNING');
  signal(await world.pidOf('cat'), 'SIGINT');
  expect(await world.waitForState('cat', 'EXITED')).toMatchObject({ lastExit: { code: 0 }, verdict: 'ok' });
  await world.killDaemon(daemon);
});

test('a program that never comes up is given up after as many tries as supervisord would make', async ({ world }) => {
  mkdirSync(join(world.root, 'source'));
  const file = join(world.root, 'source', 's.conf');
  writeFileSync(file, `[program:broken]\ncommand=${programs}/exits.sh - 1\nstartretries=1\n`);
  await importInto(world, 'supervisord', [file]);
  await world.startDaemon();
  await world.waitForState('broken', 'FATAL');
  expect(world.starts('broken~0')).toHaveLength(2);
});

test('priorities are dependencies where the operator says so', async ({ world }) => {
  const file = placeSample(world, 'supervisord.conf', {
    '/bin/cat': `${programs}/obeys.sh`,
    '/bin/bar': `${programs}/obeys.sh -`,
    '/bin/baz': `${programs}/obeys.sh -`,
    'user=chrism': '',
  });
  await importInto(world, 'supervisord', [file], '--priorities');
  await world.startDaemon();
  await world.waitForAll('RUNNING');
  const { stdout } = await world.ctl('explain', 'foo:baz', '--json');
  expect(stdout).toContain('"id":"bar_00","condition":"started","onLoss":"keep"');
  // It is an order, no need: what came first may go.
  expect((await world.ctl('stop', 'foo:bar_00', 'foo:bar_01', '-y')).code).toBe(0);
  expect(await world.row('foo:baz')).toMatchObject({ state: 'RUNNING', restarts: 0 });
});

test('each mistake is told with its line, what was found and what is allowed; nothing is written', async ({
  world,
}) => {
  mkdirSync(join(world.root, 'source'));
  const file = join(world.root, 'source', 'bad.conf');
  writeFileSync(
    file,
    `[program:a]
command=/bin/sleep 1
startsecs=soon
stopsignal=NOPE
autorestart=maybe
environment=A="1" B
this is nothing
[program:b]
numprocs=0
command=/bin/sleep %(nothing)s
[group:g]
programs=a,c
`,
  );
  const output = join(world.root, 'out.toml');
  const { code, stdout, stderr } = await world.ctl('import', '--from', 'supervisord', file, '-o', output);
  expect({ code, stdout }).toEqual({ code: 6, stdout: '' });
  for (const problem of [
    `${file}:3: error: process "program:a": startsecs: is no whole number in range (found "soon"; allowed a whole number from 0 on)`,
    `${file}:4: error: process "program:a": stopsignal: is not a signal on this system (found "NOPE"`,
    `${file}:5: error: process "program:a": autorestart: is none of the possible values (found "maybe"; allowed unexpected, `,
    `${file}:6: error: process "program:a": environment: is no list of variables from here on (found "A=\\"1\\" B"`,
    `${file}:7: error: is neither a section nor a setting (found "this is nothing"; allowed [section], key = value`,
    `${file}:9: error: process "program:b": numprocs: is no whole number in range (found "0"; allowed a whole number from 1 on)`,
    `${file}:10: error: process "program:b": command: holds a % that stands for nothing (found "%(nothing)s"; allowed %(program_name)s`,
    `${file}:12: error: process "group:g": programs: names a program that is not here (found "c"; allowed a, b)`,
  ]) {
    expect(stderr).toContain(problem);
  }
  expect(() => readFileSync(output)).toThrow('ENOENT');
  expect((await world.ctl('import', file)).stderr).toContain('needs --from SYSTEM');
  expect((await world.ctl('import', '--from', 'superviserd', file)).stderr).toContain('did you mean "supervisord"?');
});
