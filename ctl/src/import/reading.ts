/** What all readers share: the draft that they fill, the problems of the source, and the values that settings have. */
import { type Problem, quote } from '@procman/daemon/config/problem';
import { parseSize } from '@procman/daemon/config/sizes';
import { parseSignal } from '@procman/protocol/signals';
import { Draft, type Place, type ProcessTable } from './draft.ts';
import { printable } from '../text/width.ts';
import type { Machine } from './machine.ts';

/** A file of the source. */
export interface Source {
  /** Absolute. */
  readonly path: string;
  readonly text: string;
}

/** A setting of the source. */
export interface Field {
  readonly place: Place;
  readonly key: string;
  /** As it was written, without quotation marks. */
  readonly text: string;
  /** The section, program or app that it belongs to. */
  readonly of?: string;
}

export interface Reader {
  /** Never throws on what a source may hold: problems are collected. */
  readonly read: (sources: readonly Source[], reading: Reading) => void;
}

export interface ReaderOptions {
  /** The operator says that priorities mean what has to run first. */
  readonly prioritiesAreDependencies: boolean;
}

export class Reading {
  readonly draft = new Draft();
  readonly problems: Problem[] = [];
  readonly machine: Machine;
  readonly options: ReaderOptions;
  /** Of the configuration that is made, where the source has none of its own. */
  readonly uid: string;
  readonly #ids = new Map<string, Place>();

  constructor(machine: Machine, options: ReaderOptions, uid: string) {
    this.machine = machine;
    this.options = options;
    this.uid = uid;
  }

  error(place: Partial<Place> & Pick<Place, 'file'>, message: string, details: Partial<Problem> = {}): void {
    this.problems.push({ severity: 'error', ...place, message, ...details });
  }

  /** The value is none of what the key may have. */
  wrong(field: Field, message: string, allowed: string): void {
    const { place, key, text, of } = field;
    const subject = of === undefined ? {} : { process: of };
    this.error(place, message, { key, ...subject, found: quote(text), allowed });
  }

  integer(field: Field, least = 0): number | undefined {
    const text = field.text.trim();
    if (/^[+-]?\d+$/.test(text) && Number(text) >= least) return Number(text);
    this.wrong(field, 'is no whole number in range', `a whole number from ${least} on`);
    return undefined;
  }

  boolean(field: Field): boolean | undefined {
    const word = field.text.trim().toLowerCase();
    if (['true', 'yes', 'on', '1', 't', 'y'].includes(word)) return true;
    if (['false', 'no', 'off', '0', 'f', 'n'].includes(word)) return false;
    this.wrong(field, 'is neither yes nor no', 'true, yes, on, 1; false, no, off, 0');
    return undefined;
  }

  choice<const T extends string | boolean>(field: Field, words: Readonly<Record<string, T>>): T | undefined {
    const word = field.text.trim().toLowerCase();
    if (Object.hasOwn(words, word)) return words[word];
    this.wrong(field, 'is none of the possible values', Object.keys(words).join(', '));
    return undefined;
  }

  signal(field: Field): string | undefined {
    const signal = parseSignal(field.text.trim());
    if (signal === undefined) this.wrong(field, 'is not a signal on this system', 'TERM, SIGINT, 10, ...');
    return signal;
  }

  /** `022` -> `022`. */
  mode(field: Field): string | undefined {
    const digits = /^(?:0o)?([0-7]{1,4})$/.exec(field.text.trim())?.[1];
    if (digits !== undefined) return digits.padStart(3, '0');
    this.wrong(field, 'is not a permission mode', 'octal digits such as 022');
    return undefined;
  }

  /** A size of systems that count 1 KB as 1024 bytes. */
  size(field: Field): string | number | undefined {
    const [, digits, unit = ''] = /^(\d+)\s*([kmgt]?)i?b?$/i.exec(field.text.trim()) ?? [];
    const size = digits === undefined ? undefined : unit === '' ? Number(digits) : `${digits}${sizeUnit(unit)}`;
    if (size !== undefined && parseSize(size) !== undefined) return size;
    this.wrong(field, 'is not a size', '50MB, 512KB, or a number of bytes');
    return undefined;
  }

  /** Whether the id can be one, and is the first of its kind. */
  claim(id: string, place: Place): boolean {
    const earlier = this.#ids.get(id);
    this.#ids.set(id, place);
    if (earlier === undefined) return true;
    this.error(place, `${quote(id)} is declared twice`, {
      hint: `the other one is in ${earlier.file}, line ${earlier.line}: take one out, or rename it`,
    });
    return false;
  }

  /** Says what a key without a counterpart was. */
  leaveOut(table: Pick<ProcessTable, 'remark'>, field: Field, why = 'no counterpart'): void {
    table.remark(field.place, `${field.key}=${printable(field.text)}`, why);
  }
}

function sizeUnit(letter: string): string {
  return `${letter.toUpperCase()}iB`;
}

/** A name as an id here: what an id cannot hold becomes `-`. */
export function idOf(name: string): string {
  const id = name
    .replaceAll(/[:*,/\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '-')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .replace(/^-+/, '')
    .slice(0, 100);
  return ['', 'all', '.', '..'].includes(id) ? `_${id}` : id;
}
