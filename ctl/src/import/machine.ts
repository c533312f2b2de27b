/** All that importing asks of the machine; replaced whole in tests. */
export interface Machine {
  /** The text of a file; undefined where it cannot be read. */
  readonly read: (path: string) => string | undefined;
  readonly exists: (path: string) => boolean;
  /** The files that a pattern of a shell stands for, in order. */
  readonly glob: (pattern: string) => readonly string[];
  readonly hostname: string;
  readonly cpus: number;
  readonly env: Readonly<Record<string, string | undefined>>;
}
