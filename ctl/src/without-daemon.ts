/** What a command gets in place of a connection where no daemon can be reached and files may answer. */
import type { Answer, Method, Params } from '@procman/protocol/contract';
import { clientExit } from '@procman/protocol/exit-codes';
import { RpcFailure } from '@procman/protocol/errors';
import type { Connection, Notice } from './client.ts';
import type { Reached } from './context.ts';
import { Failure } from './failure.ts';
import type { Surroundings, Wish } from './find-daemon.ts';
import type { Io } from './io.ts';
import type { Look, Source } from './unsupervised.ts';

/** A daemon that was seen alive listens within this time, in milliseconds. */
const LISTENS_WITHIN = 2_000;
const LOOK_AGAIN = 50;

export interface Attempt {
  readonly io: Io;
  readonly wish: Wish;
  readonly surroundings: Surroundings;
  /** Why there is no connection. */
  readonly failure: Failure;
  /** Tries to reach the daemon once more. */
  readonly again: () => Promise<Connection | Failure>;
  /** Says so on standard output, and what else people should know on standard error. */
  readonly tell: boolean;
}

/** @throws Failure where files cannot answer either */
export async function withoutDaemon(attempt: Attempt): Promise<Reached> {
  const { io, wish, surroundings } = attempt;
  const unsupervised = await io.unsupervised();
  for (const until = Date.now() + LISTENS_WITHIN; ;) {
    const look = unsupervised.look(wish, surroundings, io.now());
    if (look.kind === 'found')
      return { connection: told(look, attempt), isUnsupervised: true, headline: look.headline };
    if (look.kind !== 'alive' || Date.now() > until) throw failureOf(look, attempt.failure);
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN));
    const connection = await attempt.again();
    if (!(connection instanceof Failure)) return { connection, isUnsupervised: false };
  }
}

function told({ source, headline, notes }: Extract<Look, { kind: 'found' }>, { io, tell }: Attempt): Connection {
  if (tell) {
    io.out(`${headline}\n`);
    for (const note of notes) io.err(`procmanctl: ${note}\n`);
  }
  return connectionOf(source);
}

function connectionOf(source: Source): Connection {
  return {
    call: async <M extends Method, const P extends Params<M>>(method: M, params: P) => {
      const reply = await source.answer(method, params);
      if ('error' in reply) throw RpcFailure.fromWire(reply.error);
      return reply.result as Answer<M, P>;
    },
    onNotification: (listener: (notice: Notice) => void) => source.onNotification(listener),
    // What is not there cannot go away.
    onClose: () => undefined,
    close: () => source.close(),
  };
}

function failureOf({ message: more }: Exclude<Look, { kind: 'found' }>, { message, code, cause }: Failure): Failure {
  return new Failure(`${message}\n${more}`, { exitCode: clientExit.unreachable, code, cause });
}
