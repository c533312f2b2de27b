/** From one request to its reply: checks the request and its params, calls the handler, maps errors. Knows nothing of sockets. */

import { contract, type MethodContract, type Params, type Result } from '@procman/protocol/contract';
import { discover } from '@procman/protocol/discover';
import { errorCodes, RpcFailure, type InvalidParamsIssue } from '@procman/protocol/errors';
import { methodNames, type Method } from '@procman/protocol/methods';
import {
  createJSONRPCErrorResponse,
  JSONRPCServer,
  type JSONRPCErrorResponse,
  type JSONRPCID,
  type JSONRPCRequest,
  type JSONRPCResponse,
} from 'json-rpc-2.0';
import type * as z from 'zod';
import type { Log } from './limits.ts';

/** What a handler knows of its caller. */
export interface Call {
  /** Aborted when the client went away: whoever waits or follows for it may stop. */
  readonly closed: AbortSignal;
  /** Sends a notification; false when the client is gone. */
  notify(method: string, params: unknown): boolean;
  /** The client has read most of what was sent: whoever sends without end asks before it sends more. */
  hasRoom(): boolean;
}

/** One handler per method; it throws `RpcFailure` for what the protocol knows. */
export type Handlers = {
  [M in Exclude<Method, 'rpc.discover'>]: (params: Params<M>, call: Call) => Result<M> | Promise<Result<M>>;
};

export interface DispatcherOptions {
  readonly handlers: Handlers;
  readonly log: Log;
  /** Only what the monitor socket answers. */
  readonly monitor: boolean;
}

/** A million wrong entries make no reply of 100 MB. */
const shownIssues = 20;
const shownCharacters = 300;

export class Dispatcher {
  readonly #rpc: JSONRPCServer<Call>;
  readonly #log: Log;

  constructor(options: DispatcherOptions) {
    this.#log = options.log;
    this.#rpc = new JSONRPCServer<Call>({ errorListener: (_, error) => this.#logUnexpected(error) });
    this.#rpc.mapErrorToJSONRPCErrorResponse = failureResponse;
    this.#rpc.handleMethodNotFound = ({ id, method }) =>
      Promise.resolve(id === undefined ? null : notFound(id, method));
    for (const name of methodNames) this.#add(name, options);
  }

  /** The reply to one request of a line, as JSON text; `undefined` for a notification. Never rejects. */
  async answer(request: unknown, call: Call): Promise<string | undefined> {
    if (!isRequest(request)) return JSON.stringify(invalidRequest(request));
    try {
      const response = await this.#rpc.receive(request, call);
      return response === null ? undefined : textOf(response);
    } catch (error) {
      // Only a result that is no JSON comes here: the library has caught everything else.
      this.#logUnexpected(error);
      return request.id === undefined ? undefined : JSON.stringify(failureResponse(request.id, error));
    }
  }

  #add(name: Method, options: DispatcherOptions): void {
    const entry: MethodContract = contract[name];
    const handler = handlerOf(name, options.handlers);
    const refused = options.monitor && !entry.monitor;
    this.#rpc.addMethod(name, (params: unknown, call: Call) => {
      if (refused) throw new RpcFailure('read-only-socket', `this socket does not answer ${name}`, { method: name });
      return handler(checkedParams(entry, params), call);
    });
  }

  #logUnexpected(error: unknown): void {
    if (error instanceof RpcFailure) return;
    this.#log(
      'warning',
      `a request failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
  }
}

/** A large result that is always the same is made into text once: else whoever asks for it again and again keeps the daemon busy. */
class Document {
  readonly text: string;

  constructor(value: unknown) {
    this.text = JSON.stringify(value);
  }
}

function textOf(response: JSONRPCResponse): string {
  const result: unknown = response.result;
  if (!(result instanceof Document)) return JSON.stringify(response);
  return `${JSON.stringify({ ...response, result: undefined }).slice(0, -1)},"result":${result.text}}`;
}

type AnyHandler = (params: unknown, call: Call) => unknown;

function handlerOf(name: Method, handlers: Handlers): AnyHandler {
  if (name !== 'rpc.discover') return handlers[name] as AnyHandler;
  let document: Document | undefined;
  return () => (document ??= new Document(discover(process.env['PROCMAN_VERSION'] ?? 'unknown')));
}

/** @throws RpcFailure `invalid-params` */
export function checkedParams(entry: MethodContract, params: unknown): unknown {
  const parsed = entry.params.safeParse(params === undefined ? {} : params);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.slice(0, shownIssues).map(shownIssue);
  const [first] = issues;
  const where = first === undefined || first.path === '' ? '' : `${first.path}: `;
  throw new RpcFailure('invalid-params', `invalid params: ${where}${first?.message ?? ''}`, { issues });
}

function shownIssue(issue: z.core.$ZodIssue): InvalidParamsIssue {
  return { path: shortened(issue.path.map(String).join('.')), message: shortened(issue.message) };
}

function shortened(text: string): string {
  return text.length <= shownCharacters ? text : `${text.slice(0, shownCharacters)}...`;
}

/** Checked here, since the library takes ids of any type and stumbles over `null` in a batch. */
function isRequest(value: unknown): value is JSONRPCRequest {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { jsonrpc, method, id } = value as Record<string, unknown>;
  return jsonrpc === '2.0' && typeof method === 'string' && (id === undefined || isId(id));
}

function isId(value: unknown): value is JSONRPCID {
  return typeof value === 'string' || Number.isFinite(value) || value === null;
}

/** The id to reply to; null where none can be made out. */
export function idOf(request: unknown): JSONRPCID {
  const id: unknown = typeof request === 'object' && request !== null && 'id' in request ? request.id : null;
  return isId(id) ? id : null;
}

export function invalidRequest(request: unknown): JSONRPCErrorResponse {
  return failureResponse(idOf(request), new RpcFailure('invalid-request', 'this is no JSON-RPC 2.0 request', {}));
}

function notFound(id: JSONRPCID, method: string): JSONRPCErrorResponse {
  const named = shortened(method);
  return failureResponse(id, new RpcFailure('method-not-found', `there is no method ${named}`, { method: named }));
}

/** What the protocol does not know goes out as an internal error, never with its own text: that may tell anything. */
export function failureResponse(id: JSONRPCID, error: unknown): JSONRPCErrorResponse {
  if (!(error instanceof RpcFailure))
    return createJSONRPCErrorResponse(id, errorCodes['internal-error'], 'internal error; see the log of the daemon');
  return createJSONRPCErrorResponse(id, error.code, error.message, error.data);
}
