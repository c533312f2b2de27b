/**
 * Keys of a process that stand nowhere in its table, because a template brought them: where their text is, what people are
 * told of where they come from, and which line a problem with them is shown at.
 */
import type { Locator, Path, Position } from './positions.ts';

export interface Graft {
  /** Where the problem is shown. */
  readonly place: Path;
  /** The text that the key stands in, and its path there. */
  readonly locator: Locator;
  readonly path: Path;
  /** The template's name. */
  readonly template: string;
}

/** What a template's key comes from. */
export interface Origin {
  readonly template: string;
  /** Within the template's text. */
  readonly line: number;
}

/** A locator of a file, and of what was grafted onto its tables. */
export class GraftedLocator implements Locator {
  private readonly file: Locator;
  private readonly grafts = new Map<string, Graft>();

  constructor(file: Locator) {
    this.file = file;
  }

  /** From now on, this path of the file and all below it mean the graft's. */
  graft(path: Path, graft: Graft): void {
    this.grafts.set(keyOf(path), graft);
  }

  position(path: Path): Position {
    return this.file.position(this.find(path)?.graft.place ?? path);
  }

  exact(path: Path): Position | undefined {
    return this.file.exact(this.find(path)?.graft.place ?? path);
  }

  valueText(path: Path): string | undefined {
    const found = this.find(path);
    return found === undefined ? this.file.valueText(path) : found.graft.locator.valueText(found.inner);
  }

  /** undefined: the path stands in the file itself. */
  origin(path: Path): Origin | undefined {
    const found = this.find(path);
    if (found === undefined) return undefined;
    return { template: found.graft.template, line: found.graft.locator.position(found.inner).line };
  }

  private find(path: Path): { readonly graft: Graft; readonly inner: Path } | undefined {
    if (this.grafts.size === 0) return undefined;
    for (let length = path.length; length > 0; length -= 1) {
      const graft = this.grafts.get(keyOf(path.slice(0, length)));
      if (graft !== undefined) return { graft, inner: [...graft.path, ...path.slice(length)] };
    }
    return undefined;
  }
}

/** Either spelling of a key is the same key. */
function keyOf(path: Path): string {
  return JSON.stringify(path.map((step, depth) => (depth === 2 ? String(step).replaceAll('_', '-') : step)));
}
