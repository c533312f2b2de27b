/** What comes in, and what is to be done about it: all of both. */
import type { Event, Explanation, Resources, StatusResult, TargetResult, UpdateResult } from '@procman/protocol/views';
import type { DaemonChoice, Link, LogState, Size } from './state.ts';

/** A printable character, or the name of a key. */
export type Key = string;

export type Verb = 'start' | 'stop' | 'restart' | 'unblock';

export type Input =
  | { readonly kind: 'key'; readonly key: Key }
  | { readonly kind: 'resize'; readonly size: Size }
  /** A second has gone by. */
  | { readonly kind: 'tick' }
  | { readonly kind: 'link'; readonly link: Link }
  | { readonly kind: 'status'; readonly status: StatusResult }
  /** The daemon has answered something. */
  | { readonly kind: 'heard' }
  | { readonly kind: 'usage'; readonly usage: ReadonlyMap<string, Resources> }
  | { readonly kind: 'explained'; readonly name: string; readonly explanation: Explanation }
  | { readonly kind: 'events'; readonly name: string; readonly events: readonly Event[] }
  | { readonly kind: 'config'; readonly name: string; readonly lines: readonly string[] }
  /** The beginning of a log. */
  | {
      readonly kind: 'log';
      readonly name: string;
      readonly log: Pick<LogState, 'stream' | 'lines'> & { path: string | null };
    }
  | {
      readonly kind: 'log-more';
      readonly name: string;
      readonly stream: LogState['stream'];
      readonly lines: readonly string[];
    }
  | { readonly kind: 'log-failed'; readonly name: string; readonly message: string }
  | {
      readonly kind: 'acted';
      readonly verb: Verb;
      readonly results: readonly TargetResult[];
      readonly lines: readonly string[];
    }
  | { readonly kind: 'planned'; readonly plan: UpdateResult }
  | { readonly kind: 'updated'; readonly result: UpdateResult }
  | { readonly kind: 'timeline'; readonly lines: readonly string[] }
  | { readonly kind: 'daemons'; readonly choices: readonly DaemonChoice[] }
  /** What was asked for could not be had. */
  | { readonly kind: 'failed'; readonly effect: Effect; readonly message: string };

export type Effect =
  | { readonly kind: 'quit'; readonly code: number }
  | { readonly kind: 'suspend' }
  | { readonly kind: 'explain'; readonly name: string }
  | { readonly kind: 'events'; readonly name: string }
  | { readonly kind: 'config'; readonly name: string }
  /** Ends the following of another log, too. */
  | { readonly kind: 'follow'; readonly name: string; readonly stream: LogState['stream'] }
  | { readonly kind: 'unfollow' }
  | { readonly kind: 'act'; readonly verb: Verb; readonly names: readonly string[] }
  | { readonly kind: 'plan' }
  | { readonly kind: 'update'; readonly hash: string }
  | { readonly kind: 'timeline' }
  | { readonly kind: 'daemons' }
  | { readonly kind: 'switch'; readonly socket: string };
