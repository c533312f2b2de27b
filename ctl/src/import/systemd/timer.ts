/** `.timer` units (systemd.timer(5)): the service becomes a one-shot at those times. */
import type { Field } from '../reading.ts';
import { cronOf } from './calendar.ts';
import type { ServiceContext } from './service-commands.ts';
import { spanOf } from './service-keys.ts';
import { durationText, type Unit } from './units.ts';

/** The unit that a timer starts. */
export function serviceOf(timer: Unit): string {
  return timer.last('Timer', 'Unit')?.text ?? `${timer.name.bare}.service`;
}

export function readTimer(timer: Unit, { table, reading }: ServiceContext): void {
  table.set('one-shot', true);
  const [first, ...others] = timer.all('Timer', 'OnCalendar');
  const boot = timer.last('Timer', 'OnBootSec') ?? timer.last('Timer', 'OnStartupSec');
  if (first !== undefined) readCalendar(first, { table, reading });
  else if (boot !== undefined) {
    table.set('one-shot', 'boot');
    const span = spanOf(boot, { reading });
    if (span !== undefined && span !== Infinity) table.set('wait-after', durationText(span));
  } else {
    const place = { file: timer.file, line: 1 };
    reading.error(place, 'has neither OnCalendar nor OnBootSec', {
      hint: 'see schedule.cron in docs/configuration.md',
    });
  }
  for (const field of others)
    reading.leaveOut(table, field, 'a process has one schedule: write a second process for it');
  if (first !== undefined && boot !== undefined)
    reading.leaveOut(table, boot, 'a process has one schedule: the OnCalendar one');
  const persistent = timer.last('Timer', 'Persistent');
  if (persistent !== undefined && reading.boolean(persistent) === true) table.set('catch-up', true);
  for (const { section, ...field } of timer.unused) {
    if (section === 'Timer') reading.leaveOut(table, field, WITHOUT[field.key] ?? 'no counterpart');
  }
}

const WITHOUT: Readonly<Record<string, string>> = {
  OnUnitActiveSec: 'no counterpart: see schedule.cron, such as "*/15 * * * *"',
  OnUnitInactiveSec: 'no counterpart: see schedule.cron, such as "*/15 * * * *"',
  RandomizedDelaySec: 'no counterpart: it runs at the time itself',
  AccuracySec: 'no counterpart: it runs at the time itself',
};

function readCalendar(field: Field, { table, reading }: Pick<ServiceContext, 'table' | 'reading'>): void {
  const result = cronOf(field.text);
  if ('problem' in result) {
    reading.wrong(field, result.problem, 'daily, Mon..Fri *-*-* 08:00, *-*-01 03:00, *:0/15');
    return;
  }
  table.setIn('schedule', 'cron', result.cron);
  if (result.timezone !== undefined) table.setIn('schedule', 'timezone', result.timezone);
  if (result.loses !== undefined) reading.leaveOut(table, field, result.loses);
  return undefined;
}
