/** What proves, or keeps from proving, that nothing of a state folder is alive. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { parseRecord } from '@procman/daemon/effects/launch-files';
import { statFields } from '@procman/daemon/effects/stat-fields';
import { listDaemons, type Surroundings } from '../find-daemon.ts';
import { isHeld } from './kernel-lock.ts';

/** Why the folder has to stay; undefined: nothing of it lives, for certain. */
export function whatLives(stateDir: string, uid: string, around: Surroundings): string | undefined {
  const owner = listDaemons(around).find(
    ({ owner: { uid: its, stateDir: where }, isLive }) => isLive && (its === uid || where === stateDir),
  );
  if (owner) return `its daemon runs, pid ${owner.owner.pid}`;
  return fromRecords(stateDir, around) ?? fromLocks(stateDir) ?? fromMarks(uid, around);
}

/** One that does not parse proves nothing. */
function fromRecords(stateDir: string, { proc }: Surroundings): string | undefined {
  const boot = textOf(`${proc}/sys/kernel/random/boot_id`)?.trim();
  const namespace = linkOf(`${proc}/self/ns/pid`);
  for (const stem of namesIn(join(stateDir, 'runs/record'))) {
    const record = parseRecord(textOf(join(stateDir, 'runs/record', stem)) ?? '');
    if (record === undefined || boot === undefined) return `the record of ${stem} cannot be read`;
    if (record.process.bootId !== boot) continue;
    if (record.process.pidNamespace !== namespace)
      return `${stem} ran in another pid namespace of this boot: it cannot be seen from here`;
    const alive = [record.process, record.launcher].find(
      ({ pid, startTicks: ticks }) => startTicks(pid, proc) === String(ticks),
    );
    if (alive) return `${stem} lives, pid ${alive.pid}`;
  }
  return undefined;
}

function fromLocks(stateDir: string): string | undefined {
  const folder = join(stateDir, 'runs/lock');
  const held = namesIn(folder).find((stem) => isHeld(join(folder, stem)));
  return held === undefined ? undefined : `the lock of ${held} is held`;
}

/** Whatever was started for this uid carries its mark, hooks and launchers too. */
function fromMarks(uid: string, { proc }: Surroundings): string | undefined {
  const pattern = ['RUN', 'HOOK', 'LAUNCHER'].map((kind) => `PROCMAN_${kind}=${uid}/`);
  const marked = namesIn(proc).find((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    const environment = textOf(`${proc}/${pid}/environ`)?.split('\0') ?? [];
    return environment.some((variable) => pattern.some((start) => variable.startsWith(start)));
  });
  return marked === undefined ? undefined : `process ${marked} carries its mark`;
}

/** A zombie counts as alive here: its launcher has not yet taken note. */
function startTicks(pid: number, proc: string): string | undefined {
  const stat = textOf(`${proc}/${pid}/stat`);
  return stat === undefined ? undefined : statFields(stat)[19];
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
