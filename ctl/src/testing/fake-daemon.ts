/** A daemon for tests: canned answers over a real socket, and a record of what was asked. */
import { errorCodes, type ErrorName } from '@procman/protocol/errors';
import { frame, LineSplitter } from '@procman/protocol/framing';
import type { Method } from '@procman/protocol/methods';
import type { Row, StatusResult, TargetResult } from '@procman/protocol/views';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Asked {
  readonly method: Method;
  readonly params: Record<string, unknown>;
}

/** What a canned answer may do besides giving a result. */
export interface Caller {
  readonly notify: (method: string, params: unknown) => void;
  readonly hangUp: () => void;
}

export type Answer = (params: Record<string, unknown>, caller: Caller) => unknown;
export type Answers = Partial<Record<Method, Answer>>;

/** Thrown by an answer: an error of the protocol. */
export class FakeError extends Error {
  constructor(
    readonly error: ErrorName,
    message: string,
    readonly data: unknown,
  ) {
    super(message);
  }
}

/** Given by an answer: none ever comes. */
export const NO_ANSWER = Symbol('no answer');

export class FakeDaemon {
  readonly asked: Asked[] = [];
  readonly folder = mkdtempSync(join(tmpdir(), 'procmanctl-'));
  readonly socket = join(this.folder, 'fake.sock');
  readonly #server: Server;
  readonly #answers: Answers;
  readonly #connections = new Set<Socket>();

  private constructor(answers: Answers) {
    this.#answers = answers;
    this.#server = createServer((connection) => this.#serve(connection));
  }

  static start(answers: Answers): Promise<FakeDaemon> {
    const daemon = new FakeDaemon(answers);
    return new Promise((resolve) => daemon.#server.listen(daemon.socket, () => resolve(daemon)));
  }

  async stop(): Promise<void> {
    for (const connection of this.#connections) connection.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
    rmSync(this.folder, { recursive: true, force: true });
  }

  #serve(connection: Socket): void {
    const splitter = new LineSplitter();
    this.#connections.add(connection);
    connection.on('close', () => this.#connections.delete(connection));
    connection.on('error', () => undefined);
    connection.on('data', (chunk: Buffer) => {
      for (const line of splitter.push(chunk)) void this.#answer(connection, line);
    });
  }

  async #answer(connection: Socket, line: string): Promise<void> {
    const { id, method, params } = JSON.parse(line) as Asked & { id: number };
    this.asked.push({ method, params });
    const caller: Caller = {
      notify: (name, data) => void connection.write(frame({ jsonrpc: '2.0', method: name, params: data })),
      hangUp: () => connection.destroy(),
    };
    try {
      const result = await this.#answers[method]?.(params, caller);
      if (result !== NO_ANSWER) connection.write(frame({ jsonrpc: '2.0', id, result: result ?? {} }));
    } catch (error) {
      if (!(error instanceof FakeError)) throw error;
      const { message, data } = error;
      connection.write(frame({ jsonrpc: '2.0', id, error: { code: errorCodes[error.error], message, data } }));
    }
  }
}

/** A row that runs well, unless told. */
export function row(overrides: Partial<Row> & { name: string }): Row {
  const instance = overrides.name.split(':').at(-1) ?? overrides.name;
  return {
    id: instance,
    instance,
    num: 0,
    state: 'RUNNING',
    reason: { code: 'wanted', message: 'wanted' },
    expected: 'running',
    verdict: 'ok',
    since: '2026-03-01T08:00:00.000+00:00',
    restarts: 0,
    stale: false,
    held: false,
    ...overrides,
  };
}

export function running(name: string, pid: number, uptimeSeconds: number): Row {
  return row({ name, pid, uptimeSeconds });
}

export function statusOf(processes: readonly Row[]): StatusResult {
  return {
    daemon: {
      pid: 4000,
      version: '0.1.0',
      uid: 'test',
      startedAt: '2026-03-01T08:00:00.000+00:00',
      configPath: '/etc/procman.toml',
      configLoadedAt: '2026-03-01T08:00:00.000+00:00',
      adopted: 0,
    },
    processes,
  };
}

export function target(name: string, overrides: Partial<TargetResult> = {}): TargetResult {
  return {
    name,
    ok: true,
    code: 'done',
    message: '',
    state: 'RUNNING',
    reason: { code: 'operator', message: 'started by an operator' },
    ...overrides,
  };
}
