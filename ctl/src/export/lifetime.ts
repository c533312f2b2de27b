/** Type, restarts, limits and stopping of a service. */
import type { ProcessVersion } from '@procman/daemon/core/model';
import { parseSignal, showSignal } from '@procman/protocol/signals';
import { type Lines, isFollowed, type Subject } from './model.ts';
import { probeText } from './commands.ts';
import { safe } from './unit-names.ts';
import { comment, span } from './unit-text.ts';

export function lifetimeLines(subject: Subject): Lines {
  const { version } = subject;
  const once = onceLines(subject);
  return {
    unit: [...(once.unit ?? []), ...startLimit(version)],
    service: [
      `Type=${typeOf(version)}`,
      ...(remains(version) ? ['RemainAfterExit=yes'] : []),
      ...(once.service ?? []),
      ...timeouts(version),
      ...restartLines(version),
      ...stopLines(version),
      ...withoutCounterpart(version),
    ],
  };
}

function typeOf(version: ProcessVersion): string {
  if (version.oneShot || !isFollowed(version)) return 'oneshot';
  return version.command.type === 'pid-file' ? 'forking' : 'exec';
}

/** Without a schedule a one-shot that has run counts as running: so nothing that needs it starts it again. */
function remains(version: ProcessVersion): boolean {
  if (version.oneShot) return version.schedule === undefined;
  return !isFollowed(version);
}

/** A one-shot runs once per version: systemd has no ledger, so a file stands for its entry. */
function onceLines({ version, unit }: Subject): Lines {
  if (!version.oneShot || version.schedule !== undefined || version.perBoot) return {};
  const folder = `procman-${unit}`;
  const file = `%S/${folder}/ran-${safe(version.applyOn.text)}`;
  const isRetried = version.autorestart !== 'never';
  return {
    unit: [
      ...comment(`one-shot, once per version: it does not run where this file exists; remove that to run it again`),
      `ConditionPathExists=!${file}`,
    ],
    service: [
      `StateDirectory=${folder}`,
      ...(isRetried ? comment('Made at the end, as it is tried again until it has ended well.') : []),
      `${isRetried ? 'ExecStartPost' : 'ExecStartPre'}=+touch ${file}`,
    ],
  };
}

function timeouts(version: ProcessVersion): readonly string[] {
  const { maxRunTime } = version;
  const isOneShot = version.oneShot || !isFollowed(version);
  const most = maxRunTime === undefined ? undefined : span(maxRunTime);
  // Hooks have limits of their own, and procman waits for dependencies and pid files without end.
  if (isOneShot) return [`TimeoutStartSec=${version.oneShot ? (most ?? 'infinity') : 'infinity'}`];
  return ['TimeoutStartSec=infinity', ...(most === undefined ? [] : [`RuntimeMaxSec=${most}`])];
}

/* ------------------------------------------------------------------ restarts */

/** Signals that systemd takes for a good end, with their numbers. */
const CLEAN_SIGNALS: readonly (readonly [string, number])[] = [
  ['SIGHUP', 1],
  ['SIGINT', 2],
  ['SIGPIPE', 13],
  ['SIGTERM', 15],
];

