/** Where the files of a backup go, and what is in their way. Nothing leaves the two folders that were named, unless that was asked for. */
import { DATABASE_PARTS, stateFile, stateFiles } from '@procman/protocol/state-files';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { type Archive, UnusableArchive } from './archive.ts';
import type { FileKind, ManifestFile } from './manifest.ts';
import { restorable } from './restorable.ts';

export interface Places {
  /** Absolute: where the main file goes. */
  readonly configDir: string;
  /** Absolute. */
  readonly stateDir: string;
}

/** A file, with what is to be in it. */
export interface Target {
  readonly path: string;
  readonly kind: FileKind;
  readonly mode: number;
  readonly data: Uint8Array;
  /** Outside of the configuration's folder. */
  readonly isOutside: boolean;
}

/** Names in the state folder. */
const STATE_NAMES: Readonly<Record<Exclude<FileKind, 'config'>, RegExp>> = {
  instance: /^[A-Za-z0-9_%+-][A-Za-z0-9_%+-]*~\d+\.json$/,
  hold: /^[A-Za-z0-9_%+-][A-Za-z0-9_%+-]*~\d+\.hold$/,
  events: /^events\.db$/,
  sequence: /^events\.seq$/,
  'last-config': /^config\.last\.toml$/,
};

/** What lies in the state folder and is replaced by a restore. The rest of it (runs, locks, logs) is never touched. */
export const STATE_ITEMS: readonly string[] = [
  stateFiles.instances,
  ...DATABASE_PARTS.map((part) => `${stateFiles.events}${part}`),
  stateFiles.sequence,
  stateFiles.lastConfig,
];

/** @throws UnusableArchive where a place is none */
export function targetsOf({ manifest, contents }: Archive, places: Places): readonly Target[] {
  const oldFolder = dirname(manifest.config);
  const targets = manifest.files.map((file): Target => {
    const data = contents.get(file.entry) ?? new Uint8Array();
    const { kind, mode } = file;
    if (kind === 'config') return { ...configPlace(file, places), kind, mode, data };
    if (!STATE_NAMES[kind].test(file.place)) throw notAPlace(file);
    return { ...stateTarget(file, kind, data, { oldFolder, ...places }), kind, mode: 0o600, isOutside: false };
  });
  const twice = targets.find(({ path }, index) => targets.findIndex((other) => other.path === path) !== index);
  if (twice) throw new UnusableArchive(`two of its files would go to ${twice.path}`);
  const main = join(places.configDir, basename(manifest.config));
  if (!targets.some(({ path }) => path === main)) throw new UnusableArchive('its main configuration file is missing');
  return targets;
}

const notAPlace = ({ entry, place }: ManifestFile): UnusableArchive =>
  new UnusableArchive(`${entry} asks for the place ${JSON.stringify(place)}: no backup of procman does`);

function configPlace(file: ManifestFile, { configDir }: Places): { path: string; isOutside: boolean } {
  const { place } = file;
  const isPlain = !place.includes('\0') && place.split('/').every((part) => part !== '..' && part !== '.');
  if (!isPlain) throw notAPlace(file);
  if (place.startsWith('/')) return { path: resolve(place), isOutside: true };
  const path = resolve(configDir, place);
  if (relative(configDir, path).startsWith('..') || path === configDir) throw notAPlace(file);
  return { path, isOutside: false };
}

function stateTarget(
  { place, entry }: ManifestFile,
  kind: FileKind,
  data: Uint8Array,
  { oldFolder, configDir, stateDir }: Places & { readonly oldFolder: string },
): { path: string; data: Uint8Array } {
  if (kind === 'last-config') return { path: join(stateDir, place), data: moved(data, oldFolder, configDir) };
  if (kind === 'events' || kind === 'sequence') return { path: join(stateDir, place), data };
  if (kind === 'hold') return { path: join(stateFile(stateDir, 'instances'), place), data };
  const state = restorable(Buffer.from(data).toString('utf8'), place.slice(0, -'.json'.length));
  if (!state.ok) throw new UnusableArchive(`${entry} is no state of an instance: ${state.why}`);
  // As the one before the newest: so the daemon knows that more may have been launched since than it tells.
  return { path: join(stateFile(stateDir, 'instances'), `${place}.prev`), data: Buffer.from(state.text) };
}

/** The files that it carries along are known by their paths. */
function moved(data: Uint8Array, from: string, to: string): Uint8Array {
  if (from === to) return data;
  const text = Buffer.from(data).toString('utf8');
  const head = /^(#@ (?:include|env-file) )(".*")$/gm;
  return Buffer.from(
    text.replace(head, (line, start: string, path: string) => {
      const old = JSON.parse(path) as string;
      return old.startsWith(`${from}/`) ? `${start}${JSON.stringify(to + old.slice(from.length))}` : line;
    }),
  );
}

/* ------------------------------------------------------------------ what is in the way */

/** Files of the configuration that are there and differ; what is the same needs nothing. */
export function differing(targets: readonly Target[]): readonly Target[] {
  return targets.filter(({ kind, path, data }) => kind === 'config' && !isSame(path, data) && isThere(path));
}

export function missingOrDiffering(targets: readonly Target[]): readonly Target[] {
  return targets.filter(({ kind, path, data }) => kind === 'config' && !isSame(path, data));
}

/** What a state folder holds that would be replaced. */
export function stateInTheWay(stateDir: string): readonly string[] {
  return STATE_ITEMS.filter((name) => {
    const path = join(stateDir, name);
    if (!isThere(path)) return false;
    return name !== stateFiles.instances || !lstatSync(path).isDirectory() || readdirSync(path).length > 0;
  }).map((name) => join(stateDir, name));
}

/** A folder on the way that is a link would lead elsewhere. @returns the first that is no folder */
export function notAFolder(path: string, below: string): string | undefined {
  const parts = relative(below, dirname(path))
    .split('/')
    .filter((part) => part !== '');
  const folders = parts.map((_, index) => join(below, ...parts.slice(0, index + 1)));
  return folders.find((folder) => lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() === false);
}

function isSame(path: string, data: Uint8Array): boolean {
  try {
    return lstatSync(path).isFile() && readFileSync(path).equals(data);
  } catch {
    return false;
  }
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
