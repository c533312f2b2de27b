/** Spoils configuration files at random, for tests: the same seed always gives the same file. */

import { daemonKeys } from './daemon-keys.ts';
import { metricsKeys } from './metrics-keys.ts';
import { processKeys } from './process-keys.ts';

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

/** Values of TOML. */
const SCALARS: readonly string[] = [
  'true', 'false', '0', '-1', '1', '2', '5', '60', '1000', '86400', '0.5', '1e300', '-0.0', 'nan', 'inf', '-inf', '9007199254740993', '0o777', '0xff', '""', '"auto"', '"none"', '"stdout"',
  '"boot"', '"always"', '"never"', '"off"', '"100%"', '"3s"', '"1m 30s"', '"500ms"', '"10y"', '"00:00"', '"24:00"', '"23:59:59.999"', '00:00:00', '2024-10-01', '2026-03-29T02:30:00', '"2026-10-25T02:30:00"',
  '0001-01-01T00:00:00', '"9999-12-31"', '1979-05-27T00:32:00-07:00', '"UTC"', '"America/New_York"', '"Australia/Lord_Howe"', '"Pacific/Apia"', '"mon-fri"', '"sun-sat"', '"all"', '["mon", "sun"]',
  '"0 3 * * *"', '"* * * * *"', '"0 0 29 2 *"', '"59 23 31 12 7"', '"@yearly"', '"L"', '"localhost:80"', '"http://localhost/"', '"web"', '["web", "db"]', '{ id = "web", condition = "healthy" }', '[]', '{}',
]; // prettier-ignore

const KEYS: readonly string[] = [
  ...Object.keys(processKeys),
  ...Object.keys(daemonKeys),
  ...Object.keys(metricsKeys),
  ...'start-time stop-time week-days cron timeout interval retries folder http tcp line type condition on-loss secs nanos name template A PATH __proto__ x'.split(
    ' ',
  ),
];

const HEADERS: readonly string[] = [
  '[[process]]',
  '[[template]]',
  '[daemon]',
  '[metrics]',
  '[defaults]',
  '[process.env]',
  '[process.schedule]',
  '[process.template]',
  '[process.params]',
  '[[process.depends-on]]',
  '[x]',
];

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

/** They mostly break the TOML. */
const CRUDE: readonly Mutation[] = [
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
];

/** `key = value` in one line; the value is the second group. */
const ENTRY = /^([\w-]+) = (.+)$/;

const entriesOf = (text: string): string[] => text.split('\n').filter((line) => ENTRY.test(line));

/** Changes one of the lines that are `key = value`. */
function withEntry(text: string, random: Random, change: (key: string, value: string) => string): string {
  const lines = text.split('\n');
  const places = [...lines.keys()].filter((at) => ENTRY.test(lines[at] ?? ''));
  if (places.length === 0) return text;
  const at = pick(places, random);
  const [, key = '', value = ''] = ENTRY.exec(lines[at] ?? '') ?? [];
  lines[at] = change(key, value);
  return lines.join('\n');
}

/** A value of TOML, whatever it means. */
function oddValue(random: Random, others: readonly string[], depth = 0): string {
  const values = entriesOf(pick(others, random)).map((line) => ENTRY.exec(line)?.[2] ?? '0');
  const odd = (): string => (depth > 3 ? '1' : oddValue(random, others, depth + 1));
  switch (below(7, random)) {
    case 0:
      return pick(SCALARS, random);
    case 1:
      return JSON.stringify(pick(ODDITIES, random).repeat(random() < 0.1 ? 1000 : 1 + below(3, random)));
    case 2:
      return `[${odd()}, ${odd()}]`;
    case 3:
      return `{ ${pick(KEYS, random)} = ${odd()}, "${pick(KEYS, random)}x" = ${odd()} }`;
    case 4:
      return JSON.stringify(String.fromCharCode(below(random() < 0.5 ? 128 : 65_536, random)));
    default:
      return values.length === 0 ? '0' : pick(values, random);
  }
}

/** What is between quotation marks, changed, and written so that it is a text again. */
function withOddText(value: string, random: Random): string {
  return value.replace(/"([^"\\]*)"/, (_, content: string) => {
    const at = below(content.length + 1, random);
    return JSON.stringify(content.slice(0, at) + pick(ODDITIES, random) + content.slice(at + below(4, random)));
  });
}

/** They mostly leave it TOML. */
const CAREFUL: readonly Mutation[] = [
  (text, random, others) => withEntry(text, random, (key) => `${key} = ${oddValue(random, others)}`),
  (text, random) => withEntry(text, random, (key, value) => `${key} = ${withOddText(value, random)}`),
  (text, random) =>
    withEntry(text, random, (key, value) => `${key} = ${value.replace(/\d+/, () => pick(SCALARS, random))}`),
  (text, random) => withEntry(text, random, (_, value) => `${pick(KEYS, random)} = ${value}`),
  (text, random) => withEntry(text, random, () => ''),
  (text, random, others) =>
    withEntry(text, random, (key, value) => `${key} = ${value}\n${pick(KEYS, random)} = ${oddValue(random, others)}`),
  (text, random, others) => {
    const added = entriesOf(pick(others, random));
    return withEntry(
      text,
      random,
      (key, value) => `${key} = ${value}\n${added.length === 0 ? '' : pick(added, random)}`,
    );
  },
  // The tables of another file, from its first [[process]] on.
  (text, random, others) => `${text}\n${pick(others, random).replace(/^[^]*?(?=\[\[process\]\])/, '')}`,
  (text, random) => `${text}\n${pick(HEADERS, random)}\n`,
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
  const kind = random() < 0.75 ? CAREFUL : CRUDE;
  for (let count = 1 + below(5, random); count > 0; count -= 1) {
    text = pick(random() < 0.03 ? LARGE : kind, random)(text, random, texts);
  }
  const bytes = Buffer.from(text);
  if (random() < 0.02 && bytes.length > 0) bytes[below(bytes.length, random)] = 128 + below(128, random);
  return bytes;
}
