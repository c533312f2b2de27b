/** `Restart=` and what belongs to it (systemd.service(5)). */
import { signalNumbers } from '@procman/protocol/signals';
import type { ServiceContext } from './service-commands.ts';
import { spanOf } from './service-keys.ts';
import { durationText } from './units.ts';

const POLICIES = {
  no: 'never',
  always: 'always',
  'on-failure': 'on-failure',
  'on-abnormal': 'on-failure',
  'on-abort': 'on-failure',
  'on-watchdog': 'never',
  'on-success': 'always',
} as const;

/** Endings by these signals are clean (systemd.service(5), "SuccessExitStatus="); as 128 + n. */
const CLEAN_SIGNALS = [129, 130, 141, 143];

export function readRestart(context: ServiceContext, isOneShot: boolean): void {
  const { unit, table, reading } = context;
  const field = unit.last('Service', 'Restart');
  const policy = field === undefined ? 'never' : reading.choice(field, POLICIES);
  if (policy !== undefined && !(isOneShot && policy === 'never')) table.set('autorestart', policy);
  if (field !== undefined && ['on-abnormal', 'on-abort', 'on-watchdog', 'on-success'].includes(field.text))
    reading.leaveOut(table, field, `the nearest here is autorestart = "${policy ?? ''}"`);
  readCodes(context, isOneShot);
  if (policy === 'never') return;
  const delay = unit.last('Service', 'RestartSec');
  const wait = delay === undefined ? 0.1 : spanOf(delay, context);
  if (wait === Infinity && delay !== undefined) reading.leaveOut(table, delay);
  else if (wait !== undefined) {
    table.set('restart-delay', durationText(wait));
    table.set('restart-max-delay', durationText(Math.max(wait, 0.001)));
    if (wait > 1 && delay !== undefined)
      reading.leaveOut(
        table,
        delay,
        'waited after starts that failed; one that had been RUNNING is started again at once',
      );
  }
  readLimit(context);
}

/** Five starts within ten seconds, then it is given up. */
function readLimit(context: ServiceContext): void {
  const { unit, table, reading } = context;
  const sectionOf = (key: string): ReturnType<typeof unit.last> => unit.last('Unit', key) ?? unit.last('Service', key);
  const burst = sectionOf('StartLimitBurst');
  const interval = sectionOf('StartLimitIntervalSec') ?? sectionOf('StartLimitInterval');
  const count = burst === undefined ? 5 : reading.integer(burst);
  const span = interval === undefined ? 10 : spanOf(interval, context);
  if (count === undefined || span === undefined) return;
  table.set('max-runs', span === 0 ? 0 : count);
  if (span !== 0 && count !== 0 && span !== Infinity) table.set('max-runs-window', durationText(span));
}

function readCodes({ unit, table, reading }: ServiceContext, isOneShot: boolean): void {
  const codes = new Set([0, ...(isOneShot ? [] : CLEAN_SIGNALS)]);
  for (const field of unit.all('Service', 'SuccessExitStatus')) {
    for (const word of field.text.split(/\s+/)) {
      if (/^\d+$/.test(word)) codes.add(Number(word));
      else {
        const number = SIGNALS[word.replace(/^SIG/, '')];
        if (number === undefined)
          reading.wrong({ ...field, text: word }, 'is neither a code nor a signal', '75 SIGKILL');
        else codes.add(128 + number);
      }
    }
  }
  if (codes.size > 1)
    table.set(
      'exit-codes',
      [...codes].toSorted((a, b) => a - b),
    );
}

const SIGNALS: Readonly<Record<string, number | undefined>> = signalNumbers;
