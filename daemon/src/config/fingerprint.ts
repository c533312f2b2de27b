/** Hashes of definitions: they tell that something has changed, and give no secret away when they are kept on disk. */
import { createHash } from 'node:crypto';
import type { Fingerprint, LogTarget, ProcessVersion } from '../core/model.ts';

/** Everything of a version but its hashes. */
export type Definition = Omit<ProcessVersion, 'fingerprint' | 'digest'>;

/** Anything that JSON can hold. */
type Hashable = object | string | number | null;

/** SHA-256 of a value, shortened to 16 hexadecimal digits. The order of a table's keys makes no difference. */
export function hashValue(value: Hashable): string {
  return createHash('sha256').update(canonical(value)).digest('hex').slice(0, 16);
}

/** JSON with sorted keys; what is undefined is left out, so that a key added by a later release changes no old hash. */
function canonical(value: Hashable): string {
  return JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/** Values as they are written, where the definition holds only what became of them. */
export interface GivenValues {
  readonly args: readonly string[];
  /** Of the table and `[defaults]`, without the env-file's. */
  readonly env: Readonly<Record<string, string>>;
  /** The content of the env-file. */
  readonly envFile?: Readonly<Record<string, string>> | undefined;
  readonly params?: object | undefined;
  readonly template?: object | undefined;
  readonly logFile?: LogTarget | undefined;
}

/**
 * A hash per key whose change makes a live run stale (SPEC 2.2). Keys that came later have an entry only where they are given:
 * what was launched before they existed is not stale for lack of them.
 */
export function fingerprintOf(definition: Definition, given: GivenValues): Fingerprint {
  const { command } = definition;
  const later: Fingerprint = {
    ...(isEmpty(given.params) ? {} : { params: hashValue(given.params ?? {}) }),
    ...(given.template === undefined ? {} : { template: hashValue(given.template) }),
    ...(given.envFile === undefined ? {} : { 'env-file': hashValue(given.envFile) }),
    ...(definition.inheritEnv === true ? {} : { 'inherit-env': hashValue({ names: definition.inheritEnv }) }),
    ...(definition.user === undefined ? {} : { user: hashValue(definition.user) }),
    ...(definition.groupName === undefined ? {} : { 'group-name': hashValue(definition.groupName) }),
    ...(definition.limits === undefined ? {} : { limits: hashValue(definition.limits) }),
    ...(definition.pty ? { pty: hashValue({ pty: true }) } : {}),
    ...(given.logFile === undefined ? {} : { 'log-file': hashValue(given.logFile) }),
  };
  return {
    command: hashValue({ line: command.line, type: command.type }),
    args: hashValue(given.args),
    env: hashValue(given.env),
    'work-dir': hashValue(definition.workDir),
    umask: hashValue(definition.umask ?? null),
    nice: hashValue(definition.nice ?? null),
    'stdout-log': hashValue(definition.stdoutLog),
    'stderr-log': hashValue(definition.stderrLog),
    ...later,
  };
}

function isEmpty(table: object | undefined): boolean {
  return table === undefined || Object.keys(table).length === 0;
}

/** Fields that came later, as they are where their key is not given: left out of the hash, which stays what it was. */
const ADDED: Partial<Definition> = {
  perBoot: false,
  catchUp: false,
  externals: [],
  waitAfter: 0,
  inheritEnv: true,
  hooks: {},
  pty: false,
  required: false,
  rotation: { maxBytes: 50_000_000, backups: 10, collapse: true },
};

/** A hash of the whole definition. The reason for the command's type is left out: its wording is for people. */
export function digestOf(definition: Definition): string {
  const { line, type, argv } = definition.command;
  const fields = Object.entries(definition).filter(
    ([field, value]) => JSON.stringify(value) !== JSON.stringify(ADDED[field as keyof Definition]),
  );
  return hashValue({ ...Object.fromEntries(fields), command: { line, type, argv } });
}
