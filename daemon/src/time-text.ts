import { Temporal } from 'temporal-polyfill';

/** Offsets change at quarter hours only, so one is worked out per quarter hour and zone. */
const QUARTER = 15 * 60_000;

/** Writes wall times as ISO 8601 with milliseconds and offset, in one zone. */
export class TimeText {
  readonly #zone: string;
  readonly #offsets = new Map<number, number>();

  /** @param zone IANA name */
  constructor(zone: string) {
    this.#zone = zone;
  }

  /** `2026-03-01T08:00:00.000+01:00` */
  format(wall: number): string {
    const offset = this.#offset(wall);
    const local = new Date(Math.floor(wall) + offset * 60_000).toISOString().slice(0, -1);
    const minutes = Math.abs(offset);
    return `${local}${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
  }

  /** `2026-03-01 08:00:00 +01:00`, for sentences. */
  tell(wall: number): string {
    return this.format(wall)
      .replace('T', ' ')
      .replace(/\.\d{3}/, ' ');
  }

  /** In minutes. */
  #offset(wall: number): number {
    const quarter = Math.floor(wall / QUARTER);
    const known = this.#offsets.get(quarter);
    if (known !== undefined) return known;
    const instant = Temporal.Instant.fromEpochMilliseconds(quarter * QUARTER);
    const offset = Math.round(instant.toZonedDateTimeISO(this.#zone).offsetNanoseconds / 60e9);
    if (this.#offsets.size > 500) this.#offsets.clear();
    this.#offsets.set(quarter, offset);
    return offset;
  }
}

const two = (n: number): string => String(n).padStart(2, '0');
