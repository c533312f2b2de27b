/**
 * Where in a TOML text each key stands. smol-toml gives values without places and zod gives only paths, so the text is
 * scanned once more. The scan expects text that smol-toml accepts; on other text it ends early, it never throws.
 */
import { TomlCursor } from './toml-cursor.ts';

/** A place in a text; both 1-based, the column in UTF-16 units. */
export interface Position {
  /** The included file that it is in, absolute; undefined: the main one. */
  readonly file?: string;
  readonly line: number;
  readonly column: number;
}

/** Keys and list indexes from the top of the file: `['process', 2, 'env', 'PATH']`. */
export type Path = readonly (string | number)[];

/** One key, table or list element of the text. */
interface Place {
  /** Offset of the key, header or element. */
  readonly start: number;
  /** Offset of the value after `=`. */
  valueStart?: number;
  readonly keys: Map<string, Place>;
  readonly items: Place[];
}

/** Finds places in one text. */
export interface Locator {
  /** The place of a path, or of the deepest part of it that the text has; the first line where it has none. */
  position(path: Path): Position;
  /** Where a header or key stands that is there; undefined where the text has no such path. */
  exact(path: Path): Position | undefined;
  /** The value's text from its first character on, up to 40 characters: for what the parser does not tell, like `0o22`. */
  valueText(path: Path): string | undefined;
}

/** Scans a TOML text once; its answers are then cheap. */
export function locate(text: string): Locator {
  const root = scan(text);
  const lines = lineStarts(text);
  const find = (path: Path): { place: Place; complete: boolean } => {
    let place = root;
    for (const step of path) {
      const next = typeof step === 'number' ? place.items[step] : child(place, step);
      if (next === undefined) return { place, complete: false };
      place = next;
    }
    return { place, complete: true };
  };
  return {
    position: (path) => positionAt(lines, find(path).place.start),
    exact: (path) => {
      const { place, complete } = find(path);
      return complete ? positionAt(lines, place.start) : undefined;
    },
    valueText: (path) => {
      const { place, complete } = find(path);
      if (!complete || place.valueStart === undefined) return undefined;
      return text.slice(place.valueStart, place.valueStart + 40);
    },
  };
}

/** Keys are found by either spelling: `work-dir` and `work_dir`. */
function child(place: Place, key: string): Place | undefined {
  return place.keys.get(key) ?? place.keys.get(key.replaceAll('-', '_'));
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

/** Binary search for the line that holds the offset. */
function positionAt(starts: readonly number[], offset: number): Position {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
}

function newPlace(start: number): Place {
  return { start, keys: new Map(), items: [] };
}

function scan(text: string): Place {
  const root = newPlace(0);
  const cursor = new TomlCursor(text);
  let table = root;
  for (;;) {
    cursor.skipBlank();
    if (cursor.done) return root;
    const before = cursor.at;
    if (cursor.peek() === '[') table = scanHeader(cursor, root);
    else scanPair(cursor, table);
    if (cursor.at === before) return root;
  }
}

/** `[a.b]` or `[[a.b]]`: the table that the following keys belong to. */
function scanHeader(cursor: TomlCursor, root: Place): Place {
  const start = cursor.at;
  const isElement = cursor.text.startsWith('[[', start);
  cursor.at += isElement ? 2 : 1;
  const keys = cursor.readKeys();
  cursor.skipLine();
  let place = root;
  for (const [index, key] of keys.entries()) {
    const isLast = index === keys.length - 1;
    const next = step(place, key.name, start);
    if (isLast && isElement) {
      const element = newPlace(start);
      next.items.push(element);
      return element;
    }
    // A header within a list of tables means its newest element (TOML 1.0, "Array of Tables").
    place = next.items.at(-1) ?? next;
  }
  return place;
}

function step(place: Place, key: string, start: number): Place {
  const known = place.keys.get(key);
  if (known !== undefined) return known;
  const added = newPlace(start);
  place.keys.set(key, added);
  return added;
}

/** `a.b = value` */
function scanPair(cursor: TomlCursor, table: Place): void {
  let place = table;
  for (const key of cursor.readKeys()) place = step(place, key.name, key.start);
  cursor.skipBlank();
  if (cursor.peek() !== '=') {
    cursor.skipLine();
    return;
  }
  cursor.at += 1;
  cursor.skipBlank();
  place.valueStart = cursor.at;
  scanValue(cursor, place);
}

function scanValue(cursor: TomlCursor, place: Place): void {
  const char = cursor.peek();
  if (char === '{') scanInlineTable(cursor, place);
  else if (char === '[') scanList(cursor, place);
  else if (char === '"' || char === "'") cursor.readString();
  else cursor.skipScalar();
}

function scanInlineTable(cursor: TomlCursor, place: Place): void {
  cursor.at += 1;
  for (;;) {
    cursor.skipBlankAnd(',');
    if (cursor.done) return;
    if (cursor.peek() === '}') {
      cursor.at += 1;
      return;
    }
    const before = cursor.at;
    scanPair(cursor, place);
    if (cursor.at === before) return;
  }
}

function scanList(cursor: TomlCursor, place: Place): void {
  cursor.at += 1;
  for (;;) {
    cursor.skipBlankAnd(',');
    if (cursor.done) return;
    if (cursor.peek() === ']') {
      cursor.at += 1;
      return;
    }
    const before = cursor.at;
    const item = newPlace(before);
    item.valueStart = before;
    place.items.push(item);
    scanValue(cursor, item);
    if (cursor.at === before) return;
  }
}
