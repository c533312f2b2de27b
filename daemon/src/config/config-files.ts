/**
 * The files that a configuration names (`include`, `env-file`): read from disk, or taken from a text that carries them along.
 *
 * What is applied is kept as one text that needs no other file: the main file, then each file that it named, as comments. So
 * `--last-good` gets what was in force, whatever has become of the files, and a client's `plan` makes the daemon open none.
 */
import { readdirSync, type Stats } from 'node:fs';
import { readGuarded } from './guarded-file.ts';
import { NO_SECRETS } from './named-secrets.ts';

export type FileKind = 'include' | 'env-file';

/** A file's text, or why there is none. Owner and mode are known of files on disk only. */
export type NamedText =
  | { readonly ok: true; readonly text: string; readonly stats?: Pick<Stats, 'mode' | 'uid'> }
  | { readonly ok: false; readonly message: string; readonly hint?: string };

/** Said of a file that a text names and does not carry along. */
export const NOT_CARRIED = {
  message: 'is not part of the text that is checked',
  hint: 'check the file where it stands: procmanctl check FILE',
};

export interface ConfigFiles {
  /** The names in a folder; none where it cannot be read. */
  list(folder: string): readonly string[];
  /** @param path - absolute */
  read(path: string, kind: FileKind): NamedText;
  /** Where patterns have been looked up already: all included files; `not-carried` where nobody did. */
  readonly included: readonly string[] | 'not-carried' | undefined;
}

const HEAD = '#@ procman: the files that this one names, as they were when it was read';
const FILE = /^#@ (include|env-file) (".*")$/;
const LINE = '#|';

/** Reads from disk, and remembers what it has read. */
export class FilesOnDisk implements ConfigFiles {
  readonly included = undefined;
  /** What was named and is not part of the configuration: it is read when it is needed. */
  secrets = NO_SECRETS;
  private readonly files = new Map<string, { readonly kind: FileKind; readonly text: string }>();
  /** Each file is read once: all that name it see the same. */
  private readonly results = new Map<string, NamedText>();
  private readonly listed = new Set<string>();

  list(folder: string): readonly string[] {
    this.listed.add(folder);
    try {
      return readdirSync(folder);
    } catch {
      return [];
    }
  }

  read(path: string, kind: FileKind): NamedText {
    const known = this.results.get(path);
    if (known !== undefined) return known;
    const file = readGuarded(path);
    if (file.ok) this.files.set(path, { kind, text: file.text });
    // The hint of a missing configuration is of no use here.
    const result: NamedText = file.ok ? file : { ok: false, message: file.message };
    this.results.set(path, result);
    return result;
  }

  /** What was read, absolute. */
  get paths(): readonly string[] {
    return [...this.files.keys()];
  }

  /** What was read for this, absolute. */
  pathsOf(kind: FileKind): readonly string[] {
    return [...this.files].flatMap(([path, file]) => (file.kind === kind ? [path] : []));
  }

  /** Folders in which further files may appear. */
  get folders(): readonly string[] {
    return [...this.listed];
  }

  /** The main file's text with all that was read. */
  bundle(text: string): string {
    if (this.files.size === 0 && this.listed.size === 0) return text;
    const parts = [...this.files].flatMap(([path, file]) => [
      `#@ ${file.kind} ${JSON.stringify(path)}`,
      ...file.text.split('\n').map((line) => `${LINE}${line}`),
    ]);
    return [text, HEAD, ...parts, ''].join('\n');
  }
}

/** Files that a text carries along; no other is opened. */
export class CarriedFiles implements ConfigFiles {
  /** The main file alone. */
  readonly text: string;
  readonly included: readonly string[] | 'not-carried';
  private readonly files: ReadonlyMap<string, { readonly kind: string; readonly lines: string[] }>;

  constructor(bundle: string) {
    const at = bundle.lastIndexOf(`\n${HEAD}\n`);
    this.text = at === -1 ? bundle : bundle.slice(0, at);
    const files = new Map<string, { kind: string; lines: string[] }>();
    let current: string[] | undefined;
    for (const line of at === -1 ? [] : bundle.slice(at + HEAD.length + 2).split('\n')) {
      const [, kind, path] = FILE.exec(line) ?? [];
      if (kind !== undefined && path !== undefined) {
        current = [];
        files.set(pathOf(path), { kind, lines: current });
      } else if (line.startsWith(LINE)) current?.push(line.slice(LINE.length));
    }
    this.files = files;
    const included = [...files].filter(([, { kind }]) => kind === 'include').map(([path]) => path);
    this.included = at === -1 ? 'not-carried' : included;
  }

  /** What is carried, absolute. */
  get paths(): readonly string[] {
    return [...this.files.keys()];
  }

  list(): readonly string[] {
    return [];
  }

  read(path: string): NamedText {
    const file = this.files.get(path);
    if (file !== undefined) return { ok: true, text: file.lines.join('\n') };
    return { ok: false, ...NOT_CARRIED };
  }
}

function pathOf(written: string): string {
  try {
    return String(JSON.parse(written));
  } catch {
    return written;
  }
}
