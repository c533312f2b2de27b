/** The OpenRPC document of `rpc.discover` (https://spec.open-rpc.org), generated from the contract. For the daemon only: it needs zod. */

import * as z from 'zod';
import { contract, notifications, type MethodContract } from './contract.ts';
import { errorCodes, type ErrorName } from './errors.ts';

type JsonSchema = Record<string, unknown>;

/** A named, typed value in an OpenRPC document. */
export interface ContentDescriptor {
  readonly name: string;
  readonly required: boolean;
  readonly schema: JsonSchema;
}

export interface MethodDocument {
  readonly name: string;
  readonly summary: string;
  readonly paramStructure: 'by-name';
  readonly params: readonly ContentDescriptor[];
  readonly result: ContentDescriptor;
  readonly errors: readonly { readonly code: number; readonly message: string }[];
}

export interface DiscoverDocument {
  readonly openrpc: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly methods: readonly MethodDocument[];
  /** Notifications that the daemon sends; OpenRPC has no word for them, so an extension. */
  readonly 'x-notifications': readonly {
    readonly name: string;
    readonly summary: string;
    readonly params: JsonSchema;
  }[];
}

/** Any call may get one of these. */
const commonErrors: readonly ErrorName[] = ['invalid-params', 'internal-error', 'busy', 'too-large'];

/** The document of a daemon of this version. */
export function discover(version: string): DiscoverDocument {
  return {
    openrpc: '1.3.2',
    info: { title: 'procman', version },
    methods: Object.entries<MethodContract>(contract).map(([name, entry]) => describeMethod(name, entry)),
    'x-notifications': Object.entries(notifications).map(([name, { summary, params }]) => ({
      name,
      summary,
      params: schemaOf(params),
    })),
  };
}

function describeMethod(name: string, entry: MethodContract): MethodDocument {
  return {
    name,
    summary: entry.summary,
    paramStructure: 'by-name',
    params: describeParams(schemaOf(entry.params)),
    result: { name: 'result', required: true, schema: schemaOf(entry.result) },
    errors: [...entry.errors, ...commonErrors].map((error) => ({ code: errorCodes[error], message: error })),
  };
}

function describeParams(schema: JsonSchema): ContentDescriptor[] {
  const required = (schema['required'] ?? []) as readonly string[];
  const properties = (schema['properties'] ?? {}) as Record<string, JsonSchema>;
  return Object.entries(properties).map(([name, property]) => ({
    name,
    required: required.includes(name),
    schema: property,
  }));
}

function schemaOf(schema: z.ZodType): JsonSchema {
  const described: JsonSchema = z.toJSONSchema(schema);
  return Object.fromEntries(Object.entries(described).filter(([key]) => key !== '$schema' && !key.startsWith('~')));
}
