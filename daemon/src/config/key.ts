import type * as z from 'zod';

/** A table of the configuration: each key with its check. Texts, defaults and checks are declared here once and nowhere else. */
export type Shape = Readonly<Record<string, z.ZodType>>;

/** The checked values of a table; absent where the key is not given and has no default, or where its value is wrong. */
export type Values<S extends Shape> = { [K in keyof S]?: z.output<S[K]> | undefined };

/** What people are told of a key. */
export interface KeyTexts {
  /** Its meaning: for docs/configuration.md and the JSON schema. */
  readonly about: string;
  /** The values that it may have: for problems. */
  readonly allowed: string;
  /** Lines of TOML that show it: for docs/configuration.md; a test loads them. */
  readonly example?: string;
  /** Its default, where that depends on the surroundings and is therefore not in the check. */
  readonly defaultText?: string;
}

/** Declares a key. Call it last: zod keeps the texts with the outermost check. */
export function key<S extends z.ZodType>(check: S, texts: KeyTexts): S {
  const { about, ...others } = texts;
  return check.describe(about).meta({ ...others, description: about });
}

/** The values that a key may have, as text for problems. */
export function allowedText(check: z.ZodType): string | undefined {
  const allowed = check.meta()?.['allowed'];
  return typeof allowed === 'string' ? allowed : undefined;
}
