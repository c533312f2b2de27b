/** What both sides share, free of zod at run time: the schemas are in `contract.ts` and `discover.ts`, for the daemon. */

export type { Answer, MethodContract, Notification, NotificationParams, Params, Result } from './contract.ts';
export * from './errors.ts';
export * from './exit-codes.ts';
export * from './framing.ts';
export * from './methods.ts';
export * from './paths.ts';
export * from './signals.ts';
export type * from './views.ts';
export * from './vocabulary.ts';
