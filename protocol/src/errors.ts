/** The errors of the protocol (SPEC 10): JSON-RPC's own and procman's, each with a name and typed data. */

export interface InvalidParamsIssue {
  /** Dotted path of the field: `names.0`; empty for the params as a whole. */
  readonly path: string;
  readonly message: string;
}

/** A given name that matches nothing, and what was perhaps meant. */
export interface UnknownName {
  readonly given: string;
  /** Nearest first. */
  readonly nearest: readonly string[];
}

/** Data of each error, by its name. */
export interface ErrorData {
  'parse-error': Record<string, never>;
  'invalid-request': Record<string, never>;
  'method-not-found': { readonly method: string };
  'invalid-params': { readonly issues: readonly InvalidParamsIssue[] };
  'internal-error': Record<string, never>;
  /** `what`: of what kind the names are; without it of processes, instances or groups. */
  'unknown-name': { readonly names: readonly UnknownName[]; readonly what?: 'notify' };
  /** `update { hash }`: the world has moved since the plan. */
  'plan-changed': { readonly given: string; readonly current: string };
  'shutting-down': Record<string, never>;
  'read-only-socket': { readonly method: string };
  /** The connection is closed after it. */
  'too-large': { readonly limitBytes: number };
  /** The connection is closed after it. */
  busy: { readonly limit: number };
  unavailable: { readonly what: 'events' | 'log'; readonly why: string };
}
export type ErrorName = keyof ErrorData;

export const errorCodes = {
  'parse-error': -32700,
  'invalid-request': -32600,
  'method-not-found': -32601,
  'invalid-params': -32602,
  'internal-error': -32603,
  'unknown-name': -32001,
  'plan-changed': -32002,
  'shutting-down': -32003,
  'read-only-socket': -32004,
  'too-large': -32005,
  busy: -32006,
  unavailable: -32007,
} as const satisfies Record<ErrorName, number>;
export type ErrorCode = (typeof errorCodes)[ErrorName];

/** The name of an error code; `undefined` for codes of other daemons. */
export function errorName(code: number): ErrorName | undefined {
  return (Object.keys(errorCodes) as ErrorName[]).find((name) => errorCodes[name] === code);
}

/** An error as it stands in a reply. */
export interface WireError {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

/**
 * A call that failed in a way the protocol knows. Handlers throw it, the client rejects with it. `name` tells which, and with
 * `isFailure` the data is typed.
 */
export class RpcFailure<N extends ErrorName = ErrorName> extends Error {
  override readonly name: N;
  readonly code: number;
  readonly data: ErrorData[N];

  constructor(name: N, message: string, data: ErrorData[N], code: number = errorCodes[name]) {
    super(message);
    this.name = name;
    this.code = code;
    this.data = data;
  }

  /** From a reply; an unknown code keeps its number and counts as an internal error. */
  static fromWire(error: WireError): RpcFailure {
    const data = (typeof error.data === 'object' && error.data !== null ? error.data : {}) as ErrorData[ErrorName];
    return new RpcFailure(errorName(error.code) ?? 'internal-error', error.message, data, error.code);
  }

  toWire(): WireError {
    return { code: this.code, message: this.message, data: this.data };
  }
}

/** Whether `error` is the failure of that name. */
export function isFailure<N extends ErrorName>(error: unknown, name: N): error is RpcFailure<N> {
  return error instanceof RpcFailure && error.name === name;
}
