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

/** Says what a value within a key's value may be: problems of that value tell this, not all that the whole key may be. */
export function allowing<S extends z.ZodType>(check: S, allowed: string): S {
  return check.meta({ allowed });
}

/** What is allowed at a path within a key's value: the text that lies deepest on the way there. */
export function allowedAt(check: z.ZodType, path: readonly (string | number)[]): string | undefined {
  return follow(check, path)?.allowed ?? allowedText(check);
}

/** undefined: the path does not lead through this check. */
function follow(
  check: z.ZodType,
  path: readonly (string | number)[],
): { readonly allowed: string | undefined } | undefined {
  const allowed = allowedText(check);
  if (path.length === 0 && allowed !== undefined) return { allowed };
  const [step, ...rest] = path;
  for (const inner of insideOf(check, step)) {
    const found = follow(inner.check, inner.takesStep ? rest : path);
    if (found !== undefined) return { allowed: found.allowed ?? allowed };
  }
  return path.length === 0 ? { allowed } : undefined;
}

interface Inside {
  readonly check: z.ZodType;
  /** It is what the step leads to, not only another layer of the same value. */
  readonly takesStep: boolean;
}

/** The checks directly within a check, along a path. */
function insideOf(check: z.ZodType, step: string | number | undefined): Inside[] {
  const { def } = check as { def: z.core.$ZodTypeDef };
  const layer = (inner: unknown): Inside => ({ check: inner as z.ZodType, takesStep: false });
  switch (def.type) {
    case 'optional':
    case 'default':
      return [layer((def as z.core.$ZodOptionalDef).innerType)];
    case 'pipe':
      return [layer((def as z.core.$ZodPipeDef).in)];
    case 'union':
      return (def as z.core.$ZodUnionDef).options.map(layer);
    case 'array':
      return typeof step === 'number'
        ? [{ check: (def as z.core.$ZodArrayDef).element as z.ZodType, takesStep: true }]
        : [];
    case 'object': {
      const { shape } = def as z.core.$ZodObjectDef;
      const inner = typeof step === 'string' && Object.hasOwn(shape, step) ? shape[step] : undefined;
      return inner === undefined ? [] : [{ check: inner as z.ZodType, takesStep: true }];
    }
    default:
      return [];
  }
}

/** The values that a key may have, as text for problems. */
export function allowedText(check: z.ZodType): string | undefined {
  const allowed = check.meta()?.['allowed'];
  return typeof allowed === 'string' ? allowed : undefined;
}
