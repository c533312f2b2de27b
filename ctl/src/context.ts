/** What a command works with: the daemon, the output, and the way it was asked. */
import type { Answer, Method, Params } from '@procman/protocol/contract';
import { clientExit } from '@procman/protocol/exit-codes';
import { Client, type Connection } from './client.ts';
import type { Command } from './command.ts';
import { Failure, Interrupted } from './failure.ts';
import { findDaemon, type Surroundings, type Target, type Wish } from './find-daemon.ts';
import type { Io } from './io.ts';
import type { Style } from './render/style.ts';
import { withoutDaemon } from './without-daemon.ts';

export interface CommandContext {
  readonly io: Io;
  readonly style: Style;
  readonly json: boolean;
  readonly commands: readonly Command[];
  readonly surroundings: Surroundings;
  /** Calls the daemon, connecting first where needed. Ctrl-C ends the waiting with `onInterrupt` as the message. */
  readonly call: Call;
  readonly client: () => Promise<Connection>;
  /** Files have answered: no daemon could be reached. */
  readonly isUnsupervised: () => boolean;
  /** Prints the result itself with --json, else the text made of it. */
  readonly print: (result: unknown, text: () => string) => void;
  /** True at once without a terminal, with -y, or with --json: nobody is there to ask. */
  readonly confirm: (question: string) => Promise<boolean>;
  /** Whether there is somebody to ask. */
  readonly canAsk: boolean;
  readonly close: () => void;
  /** Which daemon was asked for. */
  readonly wish: () => Promise<Wish> | Wish;
  /** A connection of one's own, to that daemon or another; without a daemon its files answer. Rejects with `Failure`. */
  readonly reach: (wish: Wish) => Promise<Reached>;
}

/** What answers: a daemon, or the files of the last one. */
export interface Reached {
  readonly connection: Connection;
  readonly isUnsupervised: boolean;
  /** Since when there is no daemon, for people; only where there is none. */
  readonly headline?: string;
}

type Call = <M extends Method, const P extends Params<M>>(
  method: M,
  params: P,
  onInterrupt?: string,
) => Promise<Answer<M, P>>;

export interface ContextOptions {
  readonly io: Io;
  readonly style: Style;
  readonly json: boolean;
  readonly yes: boolean;
  readonly commands: readonly Command[];
  readonly surroundings: Surroundings;
  /** Whether files may answer where no daemon can be reached: not at all, without a word, or saying so. */
  readonly withoutDaemon: 'no' | 'quiet' | 'told';
  /** Which daemon was asked for; async because a configuration file may have to be loaded for its uid. */
  readonly wish: () => Promise<Wish> | Wish;
}

export function createContext(options: ContextOptions): CommandContext {
  const { io, json, style, commands, surroundings } = options;
  const canAsk = !options.yes && !json && io.stdinIsTerminal && io.stdoutIsTerminal;
  let client: Promise<Connection> | undefined;
  let isUnsupervised = false;
  const connected = (): Promise<Connection> => {
    client ??= open(options).then(
      (opened) => {
        ({ isUnsupervised } = opened);
        // The next call looks for the daemon anew: it may have been started again meanwhile.
        opened.connection.onClose(forget);
        return opened.connection;
      },
      (error: unknown) => {
        forget();
        throw error;
      },
    );
    return client;
  };
  const forget = (): void => {
    client = undefined;
  };
  return {
    io,
    style,
    json,
    commands,
    surroundings,
    canAsk,
    client: connected,
    isUnsupervised: () => isUnsupervised,
    call: async (method, params, onInterrupt) => {
      const open = await connected();
      return interruptible(io, open.call(method, params), onInterrupt);
    },
    print: (result, text) => io.out(json ? `${JSON.stringify(result)}\n` : text()),
    confirm: async (question) => !canAsk || (await io.interactive()).confirm(question),
    close: () => void client?.then((open) => open.close()).catch(() => undefined),
    wish: options.wish,
    reach: (wish) => reach({ ...options, withoutDaemon: 'quiet' }, wish),
  };
}

function withHint({ message, exitCode, code, cause }: Failure): Failure {
  const hint = '"status", "explain", "logs", "timeline" and "events" answer without one, from the files of the last';
  return new Failure(`${message}\n${hint}`, { exitCode, code, cause });
}

async function open(options: ContextOptions): Promise<Reached> {
  return reach(options, await options.wish());
}

async function reach(options: ContextOptions, wish: Wish): Promise<Reached> {
  const { io, surroundings } = options;
  const again = (): Promise<Connection | Failure> => connect(wish, surroundings);
  const connection = await again();
  if (!(connection instanceof Failure)) return { connection, isUnsupervised: false };
  // What may be there, but not for this user, is not to be called gone.
  if (connection.code !== 'no-daemon' || codeOf(connection.cause) === 'EACCES') throw connection;
  if (options.withoutDaemon === 'no') throw withHint(connection);
  const tell = options.withoutDaemon === 'told';
  return withoutDaemon({ io, wish, surroundings, failure: connection, again, tell });
}

async function connect(wish: Wish, surroundings: Surroundings): Promise<Connection | Failure> {
  let target: Target | undefined;
  try {
    target = findDaemon(wish, surroundings);
    return await Client.connect(target.socket);
  } catch (error) {
    if (error instanceof Failure) return error;
    if (target === undefined) throw error;
    return unreachable(target, error);
  }
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | undefined)?.code;
}

const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such socket',
  ECONNREFUSED: 'nobody listens on its socket',
  EACCES: 'its socket is not open to this user (see socket-mode and socket-group)',
  ENOTSOCK: 'that is no socket',
};

function unreachable(target: Target, error: unknown): Failure {
  const code = codeOf(error);
  const known = typeof code === 'string' ? WHY[code] : undefined;
  const why = known ?? (error instanceof Error ? error.message : String(error));
  const message =
    code === 'EACCES'
      ? `the daemon of ${named(target)} cannot be asked: ${why}`
      : `no daemon is running for ${named(target)}: ${why}; start one with "procmand run FILE"`;
  return new Failure(message, { exitCode: clientExit.unreachable, code: 'no-daemon', cause: error });
}

/** With its socket, said once. */
function named({ label, socket }: Target): string {
  return label.includes(socket) ? label : `${label} (${socket})`;
}

function interruptible<T>(io: Io, work: Promise<T>, message = 'interrupted'): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = io.onInterrupt(() => {
      stop();
      reject(new Interrupted(message));
    });
    work.then(resolve, reject).finally(stop);
  });
}
