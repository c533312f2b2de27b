/** Collects the problems of one file, each with its line. */
import type { Locator, Path } from './positions.ts';
import { sortProblems, type Problem } from './problem.ts';

/** A file with thousands of mistakes is mended step by step: more problems than this are only counted. */
const MOST_PROBLEMS = 500;

/** A problem whose place is a path of the TOML text. */
export interface Remark {
  readonly path: Path;
  readonly process?: string | undefined;
  readonly key?: string | undefined;
  readonly message: string;
  readonly found?: string | undefined;
  readonly allowed?: string | undefined;
  readonly hint?: string | undefined;
}

export class Report {
  readonly file: string;
  readonly locator: Locator;
  private readonly problems: Problem[] = [];
  private left = 0;
  private errors = 0;

  constructor(file: string, locator: Locator) {
    this.file = file;
    this.locator = locator;
  }

  error(remark: Remark): void {
    this.errors += 1;
    this.add('error', remark);
  }

  warning(remark: Remark): void {
    this.add('warning', remark);
  }

  /** An error, or a warning in a version that only takes effect later (SPEC 2.4). */
  remark(severity: Problem['severity'], remark: Remark): void {
    if (severity === 'error') this.error(remark);
    else this.warning(remark);
  }

  get hasErrors(): boolean {
    return this.errors > 0;
  }

  /** In the order of the file. */
  sorted(): Problem[] {
    const sorted = sortProblems(this.problems);
    if (this.left === 0) return sorted;
    const severity = this.errors > 0 ? 'error' : 'warning';
    return [...sorted, { severity, file: this.file, message: `and ${this.left} more problems` }];
  }

  private add(severity: Problem['severity'], remark: Remark): void {
    if (this.problems.length >= MOST_PROBLEMS) {
      this.left += 1;
      return;
    }
    const { path, ...texts } = remark;
    const given = Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== undefined));
    this.problems.push({
      severity,
      file: this.file,
      ...this.locator.position(path),
      message: remark.message,
      ...given,
    });
  }
}
