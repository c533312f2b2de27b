/** Spoils configuration files at random, for tests: the same seed always gives the same file. */

/** Gives numbers from 0 to below 1. */
export type Random = () => number;

/** Mulberry32, by Tommy Ettinger: small, and the same everywhere. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What is put in somewhere: what parsers, regular expressions and sh stumble over. */
const ODDITIES: readonly string[] = [
  '\0', '\uFEFF', '\r', '\r\n', '\u2028', '\uFDD0', '\uFDD1', '\u{1F600}', '\x1b[2J', '"', "'", '"""', "'''", '`', '\\', '\\u0000', '#', '=', ',',
  '[', ']', '[[', ']]', '{', '}', '{{', '}}', '{{ A }}', "{{ 'x' }}", '{{ PROCMAN_NUM }}', '{{ PROCMAN_PID_FILE }}', '{{.X}}',
  '__proto__', 'constructor', 'prototype', '__proto__ = 1', '[__proto__]', 'a.b.c', '"".x', '-1', '0', '1e400', '-0.0', 'nan', 'inf',
  '9223372036854775807', '99999999999999999999', '0x7fffffffffffffff', '1e-320', 'true', 'false', '[]', '{}', '[[]]', '{ a = {} }',
  '0000-01-01', '9999-12-31T23:59:59.999999999Z', '2024-02-29', '"24:00"', '00:00:60', '"mon-mon"', '"Europe/Lisbon"', '"* * * * *"',
  '"*/1 * 29 2 mon#5"', '"0 0 31 2 *"', '"1000000000d"', '"0.0000001ms"', '"/dev/null"', '"/dev/zero"', '"/proc/self/mem"', '"."', '"/"', '"$(("', '"<<EOF"',
  '"(((((((((((((((((((((((("', '"\'"', '"if while case {"', '[[process]]', '[[template]]', '[process.env]', '[process.schedule]', '[defaults]', '[daemon]',
  'include = ["*"]', 'include = ["/proc/*/environ"]', 'env-file = "/dev/zero"', 'fake = true', 'numprocs = 1000', 'depends-on = "web"',
]; // prettier-ignore

/** Repeated very often. */
const REPEATED: readonly string[] = [
  '[',
  '{',
  '{ a = ',
  '(',
  '"',
  "'",
  '\\',
  'a.',
  '{{',
  '{{ A }}',
  'x',
  ' ',
  '\n',
  '=',
  '-',
  '0',
  '1',
  '$(',
  '`',
  '*',
  '1s ',
  'a-',
  '#',
  '\u00e9',
  '|',
  '&& ',
];

type Mutation = (text: string, random: Random, others: readonly string[]) => string;

const below = (limit: number, random: Random): number => Math.floor(random() * limit);
const pick = <T>(list: readonly T[], random: Random): T => list[below(list.length, random)] as T;
const tokensOf = (text: string): string[] => text.match(/\s+|[\w.-]+|"[^"\n]*"|'[^'\n]*'|[^]/g) ?? [];

/** Lists of lines or tokens: one is taken out, put in twice, put elsewhere, or replaced by one of another file. */
function rearranged(parts: readonly string[], others: readonly string[], random: Random): string[] {
  const result = [...parts];
  const [from, to] = [below(parts.length, random), below(parts.length, random)];
  const part = parts[from] ?? '';
  switch (below(5, random)) {
    case 0:
      result.splice(from, 1);
      break;
    case 1:
      result.splice(to, 0, part);
      break;
    case 2:
      result[from] = parts[to] ?? '';
      result[to] = part;
      break;
    case 3:
      result[from] = others.length === 0 ? '' : pick(others, random);
      break;
    default:
      result.splice(from, 0, others.length === 0 ? '' : pick(others, random));
  }
  return result;
}

const insertedAt = (text: string, at: number, added: string): string => text.slice(0, at) + added + text.slice(at);

const MUTATIONS: readonly Mutation[] = [
  (text, random, others) => rearranged(text.split('\n'), pick(others, random).split('\n'), random).join('\n'),
  (text, random, others) => rearranged(tokensOf(text), tokensOf(pick(others, random)), random).join(''),
  (text, random) => rearranged(tokensOf(text), ODDITIES, random).join(''),
  (text, random) => insertedAt(text, below(text.length + 1, random), pick(ODDITIES, random)),
  (text, random) => {
    const at = below(text.length + 1, random);
    return text.slice(0, at) + text.slice(at + 1 + below(20, random));
  },
  (text, random) => {
    const at = below(text.length + 1, random);
    return insertedAt(text, at, String.fromCharCode(below(random() < 0.7 ? 128 : 65_536, random)));
  },
  // A value gives way to something odd.
  (text, random) => {
    const lines = text.split('\n');
    const at = below(lines.length, random);
    lines[at] = (lines[at] ?? '').replace(/=.*/, () => `= ${pick(ODDITIES, random)}`);
    return lines.join('\n');
  },
];

/** Rare: they make large files. */
const LARGE: readonly Mutation[] = [
  (text, random) =>
    insertedAt(text, below(text.length + 1, random), pick(REPEATED, random).repeat(10 ** (1 + below(5, random)))),
  (text, random) => text + `\n${text}`.repeat(below(8, random)),
  (text, random, others) => text + pick(others, random),
  (text, random) => text.slice(0, below(text.length, random)),
];

/** A file made of one of the texts, a few times spoilt. Some are not encoded as text any more. */
export function spoiltFile(texts: readonly string[], random: Random): Buffer {
  let text = pick(texts, random);
  for (let count = 1 + below(5, random); count > 0; count -= 1) {
    text = pick(random() < 0.05 ? LARGE : MUTATIONS, random)(text, random, texts);
  }
  const bytes = Buffer.from(text);
  if (random() < 0.02 && bytes.length > 0) bytes[below(bytes.length, random)] = 128 + below(128, random);
  return bytes;
}
