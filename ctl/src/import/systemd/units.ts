/** Unit files: settings by section and key, as systemd.syntax(7) reads them. */
import { basename } from 'node:path';
import { readIni, SYSTEMD_INI } from '../ini-lines.ts';
import { type Field, type Reading, type Source } from '../reading.ts';
import { fillSpecifiers, type UnitName, unitName } from './specifiers.ts';

export class Unit {
  readonly name: UnitName;
  readonly file: string;
  readonly #fields: readonly (Field & { readonly section: string })[];
  readonly #used = new Set<Field>();

  constructor({ path, text }: Source, reading: Reading) {
    this.file = path;
    this.name = unitName(path);
    const { sections, problems } = readIni(text, SYSTEMD_INI);
    for (const { line, message, found, allowed } of problems)
      reading.error({ file: path, line }, message, { found, allowed });
    this.#fields = sections.flatMap((section) =>
      section.entries.map(({ key, value, line }) => {
        const field = { section: section.name, place: { file: path, line }, key, text: value, of: basename(path) };
        return { ...field, text: this.#filled(field, reading) };
      }),
    );
  }

  #filled(field: Field, reading: Reading): string {
    const filled = fillSpecifiers(field.text, this.name, reading.machine);
    if ('text' in filled) return filled.text;
    const allowed = '%i %I %n %N %p %H %l %t %S %C %L %E %T %V, and %% for the character';
    reading.wrong({ ...field, text: filled.unknown }, 'is a specifier that only systemd knows', allowed);
    return field.text;
  }

  /** All settings of a key; an empty one takes the earlier ones back. */
  all(section: string, key: string): readonly Field[] {
    const fields = this.#fields.filter((field) => field.section === section && field.key === key);
    for (const field of fields) this.#used.add(field);
    return fields.slice(fields.findLastIndex(({ text }) => text === '') + 1);
  }

  /** The one that counts: the last. */
  last(section: string, key: string): Field | undefined {
    return this.all(section, key).at(-1);
  }

  /** What nobody asked for, in order. */
  get unused(): readonly (Field & { readonly section: string })[] {
    return this.#fields.filter((field) => !this.#used.has(field) && field.text !== '');
  }
}

/** `5min 20s`, `90` (seconds), `infinity`: systemd.time(7). In seconds; undefined where it is none. */
export function timeSpan(text: string): number | undefined {
  const UNITS: Readonly<Record<string, number>> = {
    us: 1e-6,
    ms: 1e-3,
    '': 1,
    s: 1,
    m: 60,
    h: 3600,
    d: 86_400,
    w: 604_800,
  };
  if (text.trim() === 'infinity') return Infinity;
  let total = 0;
  const parts = [...text.trim().matchAll(/(\d+(?:\.\d+)?)\s*([a-zµ]*)\s*/gi)];
  if (parts.length === 0 || parts.map(([whole]) => whole).join('') !== text.trim()) return undefined;
  for (const [, amount = '', word = ''] of parts) {
    const unit = UNITS[spelled(word)];
    if (unit === undefined) return undefined;
    total += Number(amount) * unit;
  }
  return total;
}

function spelled(word: string): string {
  const forms: readonly (readonly [RegExp, string])[] = [
    [/^(?:usec|us|µs)$/, 'us'],
    [/^(?:msec|ms)$/, 'ms'],
    [/^(?:seconds?|sec|s|)$/, 's'],
    [/^(?:minutes?|min|m)$/, 'm'],
    [/^(?:hours?|hr|h)$/, 'h'],
    [/^(?:days?|d)$/, 'd'],
    [/^(?:weeks?|w)$/, 'w'],
  ];
  return forms.find(([pattern]) => pattern.test(word))?.[1] ?? word;
}

/** A time span as procman writes it. */
export function durationText(seconds: number): string {
  return Number.isInteger(seconds) ? `${seconds}s` : `${Math.max(1, Math.round(seconds * 1000))}ms`;
}
