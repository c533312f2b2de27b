/** The `auto` logs of processes that left the configuration long ago. */
import { existsSync, mkdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { processTable } from './config.ts';
import type { World } from './world.ts';

const LONG_AGO = new Date(Date.now() - 8 * 24 * 3_600_000);

/** How the daemons that find the old logs are started. */
export interface OldLogsOptions {
  readonly args?: readonly string[];
  /** Further lines of `[daemon]`. */
  readonly daemon?: string;
}

/**
 * Starts daemons after processes were removed.
 *
 * @returns which of these logs are left: of a process that is gone (three files), of one that wrote a moment ago, of one that runs on,
 *   and of somebody else
 */
export async function leftOfOldLogs(
  world: World,
  { args = [], daemon: further = '' }: OldLogsOptions = {},
): Promise<string[]> {
  const logs = join(world.root, 'shared');
  const isKept = args.length > 0 || further !== '';
  mkdirSync(logs);
  const daemonKeys = `child-log-dir = "${logs}"\n${further}`;
  const names = ['gone', 'fresh', 'stays'];
  world.configure(
    names.map((id) => processTable(id, 'echo text; exec sleep 1000')),
    daemonKeys,
  );
  const daemon = await world.startDaemon();
  await world.waitForAll('RUNNING');
  await world.waitFor('their texts', () => names.every((id) => statSync(join(logs, `${id}.out.log`)).size > 0));
  await world.ctl('stop', 'gone', 'fresh', '-y');
  await world.killDaemon(daemon);
  writeFileSync(join(logs, 'gone.out.log.1'), 'older\n');
  writeFileSync(join(logs, 'alien.out.log'), 'of somebody else\n');
  for (const name of [
    'gone.out.log',
    'gone.err.log',
    'gone.out.log.1',
    'stays.out.log',
    'stays.err.log',
    'alien.out.log',
  ])
    utimesSync(join(logs, name), LONG_AGO, LONG_AGO);
  world.configure([processTable('other', 'sleep 1000')], `${daemonKeys}\nreload-guard = "off"`);
  const next = await world.startDaemon({ args });
  await world.waitForState('other', 'RUNNING');
  await world.killDaemon(next);
  await world.startDaemon({ args });
  await world.waitFor('what is gone to be removed', () => isKept || !existsSync(join(logs, 'gone.err.log')));
  return ['gone.out.log', 'gone.err.log', 'gone.out.log.1', 'fresh.out.log', 'stays.out.log', 'alien.out.log'].filter(
    (name) => existsSync(join(logs, name)),
  );
}
