/**
 * What an installation is made of: links and one file. A link is ours when it leads to our command by the very text that we write; a unit,
 * when its seal says so. So nothing has to be recorded to undo it, and nothing of somebody else is ever replaced or removed.
 */
import { chmodSync, lstatSync, mkdirSync, readFileSync, readdirSync, readlinkSync, realpathSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'; // prettier-ignore
import { dirname, join } from 'node:path';
import { originOf } from './unit.ts';

export type Change =
  | { readonly kind: 'link' | 'unlink'; readonly path: string; readonly target: string }
  | { readonly kind: 'write'; readonly path: string; readonly text: string; readonly replaces: boolean }
  | { readonly kind: 'remove'; readonly path: string }
  | { readonly kind: 'keep'; readonly path: string; readonly why: string }
  | { readonly kind: 'refuse'; readonly path: string; readonly why: string };

/** What it takes that `path` leads to `target`. */
export function linkChange(path: string, target: string): Change {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there === undefined) return { kind: 'link', path, target };
  if (!there.isSymbolicLink())
    return { kind: 'refuse', path, why: `is there already, and no link: move it away, or choose another --prefix` };
  const text = readlinkSync(path);
  if (text === target || real(path) === real(target)) return { kind: 'keep', path, why: 'is there already' };
  return { kind: 'refuse', path, why: `is a link to ${text}: remove it, or uninstall what it belongs to` };
}

/** All links of a folder that we have made to `targets`. */
export function unlinkChanges(folder: string, targets: readonly string[]): readonly Change[] {
  return entriesOf(folder).flatMap((name): Change[] => {
    const path = join(folder, name);
    const text = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true ? readlinkSync(path) : undefined;
    if (text !== undefined && targets.includes(text)) return [{ kind: 'unlink', path, target: text }];
    if (name !== 'procmand' && name !== 'procmanctl') return [];
    return [{ kind: 'keep', path, why: 'was not made by this `procmand install`: it is left' }];
  });
}

export function writeChange(path: string, text: string): Change {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there === undefined) return { kind: 'write', path, text, replaces: false };
  if (!there.isFile()) return { kind: 'refuse', path, why: 'is there already, and no file: move it away' };
  const before = readFileSync(path, 'utf8');
  if (before === text) return { kind: 'keep', path, why: 'is there already' };
  const origin = originOf(before);
  if (origin === 'ours') return { kind: 'write', path, text, replaces: true };
  return { kind: 'refuse', path, why: `${NOT_OURS[origin]}: move it away` };
}

export function removeChange(path: string): readonly Change[] {
  if (lstatSync(path, { throwIfNoEntry: false })?.isFile() !== true) return [];
  const origin = originOf(readFileSync(path, 'utf8'));
  if (origin === 'ours') return [{ kind: 'remove', path }];
  return [{ kind: origin === 'foreign' ? 'keep' : 'refuse', path, why: `${NOT_OURS[origin]}: it is left` }];
}

const NOT_OURS = {
  changed: 'was changed by hand since `procmand install` wrote it',
  foreign: 'was not written by `procmand install`',
};

/** @throws the file system's error */
export function perform(change: Change): void {
  switch (change.kind) {
    case 'link':
      mkdirSync(dirname(change.path), { recursive: true });
      symlinkSync(change.target, change.path);
      return;
    case 'write':
      mkdirSync(dirname(change.path), { recursive: true });
      replace(change.path, change.text);
      return;
    case 'unlink':
    case 'remove':
      unlinkSync(change.path);
      return;
    case 'keep':
    case 'refuse':
  }
}

/** systemd must never find half a unit. */
function replace(path: string, text: string): void {
  const draft = `${path}.${process.pid}`;
  rmSync(draft, { force: true });
  writeFileSync(draft, text, { flag: 'wx' });
  chmodSync(draft, 0o644);
  renameSync(draft, path);
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

function real(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
