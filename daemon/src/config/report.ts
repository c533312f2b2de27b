/** Collects the problems of one configuration, each with its line. */
import { GraftedLocator } from './grafts.ts';
import type { Locator, Path } from './positions.ts';
import { quote, sortProblems, type Problem } from './problem.ts';

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
  readonly locator: GraftedLocator;
  private readonly problems: Problem[] = [];
  private left = 0;
  private errors = 0;

  constructor(file: string, locator: Locator) {
    this.file = file;
    this.locator = new GraftedLocator(locator);
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

  /** Problems that have their place already, such as those of other files. */
  adopt(problems: readonly Problem[]): void {
    this.errors += problems.filter(({ severity }) => severity === 'error').length;
    const room = Math.max(0, MOST_PROBLEMS - this.problems.length);
    this.problems.push(...problems.slice(0, room));
    this.left += Math.max(0, problems.length - room);
  }

  get hasErrors(): boolean {
    return this.errors > 0;
  }

  /** In the order of the file; those of other files after its own. */
  sorted(): Problem[] {
    const sorted = sortProblems(this.problems, this.file);
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
      ...given,
      message: this.fromTemplate(path) + remark.message,
    });
  }

  /** A key that a template brought stands in no line of its own: what is said of it begins with where it stands. */
  private fromTemplate(path: Path): string {
    const origin = this.locator.origin(path);
    return origin === undefined ? '' : `in line ${origin.line} of template ${quote(origin.template)}: `;
  }
}
