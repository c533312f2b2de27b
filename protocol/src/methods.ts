/** The names of all methods, without their schemas: the client must not pay for zod. `contract.ts` is checked against it. */

export const methodNames = [
  'ping',
  'version',
  'status',
  'explain',
  'timeline',
  'events',
  'subscribe',
  'start',
  'stop',
  'restart',
  'unblock',
  'signal',
  'plan',
  'update',
  'logs',
  'metrics',
  'notify-test',
  'shutdown',
  'rpc.discover',
] as const;

export type Method = (typeof methodNames)[number];

/** Version of the protocol, as `version` tells it: raised when an older client would no longer understand. */
export const protocolVersion = 1;
