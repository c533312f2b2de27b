/** Rules about ids, groups and versions (SPEC 1): each instance can be told from every other. */
import { draftsById, type Draft } from './draft.ts';
import { quote } from './problem.ts';
import type { Report } from './report.ts';
import type { RuleInput } from './rules.ts';

export function checkNames({ drafts }: RuleInput, report: Report): void {
  const byId = draftsById(drafts);
  for (const versions of byId.values()) checkVersions(versions, report);
  checkInstanceNames(drafts, byId, report);
  checkGroups(drafts, byId, report);
}

/** Two versions of one moment: nobody could say which is the newer one. */
function checkVersions(versions: readonly Draft[], report: Report): void {
  const seen = new Map<number, Draft>();
  for (const draft of versions) {
    if (draft.applyOn === undefined) continue;
    const first = seen.get(draft.applyOn.at);
    if (first === undefined) {
      seen.set(draft.applyOn.at, draft);
      continue;
    }
    const { file, line } = report.locator.position(first.path);
    report.error({
      path: [...draft.path, 'apply-on'],
      process: draft.id,
      key: 'apply-on',
      message: `another version of this process, at ${file === undefined ? `line ${line}` : `${file}:${line}`}, has the same time`,
      found: draft.applyOn.text,
      hint: 'give one of them another apply-on, or another id if it is another process',
    });
  }
}

/** `worker_00` is the first instance of `worker` where that has several, so no process can have this id. */
function checkInstanceNames(
  drafts: readonly Draft[],
  byId: ReadonlyMap<string, readonly Draft[]>,
  report: Report,
): void {
  for (const draft of drafts) {
    const [, base, digits] = /^(.+)_(\d{2,4})$/.exec(draft.id ?? '') ?? [];
    if (base === undefined || digits === undefined || base === draft.id) continue;
    const number = Number(digits);
    if (String(number).padStart(2, '0') !== digits) continue;
    const owner = byId.get(base)?.find(({ values }) => (values.numprocs ?? 1) > Math.max(1, number));
    if (owner === undefined) continue;
    report.error({
      path: [...draft.path, 'id'],
      process: draft.id,
      key: 'id',
      message: `is also the name of an instance of ${quote(base)}, which has numprocs = ${owner.values.numprocs ?? 1}`,
      hint: 'choose another id',
    });
  }
}

/** A process outside a group that has its name: `stop web` and `stop web:*` would mean different things. */
function checkGroups(drafts: readonly Draft[], byId: ReadonlyMap<string, readonly Draft[]>, report: Report): void {
  for (const draft of drafts) {
    const { group } = draft.values;
    if (group === undefined || group === draft.id) continue;
    const namesake = byId.get(group)?.find(({ values }) => values.group !== group);
    if (namesake === undefined) continue;
    report.warning({
      path: [...draft.path, 'group'],
      process: draft.id,
      key: 'group',
      message: `there is a process with the id ${quote(group)} that is not in this group`,
      hint: `${group} means that process, ${group}:* the group; choose another name for one of them`,
    });
  }
}
