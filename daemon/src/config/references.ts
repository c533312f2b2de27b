/**
 * `{{ NAME }}` and `{{ 'text' }}` in a text (SPEC 2.2). Anything else in double braces, such as podman's `{{.State.Pid}}`,
 * belongs to others and is left alone.
 */

/** The name is the first group, the literal text the second. */
const REFERENCE = /\{\{\s*(?:([A-Za-z_][A-Za-z0-9_-]*)|'([^']*)')\s*\}\}/g;

/** What a name can be. */
export const REFERENCE_NAME = /^[A-Za-z_][A-Za-z0-9_-]*$/;

/** `whole` is the text from brace to brace. */
export type Reference =
  | { readonly kind: 'name'; readonly name: string; readonly whole: string }
  | { readonly kind: 'literal'; readonly text: string; readonly whole: string };

/** Puts something in the place of each reference. One pass: what is put in is not looked at again. */
export function replaceReferences(text: string, replace: (reference: Reference) => string): string {
  if (!text.includes('{{')) return text;
  return text.replace(REFERENCE, (whole, name: string | undefined, literal: string | undefined) =>
    replace(name === undefined ? { kind: 'literal', text: literal ?? '', whole } : { kind: 'name', name, whole }),
  );
}

/** The names that a text refers to, each once. */
export function namesIn(text: string): Set<string> {
  const names = new Set<string>();
  replaceReferences(text, (reference) => {
    if (reference.kind === 'name') names.add(reference.name);
    return '';
  });
  return names;
}

/** Whether any text within a value, not deeper than this many tables and lists, has a reference. */
export function holdsReference(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return value.includes('{{') && value.search(REFERENCE) !== -1;
  if (typeof value !== 'object' || value === null || depth === 0) return false;
  return Object.values(value).some((inner: unknown) => holdsReference(inner, depth - 1));
}
