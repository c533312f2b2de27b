/** `procmand install` and `procmand uninstall` (SPEC 8). First all is looked at, then all is done: what is refused leaves nothing half made. */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { daemonExit } from '@procman/protocol/exit-codes';
import { currentContext, loadConfig } from '../config/load.ts';
import { configCandidates } from '../config/locate.ts';
import { linkChange, perform, removeChange, unlinkChanges, writeChange, type Change } from './changes.ts';
import type { InstallOptions } from './options.ts';
import { findProgram } from '../find-program.ts';
import { InstallFailure, placesOf, type Places, type Surroundings } from './places.ts';
import { unitText } from './unit.ts';

/** What systemd starts units with, systemd.exec(5). */
const SYSTEMD_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const SHUTDOWN_TIMEOUT = 45_000;

/** @returns the exit code */
export function install(
  verb: 'install' | 'uninstall',
  options: InstallOptions,
  around: Surroundings,
  say: (line: string) => void,
  complain: (line: string) => void,
): number {
  try {
    const places = placesOf(options, around);
    const changes = verb === 'install' ? toInstall(options, places, around) : toUninstall(places);
    const refused = changes.filter(({ kind }) => kind === 'refuse');
    for (const { path, ...change } of refused) complain(`${path} ${'why' in change ? change.why : ''}`);
    if (verb === 'install' && refused.length > 0) {
      complain('nothing was done');
      return daemonExit.failure;
    }
    carryOut(changes, options.dryRun, say);
    if (verb === 'install') adviseInstalled(options, places, around, say);
    else adviseUninstalled(options, changes, say);
    return refused.length > 0 ? daemonExit.failure : daemonExit.ok;
  } catch (error) {
    if (!(error instanceof Error) || !(error instanceof InstallFailure || 'syscall' in error)) throw error;
    complain(error.message);
    return daemonExit.failure;
  }
}

function toInstall(options: InstallOptions, places: Places, around: Surroundings): readonly Change[] {
  const { bin, destination, procmand, procmanctl } = places;
  const targets = new Map([['procmand', procmand], ['procmanctl', procmanctl]]); // prettier-ignore
  for (const name of options.links) {
    if (targets.has(name)) throw new InstallFailure(`--link ${name}: that is a name of its own`);
  }
  for (const name of options.links) targets.set(name, procmand);
  for (const target of [procmand, procmanctl]) {
    if (!existsSync(target))
      throw new InstallFailure(`${target} is missing: this installation of procman is not whole`);
  }
  const links = [...targets].map(([name, target]) => linkChange(join(destination + bin, name), target));
  if (!options.systemd) return links;
  return [...links, writeChange(destination + places.unit, unitFor(options, places, around))];
}

function toUninstall({ bin, unit, destination, procmand, procmanctl }: Places): readonly Change[] {
  return [...unlinkChanges(destination + bin, [procmand, procmanctl]), ...removeChange(destination + unit)];
}

function unitFor(options: InstallOptions, { bin }: Places, around: Surroundings): string {
  const config = configFor(options, bin, around);
  const loaded = existsSync(config) ? loadConfig(config, currentContext()) : undefined;
  const shutdownTimeout = loaded?.ok === true ? loaded.config.daemon.shutdownTimeout : SHUTDOWN_TIMEOUT;
  const isNodeFound = findProgram('node', SYSTEMD_PATH) !== undefined;
  return unitText({
    procmand: join(bin, 'procmand'),
    procmanctl: join(bin, 'procmanctl'),
    config,
    isUser: options.user,
    canNotify: findProgram('systemd-notify', SYSTEMD_PATH) !== undefined,
    shutdownTimeout,
    path: isNodeFound ? undefined : `${dirname(around.node)}:${SYSTEMD_PATH}`,
  });
}

function configFor({ config, user }: InstallOptions, bin: string, { cwd }: Surroundings): string {
  if (config !== undefined) return checkedPath(resolve(cwd, config));
  const found = configCandidates(join(bin, 'procmand'), cwd).find((path) => existsSync(path));
  if (found !== undefined) return checkedPath(found);
  if (user) throw new InstallFailure('--systemd: no configuration was found: name it with -c FILE');
  return '/etc/procman.toml';
}

/** A unit is made of lines. */
function checkedPath(path: string): string {
  if (/[\x00-\x1f\x7f]/.test(path)) throw new InstallFailure('a path with control characters cannot stand in a unit');
  return path;
}

function carryOut(changes: readonly Change[], isDryRun: boolean, say: (line: string) => void): void {
  for (const change of changes) {
    if (change.kind === 'refuse') continue;
    if (!isDryRun) perform(change);
    say(`${isDryRun && change.kind !== 'keep' ? 'would have ' : ''}${textOf(change)}`);
  }
}

function textOf(change: Exclude<Change, { kind: 'refuse' }>): string {
  switch (change.kind) {
    case 'link':
      return `made ${change.path} -> ${change.target}`;
    case 'write':
      return `${change.replaces ? 'replaced' : 'written'} ${change.path}`;
    case 'unlink':
    case 'remove':
      return `removed ${change.path}`;
    case 'keep':
      return `${change.path} ${change.why}`;
  }
}

function adviseInstalled(
  options: InstallOptions,
  places: Places,
  around: Surroundings,
  say: (line: string) => void,
): void {
  const { bin } = places;
  if (places.destination !== '') return;
  const folders = (around.env['PATH'] ?? '').split(':');
  if (!folders.includes(bin)) say(`${bin} is not in your PATH: add  export PATH="${bin}:$PATH"  to ~/.profile`);
  if (!options.systemd) return;
  const config = configFor(options, bin, around);
  if (!existsSync(config)) say(`${config} does not exist yet: \`procmanctl gen-file ${config}\` writes a first one`);
  const systemctl = options.user ? 'systemctl --user' : 'systemctl';
  say(`now: ${systemctl} daemon-reload && ${systemctl} enable --now procmand`);
  if (options.user) say('to start it at boot, before you log in: loginctl enable-linger');
}

function adviseUninstalled(options: InstallOptions, changes: readonly Change[], say: (line: string) => void): void {
  if (changes.every(({ kind }) => kind === 'keep' || kind === 'refuse')) say('there was nothing to remove');
  if (options.destdir !== undefined || !changes.some(({ kind }) => kind === 'remove')) return;
  const systemctl = options.user ? 'systemctl --user' : 'systemctl';
  say(`now: ${systemctl} disable procmand; ${systemctl} daemon-reload`);
}
