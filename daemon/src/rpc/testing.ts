/** What the tests of this folder share: a private folder, harmless handlers, and a client that speaks raw bytes. */

import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ActResult, UpdateResult } from '@procman/protocol/views';
import type { Handlers } from './dispatch.ts';

/** A folder that `remove` takes away again. */
export function privateFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'procman-rpc-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

const noTargets: ActResult = { results: [] };
const noChange: UpdateResult = {
  ok: true,
  applied: false,
  hash: 'h',
  added: [],
  removed: [],
  restarted: [],
  stale: [],
  changed: [],
  unchanged: [],
  actions: [],
  daemon: [],
  problems: [],
};

export function harmlessHandlers(overrides: Partial<Handlers> = {}): Handlers {
  const daemon = { pid: 1, version: 'v', uid: 'u', startedAt: 't', configPath: '/c', configLoadedAt: 't', adopted: 0 };
  return {
    ping: () => ({ pid: process.pid, version: 'v', uid: 'u' }),
    version: () => ({ version: 'v', protocol: 1 }),
    status: () => ({ daemon, processes: [] }),
    explain: () => ({ processes: [] }),
    events: () => ({ events: [], more: false }),
    subscribe: () => ({ seq: 0 }),
    timeline: () => ({ from: 't', to: 't', entries: [], truncated: false }),
    start: () => noTargets,
    stop: () => noTargets,
    restart: () => noTargets,
    unblock: () => noTargets,
    signal: () => noTargets,
    plan: () => noChange,
    update: () => noChange,
    metrics: () => ({ contentType: 'text/plain', text: '' }),
    logs: () => ({ name: 'a', stream: 'stdout', path: null, lines: [], truncated: false }),
    'notify-test': () => ({ ok: true, results: [] }),
    shutdown: () => ({ ok: true, results: [] }),
    ...overrides,
  };
}

interface Reply {
  readonly id?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
  readonly method?: string;
  readonly params?: unknown;
}

/** A client that sends what it is told, right or wrong. */
export class RawClient {
  readonly socket: Socket;
  text = '';
  /** The last that came was the end of a line. (Asking `text` would join all its pieces each time.) */
  isAtLineEnd = false;
  #wake: (() => void) | undefined;

  static async connect(path: string): Promise<RawClient> {
    const client = new RawClient(connect({ path, allowHalfOpen: true }));
    await client.until(() => !client.socket.connecting);
    return client;
  }

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      this.text += chunk;
      this.isAtLineEnd = chunk.endsWith('\n');
    });
    socket.on('error', () => undefined);
    for (const event of ['data', 'end', 'error', 'close', 'connect']) socket.on(event, () => this.#wake?.());
  }

  /** All complete lines so far, parsed. */
  get replies(): (Reply & Reply[])[] {
    return this.text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Reply & Reply[]);
  }

  /** The server has closed its side. */
  get isEnded(): boolean {
    return this.socket.readableEnded || this.socket.destroyed;
  }

  send(...messages: unknown[]): void {
    this.sendText(messages.map((message) => `${JSON.stringify(message)}\n`).join(''));
  }

  sendText(text: string | Buffer): void {
    this.socket.write(text);
  }

  /** A request, and the reply with its id. */
  async ask(id: number | string, method: string, params?: unknown): Promise<Reply> {
    this.send({ jsonrpc: '2.0', id, method, params });
    await this.until(() => this.replies.some((reply) => reply.id === id));
    return this.replies.find((reply) => reply.id === id) ?? {};
  }

  async until(condition: () => boolean, milliseconds = 10_000): Promise<void> {
    const deadline = performance.now() + milliseconds;
    while (!condition()) {
      if (performance.now() > deadline) throw new Error(`waited in vain; got ${this.text.slice(0, 500)}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 20);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}
