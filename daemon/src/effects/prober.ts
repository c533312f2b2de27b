/** Asks services over the network whether they are well. Checks by command go through a launcher instead. */

import type { ClientRequest, IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Milliseconds, Probe } from '../core/model.ts';

export type HttpProbe = Extract<Probe, { readonly kind: 'http' }>;
export type TcpProbe = Extract<Probe, { readonly kind: 'tcp' }>;

export interface ProbeResult {
  readonly ok: boolean;
  /** In a few words: `HTTP 503 Service Unavailable`, `connect ECONNREFUSED 127.0.0.1:80`. Never the URL, which may hold a password. */
  readonly text: string;
  /** The first of what an http server said, where it said something. */
  readonly output?: string;
}

export interface Prober {
  /**
   * Asks once. `done` is called exactly once, in a later turn of the event loop, unless it is cancelled; it never throws.
   *
   * @param id - one that is under way under this id is cancelled
   * @param timeoutMs - from now to the end of the answer
   */
  start(id: string, probe: HttpProbe | TcpProbe, timeoutMs: Milliseconds, done: (result: ProbeResult) => void): void;
  /** Nothing happens where there is none under way. */
  cancel(id: string): void;
}

/** How much of an answer is read, in bytes; what comes after it does not matter. */
const ANSWER_LIMIT = 4096;
/** Node's timers hold no more. */
const LONGEST_TIMER = 2 ** 31 - 1;

export class NodeProber implements Prober {
  /** How to break off what is under way. */
  readonly #underWay = new Map<string, () => void>();

  start(id: string, probe: HttpProbe | TcpProbe, timeoutMs: Milliseconds, done: (result: ProbeResult) => void): void {
    this.cancel(id);
    const controller = new AbortController();
    const settle = (result: ProbeResult): void => {
      if (this.#underWay.get(id) !== breakOff) return;
      this.cancel(id);
      done(result);
    };
    const late = { ok: false, text: `no complete answer within ${timeoutMs / 1000} s` };
    const timer = setTimeout(() => settle(late), Math.min(timeoutMs, LONGEST_TIMER));
    const breakOff = (): void => {
      clearTimeout(timer);
      controller.abort();
    };
    this.#underWay.set(id, breakOff);
    ask(probe, controller.signal).then(settle, (error: unknown) => settle({ ok: false, text: textOf(error) }));
  }

  cancel(id: string): void {
    const breakOff = this.#underWay.get(id);
    this.#underWay.delete(id);
    breakOff?.();
  }
}

function ask(probe: HttpProbe | TcpProbe, signal: AbortSignal): Promise<ProbeResult> {
  return probe.kind === 'http' ? askHttp(probe.url, signal) : askTcp(probe, signal);
}

/**
 * A GET on a connection of its own. Certificates are not checked, as Kubernetes does it for its probes: it is asked whether
 * the service answers, mostly under a name (`localhost`) that no certificate has.
 */
async function askHttp(url: string, signal: AbortSignal): Promise<ProbeResult> {
  const { protocol } = new URL(url);
  // Loaded by the first probe that needs it: it costs memory.
  const { request } = protocol === 'https:' ? await import('node:https') : await import('node:http');
  return new Promise((resolve, reject) => {
    const headers = { 'user-agent': 'procman', accept: '*/*' };
    // `agent: false`: neither kept alive, nor through the proxy of a changed global agent.
    // After `101 Switching Protocols` there is neither an answer nor an error.
    const unanswered = (): void => reject(new Error('the connection was closed without an answer'));
    const asked: ClientRequest = request(
      url,
      { agent: false, rejectUnauthorized: false, headers, signal },
      (answer) => {
        asked.off('close', unanswered);
        readAnswer(answer, () => asked.destroy()).then(resolve, reject);
      },
    );
    asked.on('error', reject);
    asked.on('close', unanswered);
    asked.end();
  });
}

/** The whole answer, or the first of it: an endless one that is good is good. */
function readAnswer(answer: IncomingMessage, breakOff: () => void): Promise<ProbeResult> {
  const { statusCode = 0, statusMessage = '' } = answer;
  const chunks: Buffer[] = [];
  let length = 0;
  return new Promise((resolve, reject) => {
    const finish = (): void => {
      const output = Buffer.concat(chunks).subarray(0, ANSWER_LIMIT).toString();
      const text = `HTTP ${statusCode} ${statusMessage}`.trimEnd();
      resolve({ ok: statusCode >= 200 && statusCode < 400, text, ...(output === '' ? {} : { output }) });
    };
    answer.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length < ANSWER_LIMIT) return;
      finish();
      breakOff();
    });
    answer.on('end', finish);
    answer.on('error', reject);
  });
}

async function askTcp({ host, port }: TcpProbe, signal: AbortSignal): Promise<ProbeResult> {
  let socket: Socket | undefined;
  try {
    return await new Promise((resolve, reject) => {
      const opened = (socket = connect({ host, port, signal }));
      opened.on('error', reject);
      opened.on('connect', () =>
        resolve(
          isLoop(opened)
            ? { ok: false, text: `nobody listens on port ${port}` }
            : { ok: true, text: `connected to port ${port}` },
        ),
      );
    });
  } finally {
    socket?.destroy();
  }
}

/**
 * Connected to itself: with nobody listening on a port of the range for outgoing connections, the kernel may choose that
 * very port for this end, and TCP makes a connection of the two.
 */
export function isLoop({ localAddress, localPort, remoteAddress, remotePort }: Socket): boolean {
  return localPort === remotePort && localAddress === remoteAddress;
}

/** Of several addresses each has failed for a cause of its own, and the error as a whole says nothing. */
function textOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(textOf).join(', ');
  return error instanceof Error ? error.message : String(error);
}
