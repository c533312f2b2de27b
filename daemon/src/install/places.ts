/** Where `procmand install` puts things, and what it makes links to. */
import { realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { InstallOptions } from './options.ts';

export interface Surroundings {
  readonly euid: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Path of the bundle that runs. */
  readonly bundle: string;
  /** Path of the Node.js that runs it. */
  readonly node: string;
}

export interface Places {
  /** Folder of the commands, as it will be called; files are made below `destination`. */
  readonly bin: string;
  readonly unit: string;
  /** Put before every path that is written to; empty: none. */
  readonly destination: string;
  /** The two commands themselves. */
  readonly procmand: string;
  readonly procmanctl: string;
}

export class InstallFailure extends Error {}

export function placesOf(options: InstallOptions, around: Surroundings): Places {
  const { user, prefix, destdir } = options;
  if (around.euid !== 0 && !user && prefix === undefined && destdir === undefined)
    throw new InstallFailure('/usr/local/bin needs root: use sudo, or --user for ~/.local/bin');
  const home = around.env['HOME'];
  if (user && (home === undefined || !home.startsWith('/')))
    throw new InstallFailure('--user: HOME is not set to a folder');
  const base = prefix === undefined ? (user ? join(home ?? '', '.local') : '/usr/local') : resolve(around.cwd, prefix);
  const root = resolve(dirname(realpathSync(around.bundle)), '../..');
  return {
    bin: join(base, 'bin'),
    unit: join(user ? userUnits(home ?? '', around.env) : '/etc/systemd/system', 'procmand.service'),
    destination: destdir === undefined ? '' : resolve(around.cwd, destdir),
    procmand: join(root, 'daemon/bin/procmand'),
    procmanctl: join(root, 'ctl/bin/procmanctl'),
  };
}

function userUnits(home: string, env: Surroundings['env']): string {
  const given = env['XDG_CONFIG_HOME'];
  return join(given?.startsWith('/') === true ? given : join(home, '.config'), 'systemd/user');
}
