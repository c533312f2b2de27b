/** The `%` specifiers of systemd.unit(5) that have a meaning without systemd. */
import type { Machine } from '../machine.ts';

export interface UnitName {
  /** `backup@db.service` */
  readonly full: string;
  /** `backup@db` */
  readonly bare: string;
  /** `backup` */
  readonly prefix: string;
  /** `db`; empty where it has none. */
  readonly instance: string;
}

export function unitName(file: string): UnitName {
  const full = file.slice(file.lastIndexOf('/') + 1);
  const bare = full.replace(/\.[a-z]+$/, '');
  const at = bare.indexOf('@');
  return { full, bare, prefix: at === -1 ? bare : bare.slice(0, at), instance: at === -1 ? '' : bare.slice(at + 1) };
}

/** @returns the text, or the first specifier that cannot be filled in */
export function fillSpecifiers(
  text: string,
  unit: UnitName,
  machine: Machine,
): { readonly text: string } | { readonly unknown: string } {
  const values: Readonly<Record<string, string | undefined>> = {
    '%': '%',
    n: unit.full,
    N: unit.bare,
    p: unit.prefix,
    i: unit.instance,
    I: unit.instance.replaceAll('-', '/'),
    H: machine.hostname,
    l: machine.hostname.split('.')[0],
    t: '/run',
    S: '/var/lib',
    C: '/var/cache',
    L: '/var/log',
    E: '/etc',
    T: '/tmp',
    V: '/var/tmp',
  };
  let unknown: string | undefined;
  const filled = text.replace(/%(.?)/g, (whole, letter: string) => {
    const value = Object.hasOwn(values, letter) ? values[letter] : undefined;
    if (value === undefined) unknown ??= whole;
    return value ?? whole;
  });
  return unknown === undefined ? { text: filled } : { unknown };
}
