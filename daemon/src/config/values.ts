/**
 * The kinds of values that keys have. Each check takes what TOML gives and yields what the core works with; what is wrong is
 * said in a few words that follow the key's name.
 */
import { parseSignal } from '@procman/protocol/signals';
import * as z from 'zod';
import type { Milliseconds, SignalName } from '../core/model.ts';
import { APPLY_ON_FORMS, isTimezone, parseCivilTime, type CivilTime } from './apply-on.ts';
import { DURATION_FORMS, parseDuration } from './durations.ts';
import { WRONG_KIND } from './issues.ts';
import { allowing } from './key.ts';
import { quote } from './problem.ts';
import { parseSize, SIZE_FORMS } from './sizes.ts';
import { unknownKeyMessage } from './unknown-keys.ts';

type Context = z.core.ParsePayload;

/** Reports a wrong value from within a transform. */
export function refuse(context: Pick<Context, 'issues'>, input: unknown, message: string, hint?: string): never {
  // A slip in a key is the cause; what else is missing then is no news.
  if (context.issues.some(({ code }) => code === 'unrecognized_keys')) return z.NEVER;
  context.issues.push({ code: 'custom', message, input, ...(hint === undefined ? {} : { params: { hint } }) });
  return z.NEVER;
}

/** Text without NUL, which neither arguments nor paths can hold. */
export function text(): z.ZodType<string, string> {
  return z.string().refine((value) => !value.includes('\0'), 'holds a NUL character');
}

/** Text in which `{{ NAME }}` has its meaning (SPEC 2.3). */
export const templatableText = text;

/** A path as written; `~` is no special character. */
export function pathText(): z.ZodType<string, string> {
  return templatableText().superRefine((value, context) => {
    if (value.trim() === '') context.addIssue({ code: 'custom', message: 'the path is empty' });
    if (/^~(\/|$)/.test(value)) {
      context.addIssue({ code: 'custom', message: '"~" is not expanded', params: { hint: 'write the whole path' } });
    }
  });
}

/** What is allowed in ids and groups, for messages. */
export const NAME_FORM =
  '1-100 characters without : * , / and control characters, no leading "-", no leading, trailing or double blanks; not "all", "." or ".."';

/** An id or a group (SPEC 1). */
export function name(): z.ZodType<string, string> {
  return z.string().refine(isName, 'is not a valid name');
}

function isName(value: string): boolean {
  const length = Array.from(value).length;
  if (length < 1 || length > 100 || ['all', '.', '..'].includes(value)) return false;
  return !/[:*,/\u0000-\u001f\u007f-\u009f\u2028\u2029]|^-|^\s|\s$|\s\s/u.test(value);
}

/** For the JSON schema. */
const DURATION_PATTERN = '^\\s*(\\d+(\\.\\d+)?\\s*([A-Za-z]+\\s*)?)+$';

/** Name or number of a user or a group, useradd(8). */
export function accountName(): z.ZodType<string, string | number> {
  return z.union([z.string(), z.number()]).transform((value, context) => {
    const written = String(value);
    const isAccount = /^(?!-)[^\s:,/\u0000-\u001f\u007f]{1,256}$/u.test(written);
    return isAccount ? written : refuse(context, value, 'is no name of an account');
  });
}

/** A length of time in milliseconds. */
export function duration(options: { readonly zero: boolean }): z.ZodType<Milliseconds> {
  const written = z.union([
    z.string().meta({ pattern: DURATION_PATTERN }),
    z.number(),
    strictTable({ secs: z.number().optional(), nanos: z.number().optional() }),
  ]);
  return written.transform((value, context) => {
    const result = parseDuration(value);
    if ('problem' in result) return refuse(context, value, result.problem);
    if (result.ms === 0 && !options.zero) return refuse(context, value, 'must be more than zero');
    return result.ms;
  });
}

/** A duration within a key's value, see `allowing`. */
export function innerDuration(options: { readonly zero: boolean }): z.ZodType<Milliseconds> {
  return allowing(duration(options), durationForm(options));
}

