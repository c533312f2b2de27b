/** `ExecStart=` and its kin: the command, hooks and checks. */
import type { Hook, Probe, ProcessVersion } from '@procman/daemon/core/model';
import { fillPlaceholders, type LaunchValues } from '@procman/daemon/core/placeholders';
import { type Lines, isFollowed, PID_FILE, type Subject } from './model.ts';
import { comment, seconds, word } from './unit-text.ts';

/** What `{{ PROCMAN_INSTANCE }}` and the like stand for. */
export function launchValues({ instance, num }: Subject): LaunchValues {
  return { PROCMAN_INSTANCE: instance, PROCMAN_NUM: String(num), PROCMAN_PID_FILE: PID_FILE };
}

export function commandLines(subject: Subject): Lines {
  const { version } = subject;
  const { command } = version;
  const values = launchValues(subject);
  const argv = command.argv.map((text) => fillPlaceholders(text, values));
  const { program, remark } = programOf(argv[0] ?? '', subject);
  return {
    service: [
      ...notFollowed(version),
      ...remark,
      `ExecStart=${[program, ...argv.slice(1)].map(word).join(' ')}`,
      ...ptyRemark(version),
    ],
  };
}

function notFollowed(version: ProcessVersion): readonly string[] {
  if (isFollowed(version)) return [];
  const { type } = version.command;
  const why = type === 'external' ? 'nothing tells its pid' : 'the expression prints the id of a container';
  return comment(`${type}: ${why}; systemd starts and stops it, and does not notice when it ends`);
}

function ptyRemark({ pty }: ProcessVersion): readonly string[] {
  return pty ? comment('no counterpart: pty = true; script(1) of util-linux makes a terminal') : [];
}

/** systemd looks bare names up in folders of its own: a path leaves no doubt. */
function programOf(name: string, { version, options }: Subject): { program: string; remark: readonly string[] } {
  // Its path is not expanded as its arguments are.
  const hasDollar = name.includes('$');
  const found = name.includes('/') ? name : options.findProgram(name, version.env['PATH'] ?? options.searchPath);
  const remark = [
    ...(found === undefined ? comment(`${name} was not found in PATH when this was exported`) : []),
    ...(hasDollar ? comment('systemd cannot start a program with $ in its name') : []),
  ];
  return { program: found ?? name, remark };
}

/** In the order in which procman goes: dependencies, `wait-after`, `before`, the launch, what makes it RUNNING. */
export function hookLines(subject: Subject): Lines {
  const { version } = subject;
  const { hooks, startHealthCheck } = version;
  const isSimple = isFollowed(version) && !version.oneShot;
  const post: readonly string[] = [
    ...(startHealthCheck === undefined
      ? []
      : startCheck(startHealthCheck.probe, startHealthCheck.interval, startHealthCheck.timeout, subject)),
    ...hookLine('init', 'ExecStartPost=', hooks.init, subject),
    ...hookLine('after-start', 'ExecStartPost=-', hooks['after-start'], subject),
  ];
  return {
    service: [
      ...version.externals.flatMap(({ command, interval, timeout }) => [
        ...comment(`depends-on: { command = ${JSON.stringify(command)} }`),
        `ExecStartPre=${loop(fill(command, subject), seconds(interval), seconds(timeout))}`,
      ]),
      ...waitAfter(version),
      ...hookLine('before', 'ExecStartPre=', hooks.before, subject),
      ...(version.oneShot && post.length > 0
        ? [...comment('systemd runs what follows when a one-shot has ended well, not while it runs'), ...post]
        : post),
      ...(hooks.stop === undefined ? [] : stopHook(hooks.stop, isSimple, subject)),
      ...hookLine('after-stop', 'ExecStopPost=-', hooks['after-stop'], subject),
    ],
  };
}

function waitAfter({ waitAfter: wait }: ProcessVersion): readonly string[] {
  if (wait === 0) return [];
  return [...comment('wait-after: systemd also waits before each restart'), `ExecStartPre=sleep ${seconds(wait)}`];
}

function fill(command: string, subject: Subject): string {
  return fillPlaceholders(command, launchValues(subject));
}

function hookLine(name: string, key: string, hook: Hook | undefined, subject: Subject): readonly string[] {
  if (hook === undefined) return [];
  const text = withVariables(fill(hook.command, subject));
  return [...comment(`${name}:`), `${key}${limited(text, seconds(hook.timeout))}`];
}

/** Ends itself, and all that it has started, when its time is over. */
function limited(script: string, timeout: string): string {
  return `timeout -s KILL ${timeout} /bin/sh -c ${word(script)}`;
}

function loop(command: string, interval: string, timeout: string): string {
  // In a shell of its own, so that an `exit` in it ends one try only.
  return `/bin/sh -c ${word(`until timeout -s KILL ${timeout} /bin/sh -c "$1"; do sleep ${interval}; done`)} sh ${word(command)}`;
}

/** What procman gives to hooks, out of what systemd gives them (systemd.exec(5), "Environment variables set or propagated"). */
function withVariables(script: string): string {
  return [
    ...(/\bPROCMAN_PID\b/.test(script) ? ['export PROCMAN_PID="$MAINPID"'] : []),
    ...(/\bPROCMAN_EXIT_(?:CODE|SIGNAL)\b/.test(script)
      ? [
          'export PROCMAN_EXIT_CODE= PROCMAN_EXIT_SIGNAL=',
          'case $EXIT_CODE in exited) PROCMAN_EXIT_CODE=$EXIT_STATUS;; ?*) PROCMAN_EXIT_SIGNAL=SIG$EXIT_STATUS;; esac',
        ]
      : []),
    script,
  ].join('\n');
}

function startCheck(probe: Probe, interval: number, timeout: number, subject: Subject): readonly string[] {
  if (probe.kind !== 'command')
    return comment(`no counterpart: start-health-check ${probeText(probe)}, tried until it succeeds`);
  const text = `until /bin/sh -c "$1"; do sleep ${seconds(interval)}; done`;
  const line = `timeout -s KILL ${seconds(timeout)} /bin/sh -c ${word(text)} sh ${word(fill(probe.command, subject))}`;
  return [...comment('start-health-check:'), `ExecStartPost=${line}`];
}

/**
 * `stop` runs instead of the stop signal, and what it asks to end has until the timeout. systemd sends the signal as soon as the
 * command is over, so it has to wait; and it also runs when the process has ended by itself, where procman does not.
 */
function stopHook(hook: Hook, isFollowedService: boolean, subject: Subject): readonly string[] {
  const text = withVariables(fill(hook.command, subject));
  if (subject.version.oneShot)
    return comment(`no counterpart: systemd runs no stop command for a one-shot that is under way: ${hook.command}`);
  const script = isFollowedService
    ? `[ -n "$MAINPID" ] || exit 0\n(${text}\n)\nexec tail --pid="$MAINPID" -f /dev/null`
    : text;
  return [...comment('stop:'), `ExecStop=-${limited(script, seconds(hook.timeout))}`];
}

export function probeText(probe: Probe): string {
  if (probe.kind === 'command') return `command ${JSON.stringify(probe.command)}`;
  return probe.kind === 'http' ? `GET ${probe.url}` : `tcp ${probe.host}:${probe.port}`;
}
