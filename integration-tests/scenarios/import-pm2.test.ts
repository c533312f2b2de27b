/** Ecosystem files of pm2 and Procfiles, imported and run. */
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { importInto, placeSample, remarksOf, toldTo } from '../harness/imported.ts';
import { procmanctl, programs } from '../harness/paths.ts';
import { signal } from '../harness/processes.ts';
import { environmentOf, surroundingsOf } from '../harness/surroundings.ts';
import { expect, test } from '../harness/test.ts';
import type { World } from '../harness/world.ts';

/** Notes its arguments in `node.N`, and ends by SIGINT. */
const SERVER = `
const { appendFileSync } = require('node:fs');
const note = (text) => appendFileSync(process.env.PLAYGROUND + '/node.' + process.env.PROCMAN_NUM, text + '\\n');
process.on('SIGINT', () => { note('SIGINT'); process.exit(0); });
note(JSON.stringify(process.argv.slice(2)));
setInterval(() => {}, 1000);
`;

function placeScripts(world: World): void {
  const source = join(world.root, 'source');
  for (const folder of ['api', 'jobs', 'logs']) mkdirSync(join(source, folder), { recursive: true });
  writeFileSync(join(source, 'api', 'server.js'), SERVER);
  writeFileSync(join(source, 'jobs', 'report.sh'), 'pwd >>"$PLAYGROUND/report"\n');
  writeFileSync(join(source, 'worker.py'), `#!/bin/sh\nexec ${programs}/obeys.sh - "$NODE_ENV" "$QUEUE"\n`);
  chmodSync(join(source, 'worker.py'), 0o755);
}

test("pm2's ecosystem file in JSON keeps its meaning", async ({ world }) => {
  placeScripts(world);
  const once = join(world.root, 'once.sh');
  writeFileSync(once, `#!/bin/sh\necho x >>"$PLAYGROUND/once"; echo "$#$2" >>"$PLAYGROUND/args"\nsleep 0.3; exit 4\n`);
  chmodSync(once, 0o755);
  const file = placeSample(world, 'ecosystem.json', { '/bin/once': once });
  const text = await importInto(world, 'pm2', [file]);
  const remarks = remarksOf(text).join('\n');
  for (const what of [
    'ecosystem.json:8: exec_mode=cluster: no counterpart',
    'ecosystem.json:10: env_production: for "pm2 --env production"; put these into env where they are to count: NODE_ENV=production',
    'ecosystem.json:11: max_memory_restart=300M: no counterpart',
    'ecosystem.json:15: watch=false: no counterpart',
    'ecosystem.json:36: deploy: no counterpart',
  ]) {
    expect(remarks).toContain(what);
  }
  await world.startDaemon();
  await world.waitForAll('RUNNING', ['api:api_00', 'api:api_01']);
  const logs = ['api-0.log', 'api-1.log'].map((name) => existsSync(join(world.root, 'source', 'logs', name)));
  expect(logs).toEqual([true, true]);
  const pid = await world.pidOf('api:api_01');
  expect(environmentOf(pid)).toMatchObject({ NODE_ENV: 'development', PORT: '3000', NODE_APP_INSTANCE: '1' });
  expect(surroundingsOf(pid).workDir).toBe(join(world.root, 'source'));
  await world.waitFor('its words', () => world.lines('node.1').join() === '["--color","light blue"]');
  // pm2 starts again whatever it ended with, and stops by SIGINT.
  signal(await world.pidOf('api:api_00'), 'SIGINT');
  await world.waitForRow('api:api_00', 'started again', ({ restarts }) => restarts === 1);
  expect((await world.ctl('stop', 'api:api_01')).code).toBe(0);
  expect(world.lines('node.1')).toContain('SIGINT');
  // One of stop_exit_codes leaves it down.
  expect(await world.waitForState('once', 'EXITED')).toMatchObject({ lastExit: { code: 4 }, verdict: 'ok' });
  expect(world.lines('once')).toHaveLength(1);
  expect(world.lines('args')).toEqual(['2a b']);
  // autorestart false and cron_restart: a one-shot at these times.
  const row = await world.row('report');
  expect(row.next).toMatchObject({ action: 'run' });
  expect(new Date(row.next?.at ?? '').getHours()).toBe(3);
  expect((await world.ctl('start', 'report', '--force')).code).toBe(0);
  expect(world.lines('report')).toEqual([join(world.root, 'source', 'jobs')]);
});

