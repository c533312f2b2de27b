/** Cron patterns as `OnCalendar=` (systemd.time(7)). */

interface Field {
  readonly least: number;
  readonly most: number;
  readonly names?: readonly string[];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const DAY_NAMES = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

const SECOND: Field = { least: 0, most: 59 };
const MINUTE: Field = { least: 0, most: 59 };
const HOUR: Field = { least: 0, most: 23 };
const DAY_OF_MONTH: Field = { least: 1, most: 31 };
const MONTH: Field = { least: 1, most: 12, names: MONTHS };
const DAY_OF_WEEK: Field = { least: 0, most: 7, names: DAYS };
const YEAR: Field = { least: 1970, most: 2199 };

const NICKNAMES: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

/**
 * The calendar expressions whose times together are those of the pattern, without a zone; undefined where systemd has no words for
 * it (`L`, `W`, `#` and the like). The pattern is a valid one.
 */
export function cronCalendar(pattern: string): readonly string[] | undefined {
  const text = pattern.trim().toLowerCase();
  const fields = (NICKNAMES[text] ?? text).split(/\s+/);
  if (fields.length < 5) return undefined;
  const [second, minute, hour, dayOfMonth, month, dayOfWeek, year] = [
    ...(fields.length === 5 ? ['0'] : []),
    ...fields,
    ...(fields.length < 7 ? ['*'] : []),
  ] as [string, string, string, string, string, string, string];
  const time = [written(hour, HOUR), written(minute, MINUTE), written(second, SECOND)];
  const [years, months] = [written(year, YEAR), written(month, MONTH)];
  const days = dayOfMonth === 'l' ? '~01' : dashed(written(dayOfMonth, DAY_OF_MONTH));
  const weekDays = weekDaysOf(dayOfWeek);
  if ([...time, years, months, days].includes(undefined) || weekDays === undefined) return undefined;
  const at = (dayPart: string, weekPart: string): string =>
    `${weekPart === '' ? '' : `${weekPart} `}${years ?? ''}-${months ?? ''}${dayPart} ${time.join(':')}`;
  // cron takes either day where both are given; systemd wants both.
  const isEither = dayOfMonth !== '*' && dayOfWeek !== '*';
  if (isEither) return [at(days ?? '', ''), at('-*', weekDays)];
  return [at(days ?? '', weekDays)];
}

const dashed = (text: string | undefined): string | undefined => (text === undefined ? undefined : `-${text}`);

/** `*`, or all values by comma; undefined: not understood. */
function written(text: string, field: Field): string | undefined {
  if (text === '*') return '*';
  const values = valuesOf(text, field);
  return values?.map((value) => String(value).padStart(2, '0')).join(',');
}

/** Empty for all of them. */
function weekDaysOf(text: string): string | undefined {
  if (text === '*') return '';
  const values = valuesOf(text, DAY_OF_WEEK);
  if (values === undefined) return undefined;
  return [...new Set(values.map((value) => value % 7))].map((value) => DAY_NAMES[value]).join(',');
}

function valuesOf(text: string, field: Field): readonly number[] | undefined {
  const parts = text.split(',').map((part) => rangeOf(part, field));
  if (parts.includes(undefined)) return undefined;
  return [...new Set(parts.flatMap((part) => part ?? []))].sort((a, b) => a - b);
}

/** `5`, `1-5`, `*\/2`, `1-30/5`, `5/10`. */
function rangeOf(part: string, field: Field): readonly number[] | undefined {
  const [, whole = '', from = '', to, step] = /^(?:(\*)|([a-z0-9]+)(?:-([a-z0-9]+))?)(?:\/(\d+))?$/.exec(part) ?? [];
  if (whole === '' && from === '') return undefined;
  const first = whole === '*' ? field.least : valueOf(from, field);
  const top = whole === '*' || (to === undefined && step !== undefined) ? field.most : undefined;
  const last = top ?? (to === undefined ? first : valueOf(to, field));
  if (first === undefined || last === undefined || first > last) return undefined;
  const by = Number(step ?? 1);
  if (by < 1) return undefined;
  const count = Math.floor((last - first) / by) + 1;
  return Array.from({ length: count }, (_, index) => first + index * by);
}

function valueOf(text: string, { least, most, names }: Field): number | undefined {
  const named = names?.indexOf(text) ?? -1;
  if (named >= 0) return named + least;
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  return value >= least && value <= most ? value : undefined;
}
