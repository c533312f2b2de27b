/** Turns what zod reports into problems: the issue that people can act on, its key, and what was found there. */
import type * as z from 'zod';
import { quote } from './problem.ts';

/** Said of a text where a number is expected, and the like. */
export const WRONG_KIND = 'has a wrong kind of value';

type Issue = z.core.$ZodIssue;

/** What is wrong with a value, without file and line. */
export interface Finding {
  /** From the value that was checked down to what is wrong. */
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly found?: string;
  readonly hint?: string;
  /** The message says all: what else would be allowed is no help. */
  readonly isPlain?: boolean;
}

/** All findings of one failed check of `value`. */
export function findingsOf(error: z.ZodError, value: unknown): Finding[] {
  return error.issues.flatMap((issue) => flatten(issue, [])).flatMap((placed) => toFindings(placed, value));
}

interface PlacedIssue {
  readonly issue: Issue;
  readonly path: readonly (string | number)[];
}

/** A failed union says nothing by itself: the alternative whose kind of value fits has the real findings. */
function flatten(issue: Issue, above: readonly (string | number)[]): PlacedIssue[] {
  const path = [...above, ...issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step))];
  if (issue.code !== 'invalid_union') return [{ issue, path }];
  const fitting = issue.errors.find((issues) => !issues.some((inner) => isWrongKind(inner)));
  return fitting === undefined ? [{ issue, path }] : fitting.flatMap((inner) => flatten(inner, path));
}

/** No alternative of the value's kind. An inner union that fits none of its own alternatives counts as well. */
function isWrongKind(issue: Issue): boolean {
  if (issue.path.length > 0) return false;
  if (issue.code === 'invalid_type') return true;
  return issue.code === 'invalid_union' && issue.errors.every((issues) => issues.some((inner) => isWrongKind(inner)));
}

/** Each unknown key is a finding of its own; their message has a line for each (see `strictTable`). */
function toFindings({ issue, path }: PlacedIssue, root: unknown): Finding[] {
  if (issue.code !== 'unrecognized_keys') return [toFinding(issue, path, root)];
  const messages = issue.message.split('\n');
  return issue.keys.map((key, index) => ({ path: [...path, key], message: messages[index] ?? '', isPlain: true }));
}

function toFinding(issue: Issue, path: readonly (string | number)[], root: unknown): Finding {
  const value = valueAt(root, path);
  if (issue.code === 'invalid_type' && value === undefined) return { path, message: 'is missing' };
  // What is wrong with a table as a whole says its message; "a table" would add nothing.
  const found = issue.code === 'custom' && isTable(value) ? undefined : describeValue(value);
  const hint = hintOf(issue);
  return {
    path,
    message: isWorded(issue) ? issue.message : WRONG_KIND,
    ...(found === undefined ? {} : { found }),
    ...(hint === undefined ? {} : { hint }),
  };
}

/** The checks of `values.ts` say themselves what is wrong; zod's own words are for programmers. */
function isWorded(issue: Issue): boolean {
  return ['custom', 'invalid_value', 'too_small', 'too_big'].includes(issue.code);
}

function hintOf(issue: Issue): string | undefined {
  const hint: unknown = issue.code === 'custom' ? issue.params?.['hint'] : undefined;
  return typeof hint === 'string' ? hint : undefined;
}

function valueAt(root: unknown, path: readonly (string | number)[]): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}

function isTable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** A value in a few words. Never looks into tables: they may be endlessly deep. */
export function describeValue(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string') return quote(value);
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return 'a table';
}
