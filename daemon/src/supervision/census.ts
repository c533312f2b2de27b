/**
 * Which processes belong to which live run, for people who ask: one sweep of /proc for all runs, in steps, so that supervision goes
 * on in between. What is signalled is looked for anew, by `members.ts`.
 */
import { runMark } from '../core/identity.ts';
import { mainOf } from '../core/lifecycle.ts';
import type { InstanceKey, LaunchId, Run, World } from '../core/model.ts';
import { ProcessScanner, type ProcessInfo } from '../effects/process-table.ts';
import type { System } from '../effects/system.ts';

/** What was seen of a run. */
export interface RunCensus {
  readonly key: InstanceKey;
  readonly run: Run;
  /** Its session, and what carries its mark elsewhere. */
  readonly members: readonly ProcessInfo[];
  /** Processes of it that have ended, and whose parent has not taken note. */
  readonly zombies: readonly ProcessInfo[];
}

export type CensusResult = ReadonlyMap<LaunchId, RunCensus>;

interface Entry {
  readonly key: InstanceKey;
  readonly run: Run;
  readonly mark: string;
  /** Its main process, seen alive: its pid is the number of the run's session then. */
  readonly main: number | undefined;
  readonly members: ProcessInfo[];
  readonly zombies: ProcessInfo[];
}

export class Census {
  readonly #uid: string;
  readonly #scanner: ProcessScanner;
  readonly #self: number;

  /** @param self - pid of the daemon */
  constructor(system: System, uid: string, self: number) {
    this.#uid = uid;
    this.#scanner = new ProcessScanner(system);
    this.#self = self;
  }

  /** @param world - asked for when the sweep is done: runs change meanwhile */
  *take(world: () => World): Generator<void, CensusResult> {
    const table = yield* this.#scanner.sweep();
    const processes = new Map(table.map((process) => [process.pid, process]));
    const entries = liveRuns(world()).map((live) => this.#entryOf(live, processes));
    const find = finderOf(entries);
    const owners = new Map<number, Entry>();
    for (const process of table) {
      const owner = process.ended || process.pid === this.#self || process.pid === 1 ? undefined : find(process);
      owner?.members.push(process);
      if (owner !== undefined) owners.set(process.pid, owner);
      yield;
    }
    // A zombie has no environment to tell by, but its session and its parent are left.
    const sessions = bySession(entries);
    for (const process of table.filter(({ ended }) => ended)) {
      const owner = sessions.get(process.session) ?? owners.get(process.parent);
      if (owner !== undefined && process.pid !== owner.main) owner.zombies.push(process);
    }
    return new Map(entries.map(({ key, run, members, zombies }) => [run.launchId, { key, run, members, zombies }]));
  }

  #entryOf({ key, run, hasMain }: LiveRun, processes: ReadonlyMap<number, ProcessInfo>): Entry {
    const main = hasMain ? mainOf(run) : undefined;
    const seen = main && processes.get(main.pid);
    const isThere = seen !== undefined && seen.startTicks === main?.startTicks;
    const mark = runMark(this.#uid, key, run.launchId);
    return { key, run, mark, main: isThere ? seen.pid : undefined, members: [], zombies: [] };
  }
}

interface LiveRun {
  readonly key: InstanceKey;
  readonly run: Run;
  /** Its main process has not ended, as far as is known. */
  readonly hasMain: boolean;
}

function liveRuns({ instances }: World): readonly LiveRun[] {
  return [...instances.values()].flatMap(({ key, activity }) => {
    if (activity.kind === 'idle' || activity.kind === 'preparing') return [];
    const hasMain = activity.kind !== 'clearing' && activity.kind !== 'finishing';
    return [{ key, run: activity.run, hasMain }];
  });
}

/** The mark decides where there is one, else the session: as in `belongsToRun`, for all runs at once. */
function finderOf(entries: readonly Entry[]): (process: ProcessInfo) => Entry | undefined {
  const marks = new Map(entries.map((entry) => [entry.mark, entry]));
  const sessions = bySession(entries);
  return ({ pid, session, marks: { run, hook, launcher } }) => {
    // A launcher is none of a run; its child is, from its record on.
    if (launcher !== undefined) return sessions.get(pid);
    if (run !== undefined || hook !== undefined) return run === undefined ? undefined : marks.get(run);
    // What an expression named may be in another's session.
    return sessions.get(pid) ?? sessions.get(session);
  };
}

function bySession(entries: readonly Entry[]): ReadonlyMap<number, Entry> {
  return new Map(entries.flatMap((entry) => (entry.main === undefined ? [] : [[entry.main, entry]])));
}
