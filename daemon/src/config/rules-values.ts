/** Rules within one table: keys that do not go together, and modes written as decimal numbers. */
import type { Draft } from './draft.ts';
import type { Path } from './positions.ts';
import type { Report } from './report.ts';
import { truncatesLog } from './command-line.ts';
import type { RuleInput } from './rules.ts';
import { isTable, rawValue } from './table-reader.ts';

export function checkValues({ drafts }: RuleInput, report: Report): void {
  checkDecimalMode(['daemon', 'socket-mode'], report);
  checkDecimalMode(['defaults', 'umask'], report);
  for (const draft of drafts) {
    checkDecimalMode([...draft.path, 'umask'], report, draft.id);
    checkOneShot(draft, report);
    checkDelays(draft, report);
    checkFake(draft, report);
    checkRedirection(draft, report);
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
  if (values['one-shot'] !== true || values.autorestart !== 'always') return;
  report.error({
    path: [...path, 'autorestart'],
    process: id,
    key: 'autorestart',
    message: 'a one-shot runs once, so it cannot be restarted always',
    found: '"always"',
    allowed: '"on-failure", "never"',
  });
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

function checkRedirection({ path, id, version, raw }: Draft, report: Report): void {
  if (version?.command.type !== 'expression' || !truncatesLog(version.command.line)) return;
  report.warning({
    path: [...path, 'command', ...(isTable(raw['command']) ? ['line'] : [])],
    process: id,
    key: 'command',
    message: 'a ">" to /dev/stdout or /dev/stderr empties the log each time',
    hint: 'use >> instead, or >&1 and >&2',
  });
}
