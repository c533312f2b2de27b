/** The door through which `doctor` looks at the machine; replaced whole in tests. It changes nothing, but for the trial in `cuts`. */

export interface Seen {
  readonly kind: 'file' | 'folder' | 'socket' | 'other';
  readonly uid: number;
  readonly gid: number;
  /** Permission bits. */
  readonly mode: number;
  readonly size: number;
  readonly modifiedAt: number;
}

/** What statfs(2) tells of the file system that a path is on. */
export interface Space {
  /** Its magic number. */
  readonly type: number;
  readonly bytes: number;
  readonly freeBytes: number;
  /** 0: it has no fixed number of inodes. */
  readonly inodes: number;
  readonly freeInodes: number;
}

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
}

/** What a file system can do with a file that is being written: see docs/logs.md. */
export interface Cuts {
  readonly punch: boolean;
  readonly collapse: boolean;
}

/** All of these give `undefined`, or nothing, where there is nothing to see or it may not be seen. */
export interface Machine {
  readonly euid: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Of the Node.js that runs the client: `20.11.1`. */
  readonly nodeVersion: string;
  readonly clientVersion: string;
  readonly now: () => number;
  /** The first 64 KiB of a file. */
  readonly text: (path: string) => string | undefined;
  readonly names: (folder: string) => readonly string[];
  readonly stat: (path: string) => Seen | undefined;
  readonly link: (path: string) => string | undefined;
  readonly space: (path: string) => Space | undefined;
  /** Whether this user could write there; of root also that the file system is not read-only. */
  readonly mayWrite: (path: string) => boolean;
  /** Runs a program without a shell, for 5 s at most. */
  readonly run: (program: string, args: readonly string[]) => Ran | undefined;
  /** Tries with a hidden file of its own, which is gone again at once. */
  readonly cuts: (folder: string) => Cuts | undefined;
}
