/** What truly happened to each launch, and what the history knows that the machine does not: the ground of all judgements. */
import { parseStem } from '../core/identity.ts';
import type { Instance, World } from '../core/model.ts';
import type { StoredInstance } from '../effects/stored-instance.ts';
import type { Rule } from './rules.ts';
import type { RunTruth, SimulatedMachine, SimulatedProcess } from './machine.ts';

export interface Settings {
  readonly killMode: string;
  readonly oneShot: boolean;
  readonly autorestart: string;
  readonly handsOver: boolean;
}

/** What the history knows that the machine does not. */
export interface Deeds {
  readonly stateDirectory: string;
  /** What the operator was told: held, not held; undefined where the daemon died or the disk failed within the command. */
  readonly held: ReadonlyMap<string, boolean | undefined>;
  /** When a hold ends by itself. */
  readonly until: ReadonlyMap<string, number | 'reboot'>;
  /** State or records of it were destroyed. */
  readonly lossy: ReadonlySet<string>;
  /** Commands of an operator that may run it again. */
  readonly asked: ReadonlyMap<string, number>;
  /** An operator started it with `--force`. */
  readonly forced: ReadonlySet<string>;
  /** An operator stopped it with `--now`. */
  readonly hurried: ReadonlySet<string>;
  /** At this very moment the operator has something of it signalled, or killed to resolve a doubt. */
  readonly signalling: ReadonlySet<string>;
  settingsOf(key: string): {
    readonly killMode: string;
    readonly oneShot: boolean;
    readonly autorestart: string;
    readonly handsOver: boolean;
  };
  /** The world of the living daemon. */
  world(): World | undefined;
  /** No stop by the clock before this monotonic time: it jumped, and the daemon has noticed. */
  guardedUntil(): number;
}

/** A launch of an instance, or of one of its hooks and checks. */
export interface LaunchTruth extends RunTruth {
  readonly at: { readonly wall: number; readonly mono: number };
  readonly bootId: string;
  execs: number;
  version?: string;
  /** What its run is for: see `TimeInvariants`. */
  entry?: string;
  lastWord?: string;
  /** It was ended for what it did itself. */
  isOwnFault?: boolean;
  /** The expression's last word is not the service's. */
  readonly handsOver: boolean;
  /** When the service did last what its health-check looks for, the latest first. */
  touched: readonly number[];
  /** It was launched before a power cut, which may have lost what was known of it. */
  isForgettable?: boolean;
  /** Place in the order of all endings. */
  ended?: number;
}

export interface Truth {
  readonly machine: SimulatedMachine;
  readonly deeds: Deeds;
  /** By `nameOf`. */
  readonly launches: ReadonlyMap<string, LaunchTruth>;
  readonly violate: (rule: Rule, text: string) => void;
}

/** For people who look into a broken rule. */
export const described = ({ role, pid, session, marks, run, startTicks }: SimulatedProcess): string =>
  `${role} ${pid} of ${run?.launchId ?? ''} (${marks.run ?? marks.hook ?? 'unmarked'}, session ${session}, begun at ${startTicks})`;

export const keyOf = (stem: string): string => parseStem(stem).key;
export const jobOf = (stem: string): string | undefined => parseStem(stem).job;

/** A hook and a check of one run may have the same launch id. */
export const nameOf = ({ key, launchId }: RunTruth): string => `${key}/${launchId}`;

/** What the next daemon would know of it; with a broken disk what this one does. */
export function onRecord({ machine, deeds }: Truth, key: string): Instance | undefined {
  if (machine.files.fault !== undefined) return deeds.world()?.instances.get(key);
  const file = machine.files.get(`${deeds.stateDirectory}/instances/${key}.json`);
  if (file === undefined) return undefined;
  const known = parsedFiles.get(file);
  if (known?.text === file.text) return known.instance;
  const instance = instanceIn(file.text);
  parsedFiles.set(file, { text: file.text, instance });
  return instance;
}

/** Unchecked: what a daemon wrote, or nothing where it was torn. */
function instanceIn(text: string): Instance | undefined {
  try {
    return (JSON.parse(text) as StoredInstance).instance;
  } catch {
    return undefined;
  }
}

/** It is asked for with every signal. */
const parsedFiles = new WeakMap<object, { readonly text: string; readonly instance: Instance | undefined }>();

/** Whether an operator may rely on its not being started now. */
export function isHeld({ machine, deeds }: Truth, key: string): boolean {
  const until = deeds.until.get(key);
  return deeds.held.get(key) === true && (typeof until !== 'number' || until > machine.latestWall);
}

/** In its session, or the session's leader: what has left a hook's session was meant to outlive it. */
export const isOfHook = ({ role, session, pid }: SimulatedProcess): boolean =>
  role === 'hook' || (role === 'hook-member' && session !== pid);