/** What is allowed as a duration, for messages. */
export function durationForm(options: { readonly zero: boolean }): string {
  return `${DURATION_FORMS}; ${options.zero ? 'at least 0' : 'more than 0'}, at most 10 years`;
}

/** A number of bytes. */
export function size(): z.ZodType<number> {
  return z.union([z.string(), z.number()]).transform((value, context) => {
    return parseSize(value) ?? refuse(context, value, 'is not a size');
  });
}

export { SIZE_FORMS };

/** A whole number within bounds. */
export function integer(least: number, most: number): z.ZodType<number, number> {
  const error = 'is out of range';
  return z
    .number()
    .refine((value) => Number.isInteger(value), { message: 'is not a whole number', abort: true })
    .min(least, { error })
    .max(most, { error });
}

/** Permission bits as `"0640"` or `0o640`; plain decimal numbers are caught by `findDecimalModes`. */
export function mode(): z.ZodType<number> {
  return z.union([z.string(), z.number()]).transform((value, context) => {
    const bits =
      typeof value === 'number' ? value : /^(0o)?[0-7]{1,4}$/.test(value) ? parseInt(value.replace('0o', ''), 8) : NaN;
    if (!Number.isInteger(bits) || bits < 0 || bits > 0o777) return refuse(context, value, 'is not a permission mode');
    return bits;
  });
}

/** One of a few words. */
export function choice<const T extends string>(words: readonly T[]): z.ZodType<T, T> {
  return z.enum(words, {
    error: ({ input }) => (typeof input === 'string' ? 'is none of the possible values' : WRONG_KIND),
  });
}

/** A signal's name without `SIG`. */
export function signal(): z.ZodType<SignalName> {
  return z.union([z.string(), z.number()]).transform((value, context) => {
    return parseSignal(String(value).trim()) ?? refuse(context, value, 'is not a signal on this system');
  });
}

/** What is allowed as a date-time, for messages. */
export { APPLY_ON_FORMS };

/** A civil date-time: text, or one of TOML's own. */
export function civilTime(): z.ZodType<CivilTime> {
  return z.union([z.string(), z.date()]).transform((value, context) => {
    const civil = parseCivilTime(typeof value === 'string' ? value : value.toISOString());
    return civil ?? refuse(context, value, 'is not a date-time');
  });
}

/** Names of environment variables, as the shell takes them (POSIX.1-2017, 3.235). */
export const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** An IANA time zone. */
export function timezone(): z.ZodType<string, string> {
  return z.string().refine(isTimezone, 'is not a time zone that this system knows');
}

/** A table within a value: unknown keys are named together with the nearest one. */
export function strictTable<S extends z.core.$ZodLooseShape>(shape: S): z.ZodObject<S, z.core.$strict> {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? // One line for each of them: `issues.ts` makes a problem of each.
          issue.keys.map((given: string) => `${quote(given)} ${unknownKeyMessage(given, known)}`).join('\n')
        : undefined,
  });
}

/** Environment variables; `PROCMAN_*` is procman's own. */
export function environment(): z.ZodType<Record<string, string>> {
  return z.record(z.string(), scalar()).superRefine((variables, context) => {
    for (const variable of Object.keys(variables)) {
      const message = variableProblem(variable);
      if (message !== undefined) context.addIssue({ code: 'custom', message, path: [variable] });
    }
  });
}

/** Text, or what is written as text. */
export function scalar(): z.ZodType<string> {
  return z.union([templatableText(), z.number(), z.boolean()]).transform((given) => String(given));
}

/** What is wrong with the name of a variable; undefined where nothing is. */
export function variableProblem(variable: string): string | undefined {
  if (!VARIABLE_NAME.test(variable)) return 'is not a shell identifier (letters, digits and _, no leading digit)';
  return variable.startsWith('PROCMAN_') ? "names beginning with PROCMAN_ are procman's own" : undefined;
}
