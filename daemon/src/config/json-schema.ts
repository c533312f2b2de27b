/**
 * A JSON Schema of the configuration file, made of the declarations of its keys: editors complete and check a file by it while
 * it is written. It is coarser than the checks at load: `procmanctl check` has the last word.
 *
 * Draft 7, the newest that editors for TOML know well. They take TOML's own dates and times as strings.
 */
import * as z from 'zod';
import { daemonKeys, topKeys } from './daemon-keys.ts';
import { allowedText, type Shape } from './key.ts';
import { metricsKeys } from './metrics-keys.ts';
import { notifyKeys } from './notify-keys.ts';
import { identityKeys, sharedKeys } from './process-keys.ts';
import { templateKeys } from './template-keys.ts';

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type Schema = Readonly<Record<string, Json>>;

/** Tables whose names people choose: nothing in them has a second spelling. */
const FREE = ['env', 'params', 'template'];

/** The whole schema, as JSON. */
export function configSchema(): Schema {
  const shared = tableOf(sharedKeys);
  const identity = tableOf(identityKeys);
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'The configuration of procman',
    ...withSpellings('#', {
      ...tableOf(topKeys),
      daemon: describe(withSpellings('#/properties/daemon', tableOf(daemonKeys)), 'The daemon itself.'),
      metrics: describe(withSpellings('#/properties/metrics', tableOf(metricsKeys)), 'Figures for Prometheus.'),
      defaults: describe(withSpellings('#/properties/defaults', shared), 'What all processes have in common.'),
      template: describe(
        {
          type: 'array',
          items: withSpellings('#/properties/template/items', tableOf(templateKeys), ['name', 'template']),
        },
        'Keys that processes share, with variables.',
      ),
      process: describe(
        { type: 'array', items: processSchema({ ...identity, ...shared }) },
        'The processes; several tables with one id are its versions.',
      ),
      notify: describe({ type: 'array', items: notifySchema() }, 'Who is told of what, and how.'),
    }),
    ...required(['uid', 'file-format']),
  };
}

/** An empty table is skipped; one with a template has from it what it lacks. */
function processSchema(keys: Record<string, Schema>): Schema {
  const table = withSpellings('#/properties/process/items', keys);
  return {
    ...table,
    anyOf: [required(['id', 'apply-on', 'command']), { required: ['id', 'template'] }, { maxProperties: 0 }],
  };
}

/** One way of telling each. */
function notifySchema(): Schema {
  const table = withSpellings('#/properties/notify/items', tableOf(notifyKeys), ['name']);
  return { ...table, oneOf: [required(['command']), required(['webhook']), required(['mail'])] };
}

function describe(schema: Schema, description: string): Schema {
  return { description, ...schema };
}

/** A schema for each key of a table. */
function tableOf(shape: Shape): Record<string, Schema> {
  return Object.fromEntries(Object.entries(shape).map(([key, check]) => [key, keySchema(key, check)]));
}

function keySchema(key: string, check: z.ZodType): Schema {
  const { $schema: _draft, ...made } = z.toJSONSchema(check, {
    target: 'draft-7',
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema._zod.def.type === 'date') jsonSchema.type = 'string';
      // TOML has no null and no undefined: what a number may be besides, it may be here.
      for (const name of ['allowed', 'example', 'defaultText']) Reflect.deleteProperty(jsonSchema, name);
      // Defaults are what the core works with, such as milliseconds, not what would be written.
      Reflect.deleteProperty(jsonSchema, 'default');
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  }) as Schema;
  const allowed = allowedText(check);
  const description = `${check.description ?? ''}${allowed === undefined ? '' : `\n\nAllowed: ${allowed}.`}`;
  const schema = FREE.includes(key) ? made : spellInside(made);
  return { ...schema, description };
}

/** Both spellings of the keys of tables within a value. */
function spellInside(json: Schema): Schema {
  const inner = mapValues(json, (value) => spellAll(value));
  const { properties } = inner;
  if (!isObject(properties)) return inner;
  const { required: names, ...rest } = inner;
  const spelled = Object.entries(properties).flatMap(([key, schema]): [string, Json][] =>
    key.includes('-') ? [[`^${spellingOf(key)}$`, schema]] : [],
  );
  return {
    ...rest,
    ...(spelled.length === 0 ? {} : { patternProperties: Object.fromEntries(spelled) }),
    ...(Array.isArray(names) ? required(names.map(String)) : {}),
  };
}

function spellAll(value: Json): Json {
  if (isList(value)) return value.map(spellAll);
  return isObject(value) ? spellInside(value) : value;
}

/**
 * A strict table. Editors complete the kebab-case keys; the snake_case ones are only accepted.
 *
 * @param place - where this schema will stand in the whole, a JSON pointer
 */
function withSpellings(place: string, keys: Record<string, Schema>, needed: readonly string[] = []): Schema {
  const spelled = Object.keys(keys)
    .filter((key) => key.includes('-'))
    .map((key) => [`^${spellingOf(key)}$`, { $ref: `${place}/properties/${key}` }]);
  return {
    type: 'object',
    properties: keys,
    ...(spelled.length === 0 ? {} : { patternProperties: Object.fromEntries(spelled) as Schema }),
    additionalProperties: false,
    ...required(needed),
  };
}

const spellingOf = (key: string): string => key.replaceAll('-', '_');

/** Each key in either of its spellings. */
function required(keys: readonly string[]): Schema {
  const plain = keys.filter((key) => !key.includes('-'));
  const both = keys
    .filter((key) => key.includes('-'))
    .map((key) => ({ anyOf: [{ required: [key] }, { required: [spellingOf(key)] }] }));
  return {
    ...(plain.length === 0 ? {} : { required: plain }),
    ...(both.length === 0 ? {} : { allOf: both }),
  };
}

function mapValues(object: Schema, change: (value: Json) => Json): Record<string, Json> {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));
}

const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);

function isObject(value: Json | undefined): value is Schema {
  return typeof value === 'object' && value !== null && !isList(value);
}
