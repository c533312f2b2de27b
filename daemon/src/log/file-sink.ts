/** The daemon's log in a file, rotated by the daemon itself: nobody else writes to it, so names can simply be shifted. */
import * as fs from 'node:fs';
import { dropSurplus, shiftBackups } from './backups.ts';
import { errorCode, lineOf, type LogLevel, type Sink } from './sink.ts';

export interface RotationLimits {
  /** 0: no rotation. */
  readonly maxBytes: number;
  readonly backups: number;
}

export class FileSink implements Sink {
  readonly path: string;
  readonly #limits: () => RotationLimits;
  #fd: number | undefined;
  #size = 0;
  /** Devices and pipes are not rotated. */
  #isFile = false;
  #isTorn = false;
  /** Rotation failed at this size; it is tried again when as much has come again. */
  #failedAt = 0;
  /** Something to be told in the log itself. */
  #note: string | undefined;

  /** @throws the file system's error, in words where it is a common slip */
  constructor(path: string, limits: () => RotationLimits) {
    this.path = path;
    this.#limits = limits;
    this.#open();
  }

  get place(): string {
    return this.path;
  }

  /** Others may be able to write in the folder: a link there must not lead to a file that only root may write. A pipe must not block. */
  #open(): number {
    const { O_WRONLY, O_CREAT, O_APPEND, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
    try {
      this.#fd = fs.openSync(this.path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK, 0o600);
    } catch (error) {
      if (errorCode(error) !== 'ELOOP') throw error;
      throw new Error(`${this.path} is a symbolic link: name the file that it leads to`, { cause: error });
    }
    const stats = fs.fstatSync(this.#fd);
    this.#isFile = stats.isFile();
    this.#size = stats.size;
    this.#failedAt = 0;
    return this.#fd;
  }

  write(level: LogLevel, text: string, time: () => string): string | undefined {
    const line = lineOf(level, text, time);
    try {
      const fd = this.#ready(Buffer.byteLength(line));
      const note = this.#note === undefined ? '' : lineOf('warning', this.#note, time);
      this.#note = undefined;
      this.#append(fd, note + line);
      return undefined;
    } catch (error) {
      // A full disk, a folder that is gone: the line is lost, the services are not.
      return `${this.path}: ${errorCode(error)}`;
    }
  }

  /** The descriptor to write `bytes` to. */
  #ready(bytes: number): number {
    const fd = this.#fd ?? this.#open();
    if (!this.#isFile) return fd;
    // Removed, perhaps with its folder. One that was only moved still takes lines, until SIGUSR2: logrotate counts on that.
    if (fs.fstatSync(fd).nlink === 0) return this.#openAgain();
    const { maxBytes } = this.#limits();
    if (maxBytes === 0 || this.#size === 0 || this.#size + bytes <= maxBytes + this.#failedAt) return fd;
    return this.#rotate(fd);
  }

  #append(fd: number, text: string): void {
    const bytes = Buffer.from(this.#isTorn ? `\n${text}` : text);
    let done = 0;
    try {
      while (done < bytes.length) done += fs.writeSync(fd, bytes, done);
      this.#isTorn = false;
    } finally {
      this.#size += done;
      if (done > 0 && done < bytes.length) this.#isTorn = true;
    }
  }

  #rotate(fd: number): number {
    const { backups } = this.#limits();
    try {
      // Something else has its name (moved away by others, who then make a new one): that is not ours to rename.
      const there = fs.lstatSync(this.path, { throwIfNoEntry: false });
      const own = fs.fstatSync(fd);
      if (there !== undefined && (there.ino !== own.ino || there.dev !== own.dev)) return this.#openAgain();
      if (there === undefined) return fd;
      dropSurplus(this.path, backups);
      if (backups === 0) fs.ftruncateSync(fd, 0);
      else shiftBackups(this.path, backups);
    } catch (error) {
      if (this.#failedAt === 0)
        this.#note = `${this.path} cannot be rotated (${errorCode(error)}): it grows beyond log-max-bytes`;
      this.#failedAt = this.#size;
      return fd;
    }
    return this.#openAgain();
  }

  #openAgain(): number {
    this.#close();
    return this.#open();
  }

  #close(): void {
    if (this.#fd !== undefined) fs.closeSync(this.#fd);
    this.#fd = undefined;
    this.#isTorn = false;
  }

  reopen(): void {
    this.#close();
    try {
      this.#open();
    } catch {
      // Tried again with the next line.
    }
  }
}
