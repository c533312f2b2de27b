/** All that a backup holds, read from the machine; nothing is changed by it. */
import { stateFile, stateFiles, type StateFile } from '@procman/protocol/state-files';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, relative } from 'node:path';
import { currentContext, namedFiles } from '@procman/daemon/config/load';
import { LONGEST_NAMED } from '@procman/daemon/notify/secrets';
import { parseInstance } from '@procman/daemon/effects/stored-instance';
import { isHeld } from '../old-states/kernel-lock.ts';
import type { Content } from './archive.ts';
import { copyOfEvents } from './events-copy.ts';

export interface Place {
  /** Absolute: the main file. */
  readonly config: string;
  /** Absolute. */
  readonly stateDir: string;
}

export interface Collected {
  readonly contents: readonly Content[];
  /** What could not be taken along, and why. */
  readonly notes: readonly string[];
}

/** @throws where the configuration or the state folder cannot be read */
export function collect({ config, stateDir }: Place): Collected {
  const notes: string[] = [];
  const contents = [
    ...configFiles(config, notes),
    ...instanceFiles(stateFile(stateDir, 'instances'), notes),
    ...contentOf(stateDir, 'lastConfig', 'last-config'),
    ...events(stateDir, notes),
    // After the database: numbers that are in it must not be given out again.
    ...contentOf(stateDir, 'sequence', 'sequence'),
  ];
  return { contents, notes };
}

function configFiles(config: string, notes: string[]): readonly Content[] {
  const folder = dirname(config);
  const { parts, secrets } = namedFiles(config, currentContext());
  const { files, authorities, variables } = secrets;
  // The machine's own bundle of authorities, put back years later, would be harm.
  const far = authorities.filter((path) => isOutside(folder, path));
  for (const path of far)
    notes.push(`${path} is left out: a ca-file outside of the configuration's folder is the machine's`);
  if (variables.length > 0) notes.push(`secrets in the daemon's environment are not in it: ${variables.join(', ')}`);
  const needed = new Set(
    [...files, ...authorities.filter((path) => !far.includes(path))].filter((path) => !parts.includes(path)),
  );
  return [
    ...[config, ...parts].map((path) => configFile(folder, path)),
    ...[...needed].flatMap((path) => namedFile(folder, path, notes)),
  ];
}

/** Of a secret, whatever its place is: the daemon runs without it, so a backup is made without it, too. */
function namedFile(folder: string, path: string, notes: string[]): readonly Content[] {
  try {
    const stats = statSync(path);
    if (!stats.isFile()) throw new Error('it is no plain file');
    if (stats.size > LONGEST_NAMED) throw new Error(`it is larger than ${LONGEST_NAMED / 1024} KiB`);
    return [configFile(folder, path)];
  } catch (error) {
    notes.push(
      `${path} is named by the configuration, and is left out: ${error instanceof Error ? error.message : String(error)}`,
    );
    return [];
  }
}

function configFile(folder: string, path: string): Content {
  const place = isOutside(folder, path) ? path : relative(folder, path);
  return { kind: 'config', place, mode: statSync(path).mode & 0o777, data: readFileSync(path) };
}

function isOutside(folder: string, path: string): boolean {
  const inside = relative(folder, path);
  return inside.startsWith('..') || isAbsolute(inside);
}

function instanceFiles(folder: string, notes: string[]): readonly Content[] {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const keys = new Set(names.flatMap((name) => /^(.+)\.json(?:\.prev)?$/.exec(name)?.[1] ?? []));
  return [
    ...[...keys].flatMap((key) => instanceFile(folder, key, notes)),
    ...names.flatMap((name): Content[] => {
      const data = name.endsWith('.hold') ? read(join(folder, name)) : undefined;
      return data === undefined ? [] : [{ kind: 'hold', place: name, mode: 0o600, data }];
    }),
  ];
}

/** A save renames the newest away for an instant: then the one before it is looked at, and the newest once more. */
function instanceFile(folder: string, key: string, notes: string[]): readonly Content[] {
  const newest = `${key}.json`;
  let why = 'it is gone';
  for (const name of [newest, `${newest}.prev`, newest]) {
    const data = read(join(folder, name));
    if (data === undefined) continue;
    const parsed = parseInstance(data.toString('utf8'), key);
    if (parsed.ok) return [{ kind: 'instance', place: newest, mode: 0o600, data }];
    ({ why } = parsed);
  }
  notes.push(`${join(folder, newest)} cannot be used, and is left out: ${why}`);
  return [];
}

function contentOf(stateDir: string, file: StateFile, kind: Content['kind']): readonly Content[] {
  const data = read(stateFile(stateDir, file));
  return data === undefined ? [] : [{ kind, place: stateFiles[file], mode: 0o600, data }];
}

function events(stateDir: string, notes: string[]): readonly Content[] {
  try {
    const data = copyOfEvents(stateDir, isHeld(stateFile(stateDir, 'lock')));
    return data === undefined ? [] : [{ kind: 'events', place: stateFiles.events, mode: 0o600, data }];
  } catch (error) {
    notes.push(`the history is left out: ${error instanceof Error ? error.message : String(error)}`);
    return [];
  }
}

function read(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