function restartLines(version: ProcessVersion): readonly string[] {
  const { autorestart, exitCodes, restartDelay, restartMaxDelay, oneShot } = version;
  if (!isFollowed(version))
    return autorestart === 'never' ? [] : comment(`no counterpart: autorestart = "${autorestart}"`);
  const others = exitCodes.filter((code) => code !== 0);
  const success = others.flatMap((code) => {
    const name = code > 128 ? parseSignal(String(code - 128)) : undefined;
    return [String(code), ...(name === undefined ? [] : [showSignal(name)])];
  });
  const isRetried = autorestart !== 'never';
  const hasNoZero = !exitCodes.includes(0);
  const forced =
    autorestart !== 'on-failure'
      ? []
      : [
          ...(hasNoZero ? ['0'] : []),
          ...CLEAN_SIGNALS.filter(([, number]) => !exitCodes.includes(128 + number)).map(([name]) => name),
        ];
  return [
    ...(success.length === 0 ? [] : [`SuccessExitStatus=${success.join(' ')}`]),
    ...(hasNoZero ? comment('exit-codes without 0: systemd takes 0 for a good end all the same') : []),
    ...(oneShot && autorestart === 'always' ? comment('autorestart = "always": of a one-shot only failures') : []),
    `Restart=${restartOf(version)}`,
    ...(forced.length === 0 || oneShot ? [] : [`RestartForceExitStatus=${forced.join(' ')}`]),
    ...(isRetried
      ? [
          `RestartSec=${span(restartDelay)}`,
          ...comment(
            `restart-max-delay = ${span(restartMaxDelay)}: from systemd 254 on RestartSteps=8 and RestartMaxDelaySec=${span(restartMaxDelay)}`,
          ),
          ...comment('procman restarts at once what had been RUNNING; systemd always waits RestartSec.'),
        ]
      : []),
  ];
}

function restartOf({ autorestart, oneShot }: ProcessVersion): string {
  if (autorestart === 'never') return 'no';
  return autorestart === 'always' && !oneShot ? 'always' : 'on-failure';
}

function startLimit({ maxRuns, maxRunsWindow }: ProcessVersion): readonly string[] {
  if (maxRuns === 0) return ['StartLimitIntervalSec=0'];
  return [
    ...comment('max-runs: systemd also counts starts by hand, and goes on only after `systemctl reset-failed`'),
    `StartLimitIntervalSec=${span(maxRunsWindow)}`,
    `StartLimitBurst=${maxRuns}`,
  ];
}

/* ------------------------------------------------------------------ stopping */

const KILL_MODES = { group: 'control-group', mixed: 'mixed', process: 'process' } as const;

function stopLines(version: ProcessVersion): readonly string[] {
  const { stopSignal, stopTimeout, killMode, hooks } = version;
  const longest = Math.max(stopTimeout, hooks.stop?.timeout ?? 0, hooks['after-stop']?.timeout ?? 0);
  const mode = isFollowed(version) ? KILL_MODES[killMode] : 'process';
  return [
    ...(longest > stopTimeout
      ? comment(`stop-timeout = ${span(stopTimeout)}: systemd has one limit for hooks as well, which need more`)
      : []),
    `KillSignal=SIG${stopSignal}`,
    `TimeoutStopSec=${span(longest)}`,
    `KillMode=${mode}`,
    // Otherwise one process that the kernel kills for memory takes the whole service with it.
    'OOMPolicy=continue',
  ];
}

function withoutCounterpart(version: ProcessVersion): readonly string[] {
  const { healthCheck, startRetries, startSecs, required, fallbackTimeout, pidFileTimeout, oneShot } = version;
  const texts = [
    healthCheck === undefined ? undefined : `health-check ${checkText(healthCheck)}`,
    startRetries === undefined ? undefined : `start-retries = ${startRetries}; StartLimitBurst is the nearest`,
    oneShot || startSecs === 1000 ? undefined : `start-secs = ${span(startSecs)}`,
    required ? 'required = true: its failure stops everything' : undefined,
    fallbackTimeout === undefined ? undefined : `fallback-timeout = ${span(fallbackTimeout)}`,
    pidFileTimeout === undefined ? undefined : `pid-file-timeout = ${span(pidFileTimeout)}`,
  ];
  return texts.flatMap((text) => (text === undefined ? [] : comment(`no counterpart: ${text}`)));
}

function checkText(check: NonNullable<ProcessVersion['healthCheck']>): string {
  if (check.kind === 'folder') return `of the folder ${check.folder}, inactive-time = ${span(check.inactiveTime)}`;
  const { probe, interval, timeout, retries } = check;
  return `${probeText(probe)}, interval = ${span(interval)}, timeout = ${span(timeout)}, retries = ${retries}`;
}
