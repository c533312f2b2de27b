/** YAML (and JSON, which is YAML too) with the line of every key. */
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type Document } from 'yaml';
import type { Place } from './draft.ts';
import type { Field, Reading, Source } from './reading.ts';

/** A value with its place. */
export interface YamlNode {
  readonly place: Place;
  /** As plain data. */
  readonly value: unknown;
  /** Of a scalar: as it was written, so `044` and `1.10` stay what they are. */
  readonly text: string;
  /** Of a map, in order. */
  readonly pairs: readonly YamlPair[] | undefined;
  /** Of a list. */
  readonly items: readonly YamlNode[] | undefined;
}

export interface YamlPair {
  readonly key: string;
  readonly place: Place;
  readonly node: YamlNode;
}

/** The document, or undefined where it is none; the problems are reported. */
export function readYaml({ path, text }: Source, reading: Reading): YamlNode | undefined {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, merge: true, prettyErrors: false });
  for (const error of document.errors) {
    const { line, col } = lines.linePos(error.pos[0]);
    reading.error({ file: path, line }, `not valid YAML: ${error.message}`, {
      column: col,
      hint: 'check the indentation, and that brackets and quotation marks are closed',
    });
  }
  if (document.errors.length > 0) return undefined;
  const trouble = aliasTrouble(document);
  if (trouble !== undefined) {
    reading.error({ file: path }, `not valid YAML: ${trouble}`, { hint: 'mend the *alias that it is about' });
    return undefined;
  }
  return new Nodes(document, path, lines).of(document.contents, 1);
}

/** An alias without its anchor, in a circle, or one of aliases that would fill the memory. */
function aliasTrouble(document: Document): string | undefined {
  try {
    JSON.stringify(document.toJS());
    return undefined;
  } catch (error) {
    return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  }
}

class Nodes {
  readonly #document: Document;
  readonly #file: string;
  readonly #lines: LineCounter;

  constructor(document: Document, file: string, lines: LineCounter) {
    this.#document = document;
    this.#file = file;
    this.#lines = lines;
  }

  /** @param depth - aliases may lead in a circle */
  of(given: unknown, line: number, depth = 0): YamlNode {
    const node = isAlias(given) ? given.resolve(this.#document) : (given as Node | null | undefined);
    const place = { file: this.#file, line: this.#lineOf(node) ?? line };
    if (depth > 50 || node === null || node === undefined)
      return { place, value: null, text: '', pairs: undefined, items: undefined };
    const pairs = isMap(node) ? this.#pairs(node.items, place.line, depth) : undefined;
    const items = isSeq(node) ? node.items.map((item) => this.of(item, place.line, depth + 1)) : undefined;
    return { place, value: node.toJS(this.#document), text: textOf(node), pairs, items };
  }

  /** `<<: *base` stands for the keys of the other map; those that stand here win over them. */
  #pairs(items: readonly { key: unknown; value: unknown }[], line: number, depth: number): YamlPair[] {
    const own: YamlPair[] = [];
    const merged: YamlPair[] = [];
    for (const { key, value } of items) {
      const at = this.#lineOf(key) ?? line;
      const node = this.of(value, at, depth + 1);
      const name = isScalar(key) ? key.value : key;
      // With `merge` the library has a symbol for it.
      if (typeof name === 'symbol') merged.push(...(node.items ?? [node]).flatMap(({ pairs }) => pairs ?? []));
      else own.push({ key: String(name), place: { file: this.#file, line: at }, node });
    }
    return [...merged.filter(({ key }) => own.every((pair) => pair.key !== key)), ...own];
  }

  #lineOf(node: unknown): number | undefined {
    const at = (node as Partial<Node> | null | undefined)?.range?.[0];
    return at === undefined ? undefined : this.#lines.linePos(at).line;
  }
}

function textOf(node: Node): string {
  if (!isScalar(node)) return '';
  if (typeof node.value === 'string') return node.value;
  return node.source ?? JSON.stringify(node.value);
}

/** A setting of what is called `of`. @param key - what it is called, where that is not what was written */
export function fieldOf({ key: written, place, node }: YamlPair, of: string, key = written): Field {
  return { key, place, text: shownNode(node), of };
}

/** For messages. */
export function shownNode({ value, text, pairs, items }: YamlNode): string {
  return pairs === undefined && items === undefined ? text : JSON.stringify(value);
}
