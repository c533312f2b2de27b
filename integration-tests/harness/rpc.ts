/** A JSON-RPC client of its own, so that the product's client is not its own judge. */
import { createConnection } from 'node:net';
import { LIMIT_MS } from './wait.ts';

export class RpcError extends Error {
  readonly code: number;
  readonly data: unknown;

  constructor(error: { code: number; message: string; data?: unknown }) {
    super(`${error.code} ${error.message}: ${JSON.stringify(error.data)}`);
    this.code = error.code;
    this.data = error.data;
  }
}

/** One call on a connection of its own. */
export function rpcCall<T>(socketPath: string, method: string, params: object = {}): Promise<T> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(socketPath);
    let text = '';
    socket.setEncoding('utf8').setTimeout(2 * LIMIT_MS, () => socket.destroy(new Error(`${method}: no answer`)));
    socket.on('connect', () => socket.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })}\n`));
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`${method}: the connection was closed`)));
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (!text.includes('\n')) return;
      const answer = JSON.parse(text.slice(0, text.indexOf('\n'))) as {
        result?: T;
        error?: { code: number; message: string };
      };
      if (answer.error) reject(new RpcError(answer.error));
      else resolve(answer.result as T);
      socket.destroy();
    });
  });
}
