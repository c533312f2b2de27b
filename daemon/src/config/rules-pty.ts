/** Rules about terminals: what cannot have one, and what has no meaning beside one. */
import type { Draft } from './draft.ts';
import { quote } from './problem.ts';
import type { Report } from './report.ts';
import type { RuleInput } from './rules.ts';
import { rawValue } from './table-reader.ts';

/** Their expressions end at once, and the terminal with them. */
const WITHOUT_TERMINAL: ReadonlySet<string> = new Set(['pid-file', 'podman-cid', 'external']);

export function checkPty({ drafts }: RuleInput, report: Report): void {
  for (const draft of drafts.filter(({ values }) => values.pty === true)) {
    checkType(draft, report);
    checkErrorLog(draft, report);
  }
}

function checkType({ path, id, version }: Draft, report: Report): void {
  const type = version?.command.type ?? '';
  if (!WITHOUT_TERMINAL.has(type)) return;
  report.error({
    path: [...path, 'pty'],
    process: id,
    key: 'pty',
    message: `does not go together with a command of type ${type}: its terminal would be gone as soon as its expression has ended`,
    hint: 'take pty out, or run the program in the foreground, without that type',
  });
}

/** Of `[defaults]` it is meant for the others. */
function checkErrorLog({ path, id, raw, values }: Draft, report: Report): void {
  if (rawValue(raw, 'stderr-log') === undefined) return;
  const log = values['stderr-log'];
  if (log === undefined || log.kind === 'stdout') return;
  report.warning({
    path: [...path, 'stderr-log'],
    process: id,
    key: 'stderr-log',
    message: 'has no effect with pty: a terminal has one stream, which goes where stdout-log goes',
    found: quote(log.kind === 'file' ? log.path : log.kind),
    hint: 'write "stdout", or take it out',
  });
}
