/** Times within the daemon's sentences, as short as a reader needs them. */
import { formatTime } from './time.ts';

/** `2026-03-01 08:00:00 +01:00`, as the daemon writes it. */
const TIME = /(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) ([+-])(\d\d):(\d\d)/g;

/** Of the reader's own offset the offset is left out, and of today the date; others stay as they are. */
export function localTimes(text: string, now: Date): string {
  return text.replace(
    TIME,
    (whole: string, date: string, clock: string, sign: string, hours: string, minutes: string) => {
      const iso = `${date}T${clock}${sign}${hours}:${minutes}`;
      const offset = (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
      return -new Date(iso).getTimezoneOffset() === offset ? formatTime(iso, now) : whole;
    },
  );
}
