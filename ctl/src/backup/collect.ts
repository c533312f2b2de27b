/** All that a backup holds, read from the machine; nothing is changed by it. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, relative } from 'node:path';
import { currentContext, namedFiles } from '@procman/daemon/config/load';
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
    ...configFiles(config),
    ...instanceFiles(join(stateDir, 'instances'), notes),
    ...stateFile(stateDir, 'config.last.toml', 'last-config'),
    ...events(stateDir, notes),
    // After the database: numbers that are in it must not be given out again.
    ...stateFile(stateDir, 'events.seq', 'sequence'),
  ];
  return { contents, notes };
}

function configFiles(config: string): readonly Content[] {
  const folder = dirname(config);
  return [config, ...namedFiles(config, currentContext())].map((path) => {
    const inside = relative(folder, path);
    const isOutside = inside.startsWith('..') || isAbsolute(inside);
    const { mode } = statSync(path);
    return { kind: 'config', place: isOutside ? path : inside, mode: mode & 0o777, data: readFileSync(path) };
  });
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

function stateFile(stateDir: string, name: string, kind: Content['kind']): readonly Content[] {
  const data = read(join(stateDir, name));
  return data === undefined ? [] : [{ kind, place: name, mode: 0o600, data }];
}

function events(stateDir: string, notes: string[]): readonly Content[] {
  try {
    const data = copyOfEvents(stateDir, isHeld(join(stateDir, 'procmand.lock')));
    return data === undefined ? [] : [{ kind: 'events', place: 'events.db', mode: 0o600, data }];
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
