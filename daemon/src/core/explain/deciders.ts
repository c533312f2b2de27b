/** All deciders of SPEC 7.1 that apply, not only the first; and what each says. */
import { lineFor } from '../deciders.ts';
import { isClosed } from '../ledger.ts';
import type { Hold, LedgerEntry } from '../model.ts';
import { STOPPED } from '../wording.ts';
import type { Cause, Facts, Tell } from './facts.ts';

export function applyingDeciders(facts: Facts): readonly Cause[] {
  const { survey, target, instance, version } = facts;
  const { ending } = survey.world;
  const causes: (Cause | undefined)[] = [
    ending === undefined ? undefined : { code: ending, message: STOPPED[ending] },
    target.effective === undefined ? { code: 'not-in-config', message: absentText(facts) } : undefined,
    target.effective !== undefined && version === undefined ? noVersion(facts) : undefined,
    instance.hold === undefined ? undefined : heldCause(instance.hold, facts.tell),
    instance.forced ? { code: 'forced', message: forcedText(facts) } : undefined,
    outsideWindow(facts),
    notStarted(facts),
    hasRun(facts),
  ];
  return causes.filter((cause) => cause !== undefined);
}

/** What the configuration has no more. */
export function absentText({ survey, target }: Facts): string {
  const isKept = survey.world.kept.has(target.key);
  const text = 'the configuration has it no more';
  return isKept ? `${text}, and a held reload would stop it: \`update\` confirms that` : text;
}

function noVersion(facts: Facts): Cause {
  const code = facts.target.effective?.none ?? 'not-yet-applied';
  return { code, message: noVersionText(facts, code) };
}

export function noVersionText({ target, tell }: Facts, code: 'fake' | 'not-yet-applied'): string {
  const next = target.effective?.nextVersion;
  if (code === 'fake') {
    const after = next === undefined ? '' : `; the version ${next.version.applyOn.text} takes effect ${tell(next.at)}`;
    return `each version that would be in effect is marked fake${after}`;
  }
  return next === undefined ? 'none of its versions is in effect' : `its first version takes effect ${tell(next.at)}`;
}

const heldCause = (hold: Hold, tell: Tell): Cause => ({
  code: 'manual',
  message: heldText(hold, tell),
  since: hold.since,
});

export function heldText({ until }: Hold, tell: Tell): string {
  if (until === undefined) return 'an operator stopped it: it is held until `start` or `restart`';
  const end = until === 'reboot' ? 'the next boot' : tell(until);
  return `an operator stopped it: it is held until ${end}, or until \`start\``;
}

export function forcedText({ standing, tell }: Facts): string {
  const until = standing?.nextStop ?? (standing === undefined ? undefined : standing.nextStart);
  const end = until === undefined ? '' : `; past ${tell(until)} its window decides again`;
  return `an operator started it with --force${end}`;
}

function outsideWindow(facts: Facts): Cause | undefined {
  const { standing, version, instance } = facts;
  // A cron job waits between its times; what it waits for is told where that keeps it down.
  if (standing === undefined || standing.active || version?.schedule?.kind === 'cron') return undefined;
  const overridden = instance.forced ? ', which --force overrides' : '';
  const closed = standing.window?.closes;
  return {
    code: 'schedule',
    message: windowText(facts, overridden),
    ...(closed === undefined || closed > facts.survey.now.wall ? {} : { since: closed }),
  };
}

export function windowText(facts: Facts, overridden = ''): string {
  const schedule = facts.version?.schedule;
  if (schedule === undefined) return STOPPED.schedule;
  const where =
    schedule.kind === 'cron' ? `its time has not come (${schedule.text})` : `outside its window (${schedule.text})`;
  return `${where}${overridden}${opensText(facts)}`;
}

export function opensText({ standing, version, instance, tell }: Facts): string {
  if (standing === undefined) return '';
  // Held, or without autostart, it does not start then.
  const isOff = instance.hold !== undefined || version?.autostart === false;
  const verb = isOff ? 'opens' : version?.oneShot === true ? 'runs' : 'starts';
  return standing.nextStart === undefined ? '; it never opens again' : `; it ${verb} next ${tell(standing.nextStart)}`;
}

function notStarted({ version, instance, decision }: Facts): Cause | undefined {
  if (version === undefined || version.autostart || instance.operatorStarted) return undefined;
  const overridden = decision.want === 'run' && instance.forced ? ', which --force overrides' : '';
  return { code: 'autostart', message: `autostart is off, and no operator has started it${overridden}` };
}

/** A one-shot runs once per window, version or boot. */
function hasRun({ survey, version, instance }: Facts): Cause | undefined {
  if (version?.oneShot !== true || instance.activity.kind !== 'idle') return undefined;
  const line = lineFor(survey.world, instance, version, survey.now);
  if (line === undefined || !isClosed(line) || line.outcome === 'running') return undefined;
  const since = line.opens === undefined ? {} : { since: line.opens };
  return { code: line.outcome === 'missed' ? 'missed' : 'done', message: ledgerText(line), ...since };
}

const OUTCOMES: Readonly<Record<LedgerEntry['outcome'], string>> = {
  due: 'is to run',
  running: 'runs',
  ended: 'has run',
  interrupted: 'was cut off',
  missed: 'was missed',
  skipped: 'was skipped',
};

function ledgerText({ entry, outcome }: LedgerEntry): string {
  const what = entry.startsWith('window:') ? 'window' : entry.startsWith('boot:') ? 'boot' : 'version';
  if (outcome === 'missed' || outcome === 'skipped') return `its run of this ${what} ${OUTCOMES[outcome]}`;
  return `it runs once per ${what}, and that run ${OUTCOMES[outcome]}`;
}
