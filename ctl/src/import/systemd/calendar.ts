/**
 * `OnCalendar=` (systemd.time(7), "CALENDAR EVENTS") as five fields of cron. What cron cannot say (years, seconds, the last days of
 * a month) is told.
 */

export type CalendarResult =
  | { readonly cron: string; readonly timezone: string | undefined; readonly loses: string | undefined }
  | { readonly problem: string };

const SHORTHANDS: Readonly<Record<string, string>> = {
  minutely: '* * * * *',
  hourly: '0 * * * *',
  daily: '0 0 * * *',
  weekly: '0 0 * * 1',
  monthly: '0 0 1 * *',
  yearly: '0 0 1 1 *',
  annually: '0 0 1 1 *',
  quarterly: '0 0 1 1,4,7,10 *',
  semiannually: '0 0 1 1,7 *',
};

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

export function cronOf(text: string): CalendarResult {
  const words = text.trim().split(/\s+/);
  const last = words.at(-1) ?? '';
  const timezone = words.length > 1 && /^(?:UTC|[A-Z][A-Za-z_]+\/[A-Za-z_/+-]+)$/.test(last) ? last : undefined;
  if (timezone !== undefined) words.pop();
  const shorthand = words.length === 1 ? SHORTHANDS[(words[0] ?? '').toLowerCase()] : undefined;
  if (shorthand !== undefined) return { cron: shorthand, timezone, loses: undefined };
  const days = /^[A-Za-z]/.test(words[0] ?? '') ? weekDays(words.shift() ?? '') : '*';
  if (days === undefined) return { problem: 'has a day of the week that is none' };
  const date = words[0]?.includes('-') === true ? words.shift() : undefined;
  const clock = words.shift();
  if (words.length > 0) return { problem: 'is no calendar event' };
  return fieldsOf({ days, date: date ?? '*-*-*', clock: clock ?? '00:00:00', timezone });
}

interface Parts {
  readonly days: string;
  readonly date: string;
  readonly clock: string;
  readonly timezone: string | undefined;
}

function fieldsOf({ days, date, clock, timezone }: Parts): CalendarResult {
  if (date.includes('~')) return { problem: 'counts from the end of the month, which cron cannot' };
  const dateParts = date.split('-');
  if (dateParts.length === 3 && dateParts[0] !== '*') return { problem: 'names a year, which cron cannot' };
  const [month = '*', day = '*'] = dateParts.slice(-2);
  const [hour = '', minute = '', second = '00', ...more] = clock.split(':');
  const fields = [minute, hour, day, month].map(cronField);
  if (minute === '' || more.length > 0 || fields.includes(undefined)) return { problem: 'is no calendar event' };
  // Cron takes either where both are given, systemd both (crontab(5)).
  if (day !== '*' && days !== '*')
    return { problem: 'asks for a day of the month that is a certain day of the week, which cron cannot' };
  const loses = /^0+(?:\.0+)?$/.test(second) ? undefined : `the seconds (${second}) are left out`;
  return { cron: `${fields.join(' ')} ${days}`, timezone, loses };
}

/** `08`, `1..5`, `8,20`, `0/15`. */
function cronField(text: string): string | undefined {
  const parts = text.split(',').map((part) => {
    const [, first = '', last, step] = /^(\*|\d+)(?:\.\.(\d+))?(?:\/(\d+))?$/.exec(part) ?? [];
    if (first === '') return undefined;
    const plain = first === '*' ? '*' : String(Number(first));
    const range = last === undefined ? plain : `${plain}-${Number(last)}`;
    if (step === undefined) return range;
    // `0/15` is from 0 on; cron writes that as a range with a step.
    return `${last === undefined && (plain === '0' || plain === '*') ? '*' : range}/${Number(step)}`;
  });
  return parts.includes(undefined) ? undefined : parts.join(',');
}

function weekDays(text: string): string | undefined {
  const days = text
    .split(',')
    .filter(Boolean)
    .map((part) => {
      const numbers = part.split(/\.\.|-/).map((word) => DAYS.indexOf(word.toLowerCase().slice(0, 3)));
      if (numbers.includes(-1) || numbers.length > 2) return undefined;
      const [first = 0, last] = numbers;
      if (last === undefined) return String(first);
      // The week begins on Monday; Sunday, its end, is 7.
      const end = last === 0 ? 7 : last;
      return end < first ? undefined : `${first}-${end}`;
    });
  return days.includes(undefined) ? undefined : days.join(',');
}
