/**
 * The daemon's own log. Nothing that happens to the log's destination (a closed terminal, a pipe that nobody reads, a full disk) ever holds
 * up or ends the daemon: lines are lost, counted, and told of when it works again.
 */
import { FileSink, type RotationLimits } from './file-sink.ts';
import type { LogLevel, Sink } from './sink.ts';
import { StderrSink } from './stderr-sink.ts';
import { SyslogSink } from './syslog-sink.ts';

const LEVELS: Readonly<Record<LogLevel, number>> = { debug: 20, info: 30, warning: 40, error: 50, critical: 60 };

/** What a reload may change. */
export interface LogSettings extends RotationLimits {
  readonly level: LogLevel;
  /** Writes a wall time, in the daemon's zone. */
  readonly timeText: (wall: number) => string;
}

export interface Logger {
  /** @param mark - it is marked with `!`, as all errors are */
  log(level: LogLevel, text: string, mark?: 'important'): void;
  configure(settings: LogSettings): void;
  /** The file may have been moved away: open its path again. */
  reopen(): void;
  /** The file it writes to; undefined for stderr and syslog. */
  readonly path: string | undefined;
  /** For people: where its lines are. */
  readonly place: string;
}

/**
 * @param destination - `-` for stderr, `syslog`, or an absolute path
 * @throws why it cannot be opened
 */
export function createLogger(destination: string, settings: LogSettings): Logger {
  return new SinkLogger((limits) => sinkFor(destination, limits), settings);
}

function sinkFor(destination: string, limits: () => RotationLimits): Sink {
  if (destination === 'syslog') return new SyslogSink();
  return destination === '-' ? new StderrSink() : new FileSink(destination, limits);
}

class SinkLogger implements Logger {
  readonly #sink: Sink;
  #settings: LogSettings;
  #lost = 0;

  constructor(open: (limits: () => RotationLimits) => Sink, settings: LogSettings) {
    this.#settings = settings;
    this.#sink = open(() => this.#settings);
  }

  get path(): string | undefined {
    return this.#sink.path;
  }

  get place(): string {
    return this.#sink.place;
  }

  configure(settings: LogSettings): void {
    this.#settings = settings;
  }

  reopen(): void {
    this.#sink.reopen();
  }

  log(level: LogLevel, text: string, mark?: 'important'): void {
    if (LEVELS[level] < LEVELS[this.#settings.level]) return;
    // What is lost is told of first, where it is missing.
    if (this.#lost > 0 && !this.#write('warning', `${this.#lost} lines of this log were lost here`)) {
      this.#lost += 1;
      return;
    }
    const isImportant = mark === 'important' || LEVELS[level] >= LEVELS.error;
    this.#lost = this.#write(level, `${isImportant ? '! ' : ''}${shownText(text)}`) ? 0 : 1;
  }

  #write(level: LogLevel, text: string): boolean {
    return this.#sink.write(level, text, () => this.#settings.timeText(Date.now())) === undefined;
  }
}

/** One line per message: what a service or a configuration contributes must not forge others. */
function shownText(text: string): string {
  return text.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/g, (char) => (char === '\n' ? '\n    ' : '?'));
}
