/** Spoils what a daemon has on disk, as bad disks, restores of old backups, and people do. */
import { createHash, randomBytes } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import {
  copyFileSync, cpSync, existsSync, linkSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync,
} from 'node:fs'; // prettier-ignore
import { basename, dirname, join, relative } from 'node:path';
import type { Random } from '../../daemon/src/simulation/random.ts';
import { bytesOf } from './budget.ts';

/** Kernel locks are by inode, so these stay; logs are the services'. */
const isLeftAlone = (path: string): boolean => /^(runs\/lock\/|procmand\.lock|logs\/)/.test(path);

/** The files of a state directory that may be spoilt, relative to it. */
export function stateFiles(stateDirectory: string): string[] {
  const entries = readdirSync(stateDirectory, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(stateDirectory, join(entry.parentPath, entry.name)));
  return paths.filter((path) => !isLeftAlone(path)).sort();
}

/** A copy of the state, to be put back. */
export class Backup {
  readonly #directory: string;
  readonly #copy: string;

  constructor(stateDirectory: string) {
    this.#directory = stateDirectory;
    this.#copy = `${stateDirectory}.backup-${randomBytes(4).toString('hex')}`;
    for (const path of stateFiles(stateDirectory)) this.#copyTo(this.#copy, path, stateDirectory);
  }

  restore(): void {
    for (const folder of ['instances', 'runs/record', 'runs/exit', 'runs/launch', 'runs/pid'])
      for (const name of existsSync(join(this.#directory, folder)) ? readdirSync(join(this.#directory, folder)) : [])
        rmSync(join(this.#directory, folder, name), { recursive: true, force: true });
    for (const name of readdirSync(this.#directory).filter((each) => /^(daemon|config|stream|auto)/.test(each)))
      rmSync(join(this.#directory, name), { recursive: true, force: true });
    for (const path of stateFiles(this.#copy)) this.#copyTo(this.#directory, path, this.#copy);
  }

  #copyTo(target: string, path: string, source: string): void {
    mkdirSync(dirname(join(target, path)), { recursive: true, mode: 0o700 });
    rmSync(join(target, path), { recursive: true, force: true });
    copyFileSync(join(source, path), join(target, path));
  }
}

const WAYS = {
  bits: 8, cut: 4, empty: 2, garbage: 2, nul: 2, swap: 3, huge: 1, types: 8, gone: 2, link: 2, danglingLink: 1, loop: 1, pipe: 2, folder: 2, fullFolder: 1, second: 1,
} as const; // prettier-ignore

/**
 * Spoils one file.
 *
 * @param outside - a file that a link leads to; nothing may be written there
 * @returns what was done, for people
 */
export function spoil(path: string, others: readonly string[], outside: string, random: Random): string {
  // That there is a hold is all that it says: one that is gone was let go by whoever removed it.
  const way = random.weighted(path.endsWith('.hold') ? { ...WAYS, gone: 0 } : WAYS);
  const bytes = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
  const replaceBy = (act: () => void): void => {
    rmSync(path, { recursive: true, force: true });
    act();
  };
  switch (way) {
    case 'bits':
      writeFileSync(path, flipped(bytes, random));
      break;
    case 'cut':
      truncateSync(path, random.below(bytes.length + 1));
      break;
    case 'empty':
      truncateSync(path, 0);
      break;
    case 'garbage':
      writeFileSync(path, bytesOf(random, random.between(1, 2000)));
      break;
    case 'nul':
      writeFileSync(path, Buffer.alloc(Math.max(1, bytes.length)));
      break;
    case 'swap':
      swap(path, random.pick(others.filter((other) => other !== path)));
      break;
    case 'huge':
      // Without taking any room.
      truncateSync(path, random.oneOf(100, 5000) * 2 ** 20);
      break;
    case 'types':
      writeFileSync(path, withOtherTypes(bytes.toString(), random));
      break;
    case 'gone':
      rmSync(path);
      break;
    case 'link':
      replaceBy(() => symlinkSync(outside, path));
      break;
    case 'danglingLink':
      replaceBy(() => symlinkSync(`${outside}.not-there`, path));
      break;
    case 'loop':
      replaceBy(() => symlinkSync(basename(path), path));
      break;
    case 'pipe':
      replaceBy(() => spawnSync('mkfifo', [path]));
      break;
    case 'folder':
      replaceBy(() => mkdirSync(path));
      break;
    case 'fullFolder':
      replaceBy(() => mkdirSync(join(path, 'within'), { recursive: true }));
      break;
    case 'second':
      linkSync(path, `${path}.second`);
  }
  return `${way} ${path}`;
}

function flipped(bytes: Buffer, random: Random): Buffer {
  const result = Buffer.from(bytes);
  for (let times = random.between(1, 8); times > 0 && result.length > 0; times -= 1) {
    const at = random.below(result.length);
    result[at] = (result[at] ?? 0) ^ (1 << random.below(8));
  }
  return result;
}

/** What a state file holds behind its checksum. */
const sealed = /^(.*),"sum":"[0-9a-f]{16}"\}\n?$/s;

/**
 * Damages a file so that what guards it fits again: the checksum of a state file, the second half of a run record. So it gets to what
 * reads it. Exit files, pid files, holds, plans and numbers have no such guard.
 *
 * @returns what was done, for people
 */
export function forge(path: string, random: Random): string {
  const text = readFileSync(path, 'latin1');
  const body = sealed.exec(text)?.[1];
  const changed = (part: string): string =>
    random.chance(0.5) ? flipped(Buffer.from(part, 'latin1'), random).toString('latin1') : withOtherTypes(part, random);
  if (path.includes('/record/')) {
    const words = changed(text.trimEnd().split(' ').slice(0, 7).join(' '));
    writeFileSync(path, `${words} ${words} end\n`, 'latin1');
  } else if (body !== undefined) {
    const forged = changed(`${body}}`).slice(0, -1);
    const bytes = Buffer.from(forged, 'latin1').toString();
    const sum = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
    // Files of before there was a checksum have none.
    writeFileSync(path, random.chance(0.3) ? `${forged}}` : `${forged},"sum":"${sum}"}\n`, 'latin1');
  } else writeFileSync(path, changed(text), 'latin1');
  return `forged ${path}`;
}

function swap(path: string, other: string | undefined): void {
  if (other === undefined || !existsSync(other)) return;
  const aside = `${path}.aside`;
  cpSync(path, aside);
  rmSync(path);
  cpSync(other, path, { recursive: true });
  rmSync(other, { recursive: true, force: true });
  cpSync(aside, other);
  rmSync(aside);
}

const VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e300,
  2 ** 53,
  '',
  'x',
  '\0',
  '../../x',
  '$(x)',
  [],
  {},
  [[]],
  { kind: 'x' },
];

/** JSON of another shape: some values are others now, or gone; where it is no JSON, words are. */
function withOtherTypes(text: string, random: Random): string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return text.replaceAll(/\S+/g, (word) =>
      random.chance(0.3) ? random.oneOf('0', '-1', '999999999999', 'x', '') : word,
    );
  }
  return JSON.stringify(changed(value, random));
}

function changed(value: unknown, random: Random): unknown {
  if (random.chance(0.04)) return random.pick(VALUES);
  if (Array.isArray(value)) return value.map((entry) => changed(entry, random));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(() => !random.chance(0.02));
  return Object.fromEntries(entries.map(([key, entry]) => [key, changed(entry, random)]));
}
