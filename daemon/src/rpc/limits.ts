/** What one client may take (SPEC 10): bad input of any kind gets an error or is dropped, and never disturbs supervision. */

import { maxLineBytes } from '@procman/protocol/framing';

export interface Limits {
  /** Clients at once; one more gets `busy` and is closed. */
  readonly connections: number;
  /** Clients above that which are told so; more are closed without a word. */
  readonly refusals: number;
  /** Calls under way per connection. */
  readonly callsInFlight: number;
  /** How long a call above that waits for a free place before `busy`: a client that sends many short calls at once is no nuisance. */
  readonly busyAfterMs: number;
  /** One request line. */
  readonly lineBytes: number;
  /** A client that still has this much to read when something is to be written is dropped. */
  readonly bufferedBytes: number;
  /** With this much unsent to all clients together, one with a 64th of `bufferedBytes` is dropped already. */
  readonly bufferedBytesOfAll: number;
  /** Silence in the middle of a line, then the client is dropped. */
  readonly incompleteLineMs: number;
  /** How long a refused client may go on sending, unread: closed at once it would see a reset and not the error. */
  readonly lingerMs: number;
  /** How often a client that has sent all is asked whether it still listens. */
  readonly probeMs: number;
  /** Bound on `close()`. */
  readonly closeMs: number;
}

export const defaultLimits: Limits = {
  connections: 128,
  refusals: 1024,
  callsInFlight: 64,
  busyAfterMs: 1000,
  lineBytes: maxLineBytes,
  bufferedBytes: 8 * 1024 * 1024,
  bufferedBytesOfAll: 32 * 1024 * 1024,
  incompleteLineMs: 30_000,
  lingerMs: 2000,
  probeMs: 250,
  closeMs: 2000,
};

export type Log = (level: 'warning' | 'info' | 'debug', text: string) => void;
