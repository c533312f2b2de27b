/** A backup as bytes: a tar.gz with a manifest, and a checksum for each file. */
import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { createTar, type ParsedTarFileItem, parseTar } from 'nanotar';
import { FORMAT, FORMAT_VERSION, type Manifest, type ManifestFile, manifestSchema } from './manifest.ts';

export interface Content extends Omit<ManifestFile, 'entry' | 'bytes' | 'sha256'> {
  readonly data: Uint8Array;
}

export interface Archive {
  readonly manifest: Manifest;
  /** By the names of the archive. */
  readonly contents: ReadonlyMap<string, Uint8Array>;
}

/** It cannot be used; why, for people. */
export class UnusableArchive extends Error {
  override readonly name = 'UnusableArchive';
}

const MANIFEST = 'manifest.json';
const CHECKSUM = 'manifest.json.sha256';
/** Unpacked: a history is at most some hundred megabytes, and what is larger would fill the memory. */
const MOST_BYTES = 2 ** 30;
/** As plain tar has it. */
const LONGEST_NAME = 99;

export function pack(about: Omit<Manifest, 'files' | 'format' | 'version'>, contents: readonly Content[]): Uint8Array {
  const named = contents.map((content, index) => ({ content, entry: entryName(content, index) }));
  const files = named.map(({ content: { kind, place, mode, data }, entry }): ManifestFile => {
    return { entry, kind, place, mode, bytes: data.length, sha256: sha256(data) };
  });
  const manifest: Manifest = { format: FORMAT, version: FORMAT_VERSION, ...about, files };
  const text = Buffer.from(`${JSON.stringify(manifest, undefined, 2)}\n`);
  const own = { mode: '600', uid: 0, gid: 0, mtime: Date.parse(about.at) };
  const tar = createTar(
    [
      { name: MANIFEST, data: text },
      { name: CHECKSUM, data: `${sha256(text)}\n` },
      ...named.map(({ content: { data }, entry }) => ({ name: entry, data })),
    ],
    { attrs: own },
  );
  return gzipSync(tar);
}

/** Readable where it can be: its place is in the manifest. */
function entryName({ kind, place }: Content, index: number): string {
  const folder = kind === 'config' ? (place.startsWith('/') ? 'config-outside' : 'config') : 'state';
  const name = `${folder}/${place.replace(/^\//, '')}`;
  const isPlain = /^[A-Za-z0-9._/~+%-]+$/.test(name) && !name.includes('//') && !name.split('/').includes('..');
  return isPlain && name.length <= LONGEST_NAME ? name : `${folder}/file-${index}`;
}

/** @throws UnusableArchive */
export function unpack(bytes: Uint8Array): Archive {
  const contents = new Map<string, Uint8Array>();
  for (const { name, type, data = new Uint8Array() } of entriesOf(bytes)) {
    if (type !== 'file' || contents.has(name))
      throw new UnusableArchive(
        `it holds ${JSON.stringify(name)} ${type === 'file' ? 'twice' : `as ${type ?? 'nothing known'}`}: no backup of procman does`,
      );
    contents.set(name, data);
  }
  const manifest = manifestOf(contents);
  const listed = new Set(manifest.files.map(({ entry }) => entry));
  for (const name of contents.keys())
    if (name !== MANIFEST && name !== CHECKSUM && !listed.has(name))
      throw new UnusableArchive(
        `it holds ${JSON.stringify(name)}, of which its manifest does not know: it was changed`,
      );
  if (listed.size !== manifest.files.length) throw new UnusableArchive('its manifest names a file twice');
  for (const { entry, bytes: size, sha256: sum } of manifest.files) {
    const data = contents.get(entry);
    if (data === undefined) throw new UnusableArchive(`${entry} is missing in it`);
    if (data.length !== size || sha256(data) !== sum)
      throw new UnusableArchive(`${entry} does not fit its checksum: the archive is spoilt`);
  }
  return { manifest, contents };
}

function entriesOf(bytes: Uint8Array): readonly ParsedTarFileItem[] {
  try {
    // A copy, because the reader takes the whole memory behind an array for the archive.
    return parseTar<never, object, ParsedTarFileItem>(
      new Uint8Array(gunzipSync(bytes, { maxOutputLength: MOST_BYTES })),
    );
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UnusableArchive(`it is no whole tar.gz (${why})`);
  }
}

function manifestOf(contents: ReadonlyMap<string, Uint8Array>): Manifest {
  const text = contents.get(MANIFEST);
  const sum = contents.get(CHECKSUM);
  if (text === undefined) throw new UnusableArchive(`there is no ${MANIFEST} in it: it is no backup of procman`);
  const value = parsed(text);
  if (value?.['format'] !== FORMAT) throw new UnusableArchive(`its ${MANIFEST} is not that of a backup of procman`);
  if (value['version'] !== FORMAT_VERSION)
    throw new UnusableArchive(
      `its format has the version ${JSON.stringify(value['version'])}, and this procman knows version ${FORMAT_VERSION} only: restore it with the procman that wrote it (${String(value['procman'])})`,
    );
  if (sum === undefined || Buffer.from(sum).toString('latin1').trim() !== sha256(text))
    throw new UnusableArchive(`its ${MANIFEST} does not fit its checksum: the archive is spoilt`);
  const checked = manifestSchema.safeParse(value);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    throw new UnusableArchive(`its ${MANIFEST} is not valid: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
  }
  return checked.data;
}

function parsed(text: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(text).toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

export function sha256(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
