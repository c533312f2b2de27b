/** Each version of a process, and why it is, or is not, the one in effect. */
import type { ProcessVersion, Run } from '../model.ts';
import { processById } from '../process-by-id.ts';
import { vetoKey } from '../schedule.ts';
import type { Facts } from './facts.ts';

export interface ExplainedVersion {
  readonly applyOn: string;
  readonly fake: boolean;
  readonly effective: boolean;
  readonly why: string;
}

/** Newest first. */
export function explainVersions(facts: Facts): readonly ExplainedVersion[] {
  const { survey, target, instance } = facts;
  const { activity } = instance;
  const run = activity.kind === 'idle' ? undefined : activity.run;
  const versions = processById(survey.world.config, target.id)?.versions ?? [];
  return versions.toReversed().map((version) => {
    const effective = version === facts.version;
    const why = effective ? effectiveText(facts, version) : `${otherText(facts, version)}${liveText(version, run)}`;
    return { applyOn: version.applyOn.text, fake: version.fake, effective, why };
  });
}

function effectiveText({ target, survey, tell }: Facts, version: ProcessVersion): string {
  const { vetoed } = target.effective ?? {};
  if (vetoed !== undefined) return `in effect in place of ${vetoed.version.applyOn.text}`;
  const veto = survey.world.vetoes.get(vetoKey(version));
  const despite = veto === undefined ? '' : `, as there is none before it, though ${veto}`;
  return `in effect since ${tell(version.applyOn.at)}${despite}`;
}

function otherText({ target, survey, version: effective, tell }: Facts, version: ProcessVersion): string {
  if (version.fake) return 'marked fake: it is left out';
  if (version.applyOn.at > survey.now.wall) return `takes effect ${tell(version.applyOn.at)}`;
  if (target.effective?.vetoed?.version === version) return `may not take over: ${target.effective.vetoed.why}`;
  const veto = survey.world.vetoes.get(vetoKey(version));
  if (veto !== undefined && effective !== undefined && effective.applyOn.at < version.applyOn.at)
    return `may not take over: ${veto}`;
  return effective === undefined ? 'superseded' : `superseded by ${effective.applyOn.text}`;
}

const liveText = ({ applyOn }: ProcessVersion, run: Run | undefined): string =>
  run?.applyOn === applyOn.text ? '; what runs now was launched under it' : '';
