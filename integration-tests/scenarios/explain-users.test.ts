/** What a service with a user of its own said last: a daemon of root shows nothing that this user could not have read. */
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExplainResult, PastRun } from '@procman/protocol/views';
import { afterAll, beforeAll } from 'vitest';
import { makeUser, type TestUser } from '../harness/accounts.ts';
import { processTable } from '../harness/config.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { World } from '../harness/world.ts';

let user: TestUser;
beforeAll(() => {
  user = makeUser();
});
afterAll(() => user.remove());

/** The one run of a service that says something, then does this to its log. */
async function lastRun(world: World, log: string, then: string): Promise<PastRun | undefined> {
  const settings = `user = "${user.name}"; work-dir = "/"; start-secs = "10s"; start-retries = 0; stderr-log = "${log}"`;
  world.configure([processTable('web', `echo said >&2 && ${then}`, settings)]);
  await world.startDaemon();
  await world.waitForState('web', 'FATAL');
  return (await world.rpc<ExplainResult>('explain', { names: ['web'] })).processes[0]?.exits[0];
}

/** A folder of the user's, with a log in it. */
function ownLog(world: World): string {
  const home = join(world.root, 'home');
  mkdirSync(home);
  chownSync(home, user.uid, user.gid);
  chmodSync(world.root, 0o711);
  return join(home, 'web.log');
}

describe('the last words of a service with a user', () => {
  test('in a log of the daemon, which is the user', async ({ world }) => {
    expect(await lastRun(world, 'auto', 'exit 3')).toMatchObject({ code: 3, stderr: ['said'] });
  });

  test("in a log of the user's", async ({ world }) => {
    expect(await lastRun(world, ownLog(world), 'exit 3')).toMatchObject({ code: 3, stderr: ['said'] });
  });

  test('are none where the user has put something else in its place', async ({ world }) => {
    const log = ownLog(world);
    const secret = join(world.root, 'secret');
    writeFileSync(secret, 'not for you\n', { mode: 0o600 });
    const swap = `mv ${log} ${log}.old && ln -s ${secret} ${log} && exit 3`;
    expect(await lastRun(world, log, swap)).toMatchObject({ code: 3, stderr: [] });
  });

  test('are none where a folder on the way leads elsewhere', async ({ world }) => {
    const log = ownLog(world);
    const vault = join(world.root, 'vault');
    mkdirSync(vault, { mode: 0o700 });
    writeFileSync(join(vault, 'web.log'), 'not for you\n', { mode: 0o600 });
    mkdirSync(join(world.root, 'home', 'logs'));
    chownSync(join(world.root, 'home', 'logs'), user.uid, user.gid);
    const inner = log.replace('/web.log', '/logs/web.log');
    const home = join(world.root, 'home');
    const swap = `mv ${home}/logs ${home}/old && ln -s ${vault} ${home}/logs && exit 3`;
    expect(await lastRun(world, inner, swap)).toMatchObject({ code: 3, stderr: [] });
  });
});
