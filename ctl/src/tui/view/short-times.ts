/** Times that fit in a narrow column. */

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const two = (number: number): string => String(number).padStart(2, '0');

/** `42s`, `12m03s`, `3h05m`, `12d04h`, `1234d`: six columns at most. */
export function compactUptime(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < MINUTE) return `${whole}s`;
  if (whole < HOUR) return `${Math.floor(whole / MINUTE)}m${two(whole % MINUTE)}s`;
  if (whole < DAY) return `${Math.floor(whole / HOUR)}h${two(Math.floor((whole % HOUR) / MINUTE))}m`;
  const days = Math.floor(whole / DAY);
  return days < 100 ? `${days}d${two(Math.floor((whole % DAY) / HOUR))}h` : `${days}d`;
}

/** As `compactTime`, but without seconds, and the day alone from a day on: until then the clock says which one is meant. */
export function coarseTime(iso: string, now: number): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return iso;
  if (Math.abs(time.getTime() - now) >= DAY * 1000) return `${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${two(time.getHours())}:${two(time.getMinutes())}`;
}

/** In the reader's zone: within the next minutes `10:38:01`, else `18:00`; on another day `03-02 08:00`. */
export function compactTime(iso: string, now: number): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return iso;
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}`;
  if (time.toDateString() !== new Date(now).toDateString())
    return `${two(time.getMonth() + 1)}-${two(time.getDate())} ${clock}`;
  return Math.abs(time.getTime() - now) < 10 * MINUTE * 1000 ? `${clock}:${two(time.getSeconds())}` : clock;
}
