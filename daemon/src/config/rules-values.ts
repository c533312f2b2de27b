/** Rules within one table: keys that do not go together, and modes written as decimal numbers. */
import type { Draft } from './draft.ts';
import { isOneShot } from './process-keys.ts';
import type { Path } from './positions.ts';
import type { Report } from './report.ts';
import type { RuleInput } from './rules.ts';
import { rawValue } from './table-reader.ts';

export function checkValues({ drafts }: RuleInput, report: Report): void {
  checkDecimalMode(['daemon', 'socket-mode'], report);
  checkDecimalMode(['daemon', 'monitor-socket-mode'], report);
  checkDecimalMode(['defaults', 'umask'], report);
  checkLogFile(['defaults'], report);
  for (const draft of drafts) {
    checkDecimalMode([...draft.path, 'umask'], report, draft.id);
    checkLogFile(draft.path, report, draft.id);
    checkOneShot(draft, report);
    checkSchedule(draft, report);
    checkType(draft, report);
    checkIdle(draft, report);
    checkDelays(draft, report);
    checkFake(draft, report);
  }
}

/** `umask = 22` is 026 to the kernel: TOML knows octal numbers, but only with their prefix. */
function checkDecimalMode(path: Path, report: Report, process?: string): void {
  const written = report.locator.valueText(path);
  const digits = /^[1-9]\d*/.exec(written ?? '')?.[0];
  // Larger numbers are no modes at all: the value's own check has refused them.
  if (digits === undefined || Number(digits) > 0o777) return;
  report.error({
    path,
    process,
    key: String(path.at(-1)),
    message: 'permission bits are octal numbers',
    found: digits,
    hint: `write "${digits.padStart(3, '0')}" or 0o${digits.padStart(3, '0')}`,
  });
}

function checkOneShot({ path, id, values }: Draft, report: Report): void {
  if (!isOneShot(values) || values.autorestart !== 'always') return;
  report.error({
    path: [...path, 'autorestart'],
    process: id,
    key: 'autorestart',
    message: 'a one-shot runs once, so it cannot be restarted always',
    found: '"always"',
    allowed: '"on-failure", "never"',
  });
}

/** `log-file` is both streams: beside one of them nobody could say what is meant. */
function checkLogFile(path: Path, report: Report, process?: string): void {
  const isGiven = (key: string): boolean => report.locator.exact([...path, key]) !== undefined;
  const other = ['stdout-log', 'stderr-log'].find(isGiven);
  if (other === undefined || !isGiven('log-file')) return;
  report.error({
    path: [...path, 'log-file'],
    process,
    key: 'log-file',
    message: `does not go together with ${other}`,
    hint: 'log-file takes both streams; write either log-file, or stdout-log and stderr-log',
  });
}

/** Each time of a cron pattern is a run: a service has no such thing. */
function checkSchedule({ path, id, values }: Draft, report: Report): void {
  if (values.schedule?.kind !== 'cron' || values['one-shot'] === true) return;
  const isBoot = values['one-shot'] === 'boot';
  report.error({
    path: [...path, 'schedule', 'cron'],
    process: id,
    key: 'schedule.cron',
    message: isBoot ? 'does not go together with one-shot = "boot"' : 'is for one-shots only',
    hint: isBoot
      ? 'write one-shot = true to run it at each of these times'
      : 'write one-shot = true, or start-time and stop-time for a service',
  });
}

/** Without these nobody could tell whether it is alive, nor end it. */
function checkType({ path, id, values }: Draft, report: Report): void {
  const { command } = values;
  if (typeof command !== 'object' || command.type !== 'external') return;
  for (const key of ['health-check', 'stop'] as const) {
    // One that is given and wrong has been reported.
    if (values[key] !== undefined || report.locator.exact([...path, key]) !== undefined) continue;
    report.error({
      path: [...path, 'command', 'type'],
      process: id,
      key,
      message: 'is missing: a command of type external leaves no process that could be watched or ended',
      hint:
        key === 'stop' ? 'say how it is ended: stop = "..."' : 'say how it is told to be alive: health-check = "..."',
    });
  }
}

/** Keys of this very table that have no effect. */
function checkIdle({ path, id, raw, values, version }: Draft, report: Report): void {
  const warn = (key: string, message: string, hint: string): void => {
    if (rawValue(raw, key) !== undefined) report.warning({ path: [...path, key], process: id, key, message, hint });
  };
  if (values['catch-up'] === true && !(isOneShot(values) && values.schedule !== undefined)) {
    warn('catch-up', 'has no effect: it is for one-shots with a schedule', 'take it out');
  }
  if (version !== undefined && version.command.type !== 'pid-file') {
    warn('pid-file-timeout', 'has no effect: it is for commands of type pid-file', 'take it out');
  }
}

function checkDelays({ path, id, values, raw }: Draft, report: Report): void {
  const delay = values['restart-delay'] ?? 0;
  const longest = values['restart-max-delay'] ?? Infinity;
  if (delay <= longest) return;
  const key = rawValue(raw, 'restart-max-delay') === undefined ? 'restart-delay' : 'restart-max-delay';
  report.error({
    path: [...path, key],
    process: id,
    key,
    message: 'restart-delay is longer than restart-max-delay',
    found: `${delay / 1000} s and ${longest / 1000} s`,
  });
}

function checkFake({ path, id, raw, values }: Draft, report: Report): void {
  if (typeof raw['fake'] !== 'boolean' || values.type === undefined || raw['fake'] === values.type) return;
  report.error({ path: [...path, 'type'], process: id, key: 'type', message: 'contradicts fake', hint: 'remove type' });
}
