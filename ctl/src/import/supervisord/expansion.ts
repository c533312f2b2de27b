/** `%(NAME)s` of supervisord: what is known now is filled in, what only a launch knows becomes `{{ NAME }}`. */
import { REFERENCE_NAME } from '@procman/daemon/config/references';
import { plainText } from '../command-words.ts';

export interface Known {
  readonly program_name: string;
  readonly group_name: string;
  readonly host_node_name: string;
  readonly here: string;
  readonly numprocs: string;
  /** Of one instance; undefined: all instances share the text. */
  readonly process_num?: number | undefined;
}

export type Expansion = { readonly text: string } | { readonly problem: string; readonly found: string };

const REFERENCE = /%(?:\((\w+)\)(0?\d*)([sd])|(.?))/gs;

/** Fills in a value. */
export function expand(value: string, known: Known): Expansion {
  let wrong: { problem: string; found: string } | undefined;
  let at = 0;
  let text = '';
  for (const match of value.matchAll(REFERENCE)) {
    const [whole, name, width = '', , other] = match;
    text += plainText(value.slice(at, match.index));
    at = match.index + whole.length;
    if (other === '%') text += '%';
    else {
      const found = name === undefined ? undefined : valueOf(name, width, known);
      if (found === undefined) wrong ??= { problem: 'holds a % that stands for nothing', found: whole };
      else text += found;
    }
  }
  return wrong ?? { text: text + plainText(value.slice(at)) };
}

function valueOf(name: string, width: string, known: Known): string | undefined {
  if (name.startsWith('ENV_')) {
    const variable = name.slice(4);
    return REFERENCE_NAME.test(variable) ? `{{ ${variable} }}` : undefined;
  }
  if (name === 'process_num') {
    if (known.process_num === undefined) return '{{ PROCMAN_NUM }}';
    return String(known.process_num).padStart(Number(width || '0'), '0');
  }
  const values: Readonly<Record<string, unknown>> = { ...known };
  const found = Object.hasOwn(values, name) ? values[name] : undefined;
  return typeof found === 'string' ? plainText(found) : undefined;
}

/** Whether the text needs more than the bare number of the instance, which is all that `{{ PROCMAN_NUM }}` is. */
export function needsPaddedNumber(value: string): boolean {
  return /%\(process_num\)\d+[sd]/.test(value);
}

export function usesNumber(value: string): boolean {
  return value.includes('%(process_num)');
}

/** `KEY="a b",OTHER=c`, as shlex reads it without its POSIX rules; the values as they are, not yet filled in. */
export function readPairs(text: string): { readonly pairs: [string, string][] } | { readonly rest: string } {
  const pairs: [string, string][] = [];
  const pair = /\s*([A-Za-z_]\w*)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s,"']*))\s*(?:,|$)/gy;
  let at = 0;
  while (at < text.length && text.slice(at).trim() !== '') {
    pair.lastIndex = at;
    const match = pair.exec(text);
    if (match === null) return { rest: text.slice(at).trim() };
    const [, key = '', double, single, bare = ''] = match;
    pairs.push([key, double ?? single ?? bare]);
    at = pair.lastIndex;
  }
  return { pairs };
}