test('a YAML one with an anchor is read as well; a restart by cron asks for it, and leaves what is held', async ({
  world,
}) => {
  placeScripts(world);
  const text = await importInto(world, 'pm2', [placeSample(world, 'ecosystem.yaml')]);
  expect(text).toContain('schedule.cron = "15 3 * * *"');
  await world.startDaemon({ env: { PATH: `${dirname(procmanctl)}:${world.env['PATH'] ?? ''}` } });
  await world.waitForAll('RUNNING', ['api:api', 'worker']);
  expect(await toldTo(world, 'worker~0')).toBe('told development mail');
  // At 3:15 it does this.
  const before = await world.pidOf('api:api');
  expect((await world.ctl('start', 'api cron-restart')).stdout).toBe('api cron-restart: started\n');
  await world.waitForState('api:api', 'RUNNING');
  expect(await world.pidOf('api:api')).not.toBe(before);
  await world.ctl('stop', 'api');
  expect((await world.ctl('start', 'api cron-restart')).code).toBe(0);
  expect(await world.row('api:api')).toMatchObject({ state: 'STOPPED', held: true });
});

test('one in JavaScript is not run: the error tells the way out', async ({ world }) => {
  const file = join(world.root, 'ecosystem.config.js');
  writeFileSync(
    file,
    `require('node:fs').writeFileSync(${JSON.stringify(join(world.root, 'ran'))}, '');\nmodule.exports = {};\n`,
  );
  const { code, stderr } = await world.ctl('import', '--from', 'pm2', file);
  expect(code).toBe(6);
  expect(stderr).toContain(`${file}:1: error: is a program in JavaScript`);
  expect(stderr).toContain(`JSON.stringify(require("${file}"), null, 2)' > ecosystem.json`);
  const broken = join(world.root, 'broken.json');
  writeFileSync(broken, '{ "apps": [\n  { "script": "a.js", \n');
  expect((await world.ctl('import', '--from', 'pm2', broken)).stderr).toMatch(
    /broken\.json:\d:\d+: error: not valid YAML: /,
  );
  writeFileSync(broken, '{ "apps": [\n  { "script": "a.js", "max_restarts": "many" }] }\n');
  expect((await world.ctl('import', '--from', 'pm2', broken)).stderr).toContain(
    `${broken}:2: error: process "a": max_restarts: is no whole number in range (found "many"; allowed a whole number from 0 on)`,
  );
});

test('a Procfile keeps its shell, its .env and its ports', async ({ world }) => {
  const file = placeSample(world, 'Procfile');
  writeFileSync(join(world.root, 'source', '.env'), 'GREETING="good day"\nPORT=7000\n');
  const text = await importInto(world, 'procfile', [file]);
  expect(remarksOf(text)).toEqual([]);
  await world.startDaemon();
  await world.waitForAll('RUNNING');
  expect(await toldTo(world, 'web~0')).toBe('told -p 7000 good day');
  expect(await toldTo(world, 'worker~0')).toBe('told jobs');
  expect(world.lines('clock.port')).toEqual(['7200']);
  const pid = await world.pidOf('worker');
  expect(environmentOf(pid)).toMatchObject({ PORT: '7100', GREETING: 'good day' });
  expect(surroundingsOf(pid).workDir).toBe(join(world.root, 'source'));
  writeFileSync(file, 'web: x\nnothing\nweb: y\n');
  expect((await world.ctl('import', '--from', 'procfile', file)).stderr.split('\n')).toEqual([
    `${file}:2: error: is no process (found "nothing"; allowed NAME: COMMAND, or a # comment)`,
    `${file}:3: error: "web" is declared twice`,
    `    the other one is in ${file}, line 1: take one out, or rename it`,
    '',
  ]);
});
