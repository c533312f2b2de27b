/** What a backup says of itself: its first file, which names all others with their places and checksums. */
import * as z from 'zod';

export const FORMAT = 'procman-backup';
/** Of the archive. A later one is refused: what it holds could be put to the wrong places. */
export const FORMAT_VERSION = 1;

export const FILE_KINDS = ['config', 'instance', 'hold', 'events', 'sequence', 'last-config'] as const;
export type FileKind = (typeof FILE_KINDS)[number];

const file = z.strictObject({
  /** Its name in the archive. */
  entry: z.string().regex(/^[A-Za-z0-9._/~+%-]{1,99}$/),
  kind: z.enum(FILE_KINDS),
  /** `config`: its path, relative to the folder of the main file, or absolute where it lies outside. Others: its name in the state folder. */
  place: z.string().min(1),
  /** Permissions. */
  mode: z.int().min(0).max(0o777),
  bytes: z.int().nonnegative(),
  /** 64 hexadecimal digits. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

export const manifestSchema = z.strictObject({
  format: z.literal(FORMAT),
  version: z.literal(FORMAT_VERSION),
  /** Version of procman that wrote it. */
  procman: z.string(),
  uid: z.string().regex(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$/),
  /** Effective user id of who wrote it. */
  euid: z.int().nonnegative(),
  /** ISO 8601. */
  at: z.string(),
  host: z.string(),
  /** Absolute: the main file. */
  config: z.string().startsWith('/'),
  /** Absolute. */
  stateDir: z.string().startsWith('/'),
  files: z.array(file),
});

export type Manifest = z.infer<typeof manifestSchema>;
export type ManifestFile = Manifest['files'][number];
