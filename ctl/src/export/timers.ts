/** The units beside a service that start it and stop it at its times. */
import type { ProcessVersion } from '@procman/daemon/core/model';
import { calendarOf, type Calendar } from './calendar.ts';
import type { Scope, Subject } from './model.ts';
import { comment, word } from './unit-text.ts';

export interface Unit {
  readonly name: string;
  readonly lines: readonly string[];
}

export interface Timing {
  /** Whether something else than a boot starts it. */
  readonly isTimed: boolean;
  /** For its `[Unit]`. */
  readonly remarks: readonly string[];
  readonly units: readonly Unit[];
}

const UNTIMED: Timing = { isTimed: false, remarks: [], units: [] };

export function timingOf(subject: Subject): Timing {
  const { version } = subject;
  const { schedule } = version;
  if (schedule === undefined) return UNTIMED;
  const calendar = calendarOf(schedule, version.oneShot ? 'one-shot' : 'service');
  if (calendar === 'always') return UNTIMED;
  const remarks = comment(`schedule: ${schedule.text}`);
  if (calendar === undefined)
    return {
      isTimed: true,
      remarks: [
        ...remarks,
        ...comment('no counterpart: systemd has no words for this pattern; nothing starts this unit'),
      ],
      units: [],
    };
  const isAutomatic = version.autostart;
  const units = [
    startTimer(subject, calendar),
    ...(calendar.stop.length === 0 ? [] : [stopTimer(subject, calendar), stopService(subject)]),
    ...(version.oneShot || calendar.stop.length === 0 ? [] : [windowService(subject)]),
  ];
  return {
    isTimed: true,
    remarks: isAutomatic ? remarks : [...remarks, ...comment('autostart = false: do not enable its timers')],
    units,
  };
}

const named = (subject: Subject, suffix = ''): string => `${subject.unit}${suffix}`;

function startTimer(subject: Subject, { start }: Calendar): Unit {
  const { version } = subject;
  return timer(subject, '', `${subject.instance}: start`, start, [
    ...missedRuns(version),
    ...(version.catchUp ? ['Persistent=true'] : []),
    `Unit=${named(subject)}.service`,
  ]);
}

function missedRuns({ oneShot, catchUp, schedule }: ProcessVersion): readonly string[] {
  if (!oneShot) return [];
  if (catchUp) return comment('catch-up: a run that was missed while the machine was off comes late');
  return schedule?.kind === 'windows'
    ? comment('A machine that boots within the window has missed the run; procman would still start it.')
    : [];
}

function stopTimer(subject: Subject, { stop }: Calendar): Unit {
  const service = `${named(subject, '-stop')}.service`;
  return timer(subject, '-stop', `${subject.instance}: stop`, stop, [`Unit=${service}`]);
}

function timer(
  subject: Subject,
  suffix: string,
  description: string,
  times: readonly string[],
  others: readonly string[],
): Unit {
  return {
    name: `${named(subject, suffix)}.timer`,
    lines: [
      '[Unit]',
      `Description=${description.replaceAll('%', '%%')}`,
      '',
      '[Timer]',
      ...times.map((time) => `OnCalendar=${time}`),
      'AccuracySec=1s',
      ...others,
      '',
      '[Install]',
      'WantedBy=timers.target',
    ],
  };
}

function systemctl(scope: Scope): string {
  return scope === 'user' ? 'systemctl --user' : 'systemctl';
}

function stopService(subject: Subject): Unit {
  const { instance, options } = subject;
  return {
    name: `${named(subject, '-stop')}.service`,
    lines: [
      '[Unit]',
      `Description=${`${instance}: end of its window`.replaceAll('%', '%%')}`,
      '',
      '[Service]',
      'Type=oneshot',
      `ExecStart=${systemctl(options.scope)} stop ${named(subject)}.service`,
    ],
  };
}

/** A boot within a window: nothing but the next times of both timers tells it. */
function windowService(subject: Subject): Unit {
  const { instance, options } = subject;
  const units = [`${named(subject)}.timer`, `${named(subject, '-stop')}.timer`];
  return {
    name: `${named(subject, '-window')}.service`,
    lines: [
      '[Unit]',
      `Description=${`${instance}: start it after a boot within its window`.replaceAll('%', '%%')}`,
      `Requires=${units.join(' ')}`,
      `After=${units.join(' ')}`,
      '',
      '[Service]',
      'Type=oneshot',
      `ExecStart=/bin/sh -c ${word(windowScript(subject))}`,
      '',
      '[Install]',
      `WantedBy=${options.scope === 'user' ? 'default.target' : 'multi-user.target'}`,
    ],
  };
}

/** Within a window the next stop comes before the next start. */
export function windowScript({ unit, options }: Pick<Subject, 'unit' | 'options'>): string {
  const ctl = systemctl(options.scope);
  return [
    `next() { at=$(TZ=UTC ${ctl} show -p NextElapseUSecRealtime --value "$1") && [ -n "$at" ] && date -d "$at" +%s; }`,
    `start=$(next ${unit}.timer) && stop=$(next ${unit}-stop.timer) || exit 1`,
    `[ "$stop" -ge "$start" ] || exec ${ctl} start --no-block ${unit}.service`,
  ].join('\n');
}
