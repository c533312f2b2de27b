/**
 * A configuration as units of systemd: a service per instance, timers for its windows. What systemd has no counterpart for is a
 * comment where it would stand. Pure: what depends on the machine is asked through the options.
 */
import type { CoreConfig, ProcessConfig } from '@procman/daemon/core/model';
import { effectiveVersion } from '@procman/daemon/core/schedule';
import { instanceName } from '@procman/daemon/core/targets';
import { commandLines, hookLines } from './commands.ts';
import { dependencyLines, type Provider } from './dependencies.ts';
import { lifetimeLines } from './lifetime.ts';
import { type Exported, type ExportedFile, type ExportOptions, PID_FILE, pidFile, type Subject } from './model.ts';
import { surroundingsOf } from './surroundings.ts';
import { timingOf } from './timers.ts';
import { unitNames } from './unit-names.ts';
import { comment } from './unit-text.ts';

/** What a file that we may replace begins with. */
export const SEAL = '# Written by `procmanctl export`';

export function exportUnits(config: CoreConfig, path: string, options: ExportOptions): Exported {
  const found = config.processes.map((process) => subjectsOf(process, options.at));
  const drafts = found.flatMap(({ subjects }) => subjects);
  const names = unitNames(
    drafts.map(({ instance }) => instance),
    options.prefix,
  );
  const subjects = drafts.map((draft): Subject => ({ ...draft, unit: names.get(draft.instance) ?? '', options }));
  const providers = providersOf(subjects);
  const head = [`${SEAL} from ${comment(path).join('').slice(2)}; the next export replaces it.`];
  return {
    files: subjects.flatMap((subject) => filesOf(subject, providers, head)),
    notes: found.flatMap(({ note }) => (note === undefined ? [] : [note])),
  };
}

function subjectsOf(
  process: ProcessConfig,
  at: number,
): { subjects: readonly Omit<Subject, 'unit' | 'options'>[]; note?: string } {
  const effective = effectiveVersion(process, at);
  const { version, none, nextVersion } = effective;
  if (version === undefined) {
    const next = nextVersion === undefined ? '' : `; its first takes effect on ${nextVersion.version.applyOn.text}`;
    const why = none === 'fake' ? 'its versions so far are fake' : 'no version of it is in effect yet';
    return { subjects: [], note: `${process.id}: no unit: ${why}${next}` };
  }
  const numbers = Array.from({ length: version.numprocs }, (_, num) => num);
  return { subjects: numbers.map((num) => ({ version, effective, num, instance: instanceName(version, num) })) };
}

function providersOf(subjects: readonly Subject[]): ReadonlyMap<string, Provider> {
  const providers = new Map<string, Provider>();
  for (const { version, unit } of subjects) {
    const others = providers.get(version.id)?.services ?? [];
    providers.set(version.id, { version, services: [...others, `${unit}.service`] });
  }
  return providers;
}

function filesOf(
  subject: Subject,
  providers: ReadonlyMap<string, Provider>,
  head: readonly string[],
): readonly ExportedFile[] {
  const { version, unit, instance, options } = subject;
  const timing = timingOf(subject);
  const lifetime = lifetimeLines(subject);
  const surroundings = surroundingsOf(subject, head);
  const boot = options.scope === 'user' ? 'default.target' : 'multi-user.target';
  const isEnabled = !timing.isTimed && version.autostart;
  const lines = [
    '[Unit]',
    `Description=${instance.replaceAll('%', '%%')}`,
    ...remarks(subject),
    ...timing.remarks,
    ...dependencyLines(version, providers),
    ...(lifetime.unit ?? []),
    '',
    '[Service]',
    ...(lifetime.service ?? []),
    '',
    ...surroundings.lines,
    '',
    ...(commandLines(subject).service ?? []),
    ...(hookLines(subject).service ?? []),
    ...(timing.isTimed || version.autostart ? [] : ['', ...comment('autostart = false: nothing starts it at boot')]),
    ...(isEnabled ? ['', '[Install]', `WantedBy=${boot}`] : []),
  ];
  const units = [{ name: `${unit}.service`, lines }, ...timing.units];
  return [
    ...units.map(({ name, lines: each }) => file(name, [...head, '', ...each], unit)),
    ...(surroundings.environmentFile === undefined ? [] : [surroundings.environmentFile]),
  ];
}

function file(name: string, lines: readonly string[], unit: string): ExportedFile {
  return { name, mode: 0o644, text: `${lines.join('\n').replaceAll(PID_FILE, pidFile(unit))}\n` };
}

/** Its group, and its versions. */
function remarks({ version, effective }: Subject): readonly string[] {
  const { nextVersion } = effective;
  return [
    ...(version.group === undefined ? [] : comment(`group = ${JSON.stringify(version.group)}`)),
    ...comment(`apply-on = ${JSON.stringify(version.applyOn.text)}`),
    ...(nextVersion === undefined
      ? []
      : comment(
          `no counterpart: another version takes effect on ${nextVersion.version.applyOn.text}: ${nextVersion.version.command.line}; export again then`,
        )),
  ];
}
