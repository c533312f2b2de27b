/** The one shape of what goes wrong in the client: what to print, and how to exit. */
import { clientExit } from '@procman/protocol/exit-codes';
import { type ErrorData, RpcFailure, type UnknownName } from '@procman/protocol/errors';
import { ConnectionLost } from './client.ts';

export class Failure extends Error {
  override readonly name: string = 'Failure';
  readonly exitCode: number;
  /** The protocol's code, or a word of the client's own (`usage`, `no-daemon`). */
  readonly code: number | string;
  readonly data: unknown;

  constructor(message: string, details: { exitCode: number; code: number | string; data?: unknown; cause?: unknown }) {
    super(message, { cause: details.cause });
    this.exitCode = details.exitCode;
    this.code = details.code;
    this.data = details.data;
  }
}

/** What was typed makes no command. */
export class UsageError extends Failure {
  override readonly name = 'UsageError';

  constructor(message: string) {
    super(message, { exitCode: clientExit.usage, code: 'usage' });
  }
}

/** Ctrl-C while a command waited; the message says what goes on without us. */
export class Interrupted extends Failure {
  override readonly name = 'Interrupted';

  constructor(message: string) {
    super(message, { exitCode: 130, code: 'interrupted' });
  }
}

/** Any error as a Failure. */
export function toFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof RpcFailure) return fromRpc(error as RpcFailure);
  if (error instanceof ConnectionLost) return connectionLost(error);
  const message = error instanceof Error ? error.message : String(error);
  return new Failure(message, { exitCode: clientExit.failure, code: 'failure', cause: error });
}

function connectionLost(cause: ConnectionLost): Failure {
  return new Failure('the connection to the daemon was lost before it answered; "status" shows what has become of it', {
    exitCode: clientExit.unreachable,
    code: 'connection-lost',
    cause,
  });
}

const EXIT_OF_ERROR: Readonly<Partial<Record<string, number>>> = {
  'unknown-name': clientExit.unknownName,
  'invalid-params': clientExit.usage,
};

function fromRpc(error: RpcFailure): Failure {
  return new Failure(messageOf(error), {
    exitCode: EXIT_OF_ERROR[error.name] ?? clientExit.failure,
    code: error.code,
    data: error.data,
    cause: error,
  });
}

function messageOf(error: RpcFailure): string {
  const data = error.data as Partial<
    ErrorData['unknown-name'] & ErrorData['invalid-params'] & ErrorData['plan-changed']
  >;
  if (data.names) return data.names.map((name) => unknownName(name, data.what)).join('; ');
  if (data.given !== undefined) return planChanged(data.given, data.current ?? '');
  const issues = (data.issues ?? []).map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
  return issues.length > 0 ? issues.join('; ') : error.message;
}

function unknownName({ given, nearest }: UnknownName, what: ErrorData['unknown-name']['what']): string {
  const meant = nearest.length > 0 ? `; did you mean ${nearest.map((name) => `"${name}"`).join(' or ')}?` : '';
  return `no ${what === 'notify' ? '[[notify]]' : 'process'} is called "${given}"${meant}`;
}

function planChanged(given: string, current: string): string {
  const what = `the plan has changed: ${given} was asked for, now it is ${current}`;
  return `${what}; nothing was done. See "plan", then "update --plan ${current}" if it is right`;
}
