/** Expressions that name another process: a pid file, or `podman inspect`. */
import type { Action } from '../core/actions.ts';
import { parseMark, runMark } from '../core/identity.ts';
import type { InstanceEvent } from '../core/lifecycle.ts';
import type { InstanceKey, LaunchId, ProcessIdentity, Run } from '../core/model.ts';
import { parsePid, type LaunchFiles } from '../effects/launch-files.ts';
import { groundOf } from '../effects/launch-plan.ts';
import type { ProcessInfo } from '../effects/process-table.ts';
import type { System } from '../effects/system.ts';
import type { Members } from './members.ts';
import { userOf } from './run-account.ts';
import { isSubordinate } from './subordinate-uids.ts';

export interface HandOverOptions {
  readonly system: System;
  readonly files: LaunchFiles;
  readonly members: Members;
  readonly uid: string;
  /** Its files have to be looked at again soon. */
  readonly onUndecided: (key: InstanceKey) => void;
}

/** How long after the end of its expression a pid file may still come, in milliseconds. */
const PID_FILE_GRACE = 2_000;

export class HandOver {
  readonly #o: HandOverOptions;
  /** What a pid file said when it was looked at last, by launch: two looks have to agree. */
  readonly #pidsSeen = new Map<LaunchId, number>();

  constructor(options: HandOverOptions) {
    this.#o = options;
  }

  /** The process that a pid file, or `podman inspect`, names: younger than the launch, and provably the run's or the user's. */
  take({ key, run, ended, text, failure }: Extract<Action, { kind: 'take-pid' }>): readonly InstanceEvent[] {
    const { files, system, members, uid } = this.#o;
    const { launchId } = run;
    const unhanded = (message: string, pid?: ProcessInfo): readonly InstanceEvent[] => {
      if (!ended) return [];
      const candidates = pid === undefined ? [] : [members.describe(pid, runMark(uid, key, launchId))];
      return [
        {
          kind: 'unhanded',
          launchId,
          message: `${message}: \`unblock\` with --gone, --adopt PID or --kill`,
          candidates,
        },
      ];
    };
    const pid = text === undefined ? files.readPid(key, launchId) : parsePid(text);
    if (pid === undefined) {
      this.#pidsSeen.delete(launchId);
      if (ended && text === undefined && this.#mayBeWritten(key, launchId)) return [];
      const said = failure ?? `it said ${JSON.stringify(text)}`;
      const named = `podman inspect named no process (${said})`;
      return unhanded(text === undefined ? 'its expression ended and wrote no pid file' : named);
    }
    const before = this.#pidsSeen.get(launchId);
    this.#pidsSeen.set(launchId, pid);
    // A number may be half written while its writer lives.
    if (!ended && before !== pid) return [];
    const stat = system.stat(pid);
    if (stat === undefined || stat.ended) return unhanded(`process ${pid}, which it named, does not live`);
    const info: ProcessInfo = { ...stat, marks: system.marks(pid) };
    // A number of long ago may be anybody's by now: a launcher's, too, or this daemon's.
    if (info.marks.launcher !== undefined || members.isProtected(pid))
      return unhanded(`process ${pid}, which it named, is one of procman's own`);
    if (run.process !== undefined && stat.startTicks < run.process.startTicks)
      return unhanded(`process ${pid}, which it named, is older than its launch`, info);
    const other = parseMark(info.marks.run, uid);
    if (other !== undefined && other.key !== key)
      return unhanded(`process ${pid}, which it named, belongs to a run of ${other.key}`, info);
    const isOwn = info.marks.run === runMark(uid, key, launchId) || this.#isOfUser(stat.uid, key, run);
    if (!isOwn) return unhanded(`process ${pid}, which it named, is neither marked as its own nor its user's`, info);
    this.#pidsSeen.delete(launchId);
    const process: ProcessIdentity = {
      pid,
      startTicks: stat.startTicks,
      bootId: system.bootId(),
      pidNamespace: system.pidNamespace(),
    };
    // From now on no launcher starts a second one while it lives.
    files.writeRecord(key, { launchId, process, launcher: run.launcher ?? process });
    return [{ kind: 'handed', launchId, process }];
  }

  /** The user that the run was launched as; for a container also what that one may be mapped to: all for root, else its subordinate uids. */
  #isOfUser(owner: number, key: InstanceKey, { type, launchId }: Run): boolean {
    const { system, files } = this.#o;
    const user = userOf(system, groundOf(files.readPlan(key, launchId) ?? ''));
    if (owner === user) return true;
    return type === 'podman-cid' && (user === 0 || isSubordinate(system, user, owner));
  }

  /** Daemons of old end first, and write their pid a moment later. */
  #mayBeWritten(key: InstanceKey, launchId: LaunchId): boolean {
    const file = this.#o.files.readExit(key, launchId);
    const age = file.kind === 'ended' ? this.#o.system.now().wall - file.at : Infinity;
    if (Math.abs(age) > PID_FILE_GRACE) return false;
    this.#o.onUndecided(key);
    return true;
  }
}
