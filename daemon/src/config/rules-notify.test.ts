import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadConfig } from './load.ts';
import { formatProblem } from './problem.ts';
import { testContext } from './test-context.ts';

let folder = '';

beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'procman-notify-'))));
afterEach(() => rmSync(folder, { recursive: true }));

/** What is said of one `[[notify]]` that tells in this way; nothing: it is fine. */
function problems(way: string): string {
  const path = join(folder, 'procman.toml');
  writeFileSync(path, `uid = "u"\nfile-format = "0"\n[[notify]]\nname = "ops"\n${way}\n`);
  for (const [name, mode] of [
    ['secret', 0o600],
    ['open', 0o644],
    ['ca.pem', 0o644],
  ] as const) {
    writeFileSync(join(folder, name), 'x\n');
    chmodSync(join(folder, name), mode);
  }
  const result = loadConfig(path, { ...testContext, env: { ...testContext.env, SET: 'x' } });
  return (result.ok ? result.warnings : result.problems).map(formatProblem).join('\n');
}

const smtp = 'to = "a@example.com", smtp = "mail.example.com"';

test.each([
  'webhook = { url = "https://a.example.com", ca-file = "ca.pem", token-file = "secret" }',
  'webhook = { url-env = "SET", ca-file = "ca.pem" }',
  `mail = { ${smtp}, ca-file = "ca.pem" }`,
  `mail = { ${smtp}, tls = "required", user = "u", password-file = "secret", ca-file = "ca.pem" }`,
  'mail = { to = "a@example.com", smtp = "mail.example.com:465", tls = "implicit" }',
])('%s is fine', (way) => expect(problems(way)).toBe(''));

test.each([
  ['webhook = { url = "https://a.example.com", ca-file = "missing.pem" }', /warning: .*missing\.pem" cannot be read/],
  ['webhook = { url = "http://a.example.com", ca-file = "ca.pem" }', /error: .*ca-file goes with https only/],
  ['webhook = { url-file = "nowhere" }', /warning: .*nowhere" cannot be read/],
  ['webhook = { url-file = "open" }', /warning: .*anybody may use .*open"/],
  ['webhook = { url-env = "UNSET" }', /warning: .*the variable UNSET is not set here/],
  [`mail = { ${smtp}, ca-file = "missing.pem" }`, /warning: .*missing\.pem" cannot be read/],
  [`mail = { ${smtp}, tls = "off", ca-file = "ca.pem" }`, /error: .*has a ca-file, and tls = "off"/],
  [
    'mail = { to = "a@example.com", sendmail = "/bin/true", ca-file = "ca.pem" }',
    /error: .*ca-file goes with smtp only/,
  ],
  ['mail = { to = "a@example.com", smtp = "mail.example.com:465" }', /warning: .*port 465 encrypt from the first byte/],
])('%s is told', (way, expected) => expect(problems(way)).toMatch(expected));
