/** The library behind the history, and databases as files. */
import { copyFileSync, existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import type * as SqliteModule from '@photostructure/sqlite';

type Sqlite = typeof SqliteModule;

/** The bundle is CommonJS; the sources, as tests load them, are not, and run in the repository. */
const HERE = typeof __filename === 'string' ? __filename : `${process.cwd()}/package.json`;

let loaded: Sqlite | undefined;

/** Loaded when first needed: a tenth of a second that no start has to wait for. */
export function sqlite(): Sqlite {
  loaded ??= createRequire(HERE)('@photostructure/sqlite') as Sqlite;
  return loaded;
}

/**
 * Copies a database that nobody writes, with what is still in its log.
 *
 * @returns the path of the copy
 * @throws the file system's error
 */
export function copyDatabase(path: string, folder: string): string {
  const copy = join(folder, basename(path));
  for (const part of ['', '-wal']) if (existsSync(`${path}${part}`)) copyFileSync(`${path}${part}`, `${copy}${part}`);
  return copy;
}
