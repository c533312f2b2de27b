/** One writer of times for each zone that a schedule names. */
import { TimeText } from '../time-text.ts';

export class ZoneTexts {
  readonly #ofDaemon: TimeText;
  readonly #others = new Map<string, TimeText>();

  constructor(ofDaemon: TimeText) {
    this.#ofDaemon = ofDaemon;
  }

  /** @param timezone undefined: the daemon's */
  of(timezone: string | undefined): TimeText {
    if (timezone === undefined) return this.#ofDaemon;
    const known = this.#others.get(timezone) ?? new TimeText(timezone);
    this.#others.set(timezone, known);
    return known;
  }
}
