/** A machine that went down and came up again, as far as a daemon can tell: nothing lives, and the boot has another id. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { signal } from './processes.ts';
import type { Daemon, World } from './world.ts';

const OLD_BOOT = '00000000-0000-4000-8000-000000000000';

/** Everything dies at once, and leaves its files as they are. The next daemon is up to the test. */
export async function powerOff(world: World, daemon: Daemon): Promise<void> {
  await world.killDaemon(daemon);
  const all = world.marked();
  // Launchers first: none is left to tell of an exit.
  for (const { pid } of [...all].sort((a, b) => order(a.kind) - order(b.kind))) signal(pid, 'SIGKILL');
  await world.waitFor('all to be gone', () => world.marked().length === 0);
  for (const folder of ['instances', 'runs/record']) {
    const path = join(world.stateDir, folder);
    for (const name of readdirSync(path)) age(join(path, name));
  }
}

const order = (kind: string): number => (kind === 'launcher' ? 0 : 1);

/** What names this boot, names an older one then; without the checksum, which is of the text before. */
function age(file: string): void {
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const text = readFileSync(file, 'utf8').replaceAll(boot, OLD_BOOT);
  writeFileSync(file, text.replace(/,"sum":"\w+"\}\n$/, '}\n'));
}
