import Ajv from 'ajv';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { configSchema } from './json-schema.ts';
import { parseConfig } from './load.ts';
import { parseToml } from './parse-toml.ts';
import { testContext } from './test-context.ts';

const validate = new Ajv({ allErrors: true }).compile(configSchema());
/** As an editor sees it: TOML's own dates and times are strings. */
const accepts = (text: string): boolean => {
  const parsed = parseToml(text, '/x');
  return parsed.ok && validate(JSON.parse(JSON.stringify(parsed.top))) === true;
};

const fixtures = new URL('fixtures/', import.meta.url);
const loading = readdirSync(fixtures)
  .filter((name) => name.endsWith('.toml'))
  .map((name) => [name, readFileSync(new URL(name, fixtures), 'utf8')] as const)
  .filter(([, text]) => parseConfig(text, '/tmp/procman.toml', testContext).ok);

describe('what loads is accepted', () => {
  test.each([
    ...loading,
    ['the example', readFileSync(new URL('../../../etc/procman.example.toml', import.meta.url), 'utf8')] as const,
  ])('%s', (_, text) => {
    expect([accepts(text), validate.errors]).toEqual([true, null]);
  });
});

const HEAD = 'uid = "u"\nfile-format = "0"\n';
const PROCESS = `${HEAD}[[process]]\nid = "a"\napply-on = "2024-10-01"\ncommand = "true"\n`;

describe('what is wrong is refused', () => {
  test.each([
    'file-format = "0"\n',
    'uid = "u"\n',
    `${HEAD}uidd = "x"\n`,
    `${HEAD}[daemon]\nlog-level = "loud"\n`,
    `${HEAD}[daemon]\nstream = 1\n`,
    `${HEAD}[defaults]\nid = "x"\n`,
    `${HEAD}[process]\nid = "a"\n`,
    `${HEAD}[[process]]\nid = "a"\n`,
    `${HEAD}[[template]]\nname = "T"\n`,
    `${PROCESS}nise = 1\n`,
    `${PROCESS}numprocs = 0\n`,
    `${PROCESS}stop-timeout = "soon"\n`,
    `${PROCESS}stop-timeout = { sec = 1 }\n`,
    `${PROCESS}schedule = { start-time = "8:00" }\n`,
    `${PROCESS}schedule = { weekdays = "all" }\n`,
    `${PROCESS}health-check = { comand = "true" }\n`,
    `${PROCESS}depends-on = [{ id = "b", on-loss = "panic" }]\n`,
    `${PROCESS}env = { A = [] }\n`,
  ])('%j', (text) => {
    expect(parseConfig(text, '/tmp/procman.toml', testContext).ok).toBe(false);
    expect(accepts(text)).toBe(false);
  });
});

describe('both spellings and all kinds of values are accepted', () => {
  test.each([
    '',
    'start_health_check = { command = "true", timeout = { secs = 30, nanos = 0 } }',
    'schedule = { start_time = 08:00:00, stop-time = "18:00", week_days = ["mon"] }',
    'health_check = { folder = "/tmp", inactive_time = 10 }',
    'depends-on = { command = "true", interval = "2s" }',
    'stop_timeout = "1m 30s"\numask = 0o022',
    'env = { ANY_name = 1, b = true }\nparams = { a_b = "x", a-b = "y" }',
  ])('%s', (keys) => {
    expect(parseConfig(PROCESS + keys, '/tmp/procman.toml', testContext)).toMatchObject({ ok: true });
    expect(accepts(PROCESS + keys)).toBe(true);
  });
});

test('what an editor shows of a key', () => {
  expect(configSchema()).toMatchObject({
    properties: {
      defaults: {
        properties: {
          nice: { description: expect.stringContaining('Allowed: a whole number from -20 to 19') as string },
        },
      },
    },
  });
  expect(JSON.stringify(configSchema())).not.toMatch(/"(example|allowed|defaultText|default)":/);
});
