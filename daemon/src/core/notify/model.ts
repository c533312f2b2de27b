/** `[[notify]]`: who is told of what, and what is remembered of it. */
import type { Milliseconds, MonotonicTime } from '../model.ts';

/** What a notice may be about, as `on` has it. */
export const noticeKinds = [
  'fatal',
  'blocked',
  'unhealthy',
  'exited',
  'backoff',
  'one-shot-failed',
  'missed',
  'version-failed',
  'problem',
  'recovered',
  'reload-failed',
  'daemon-restarted',
] as const;
export type NoticeKind = (typeof noticeKinds)[number];
export type TroubleKind = Exclude<NoticeKind, 'recovered'>;

/** What `on` is where it is not given: all that stays wrong until somebody does something, and its end. */
export const DEFAULT_KINDS: readonly NoticeKind[] = noticeKinds.filter(
  (kind) => kind !== 'backoff' && kind !== 'problem',
);

/** When it tells of what. */
export interface NotifyRule {
  readonly name: string;
  readonly on: readonly NoticeKind[];
  /** Selectors. What is about the daemon or the configuration is told whatever they are. */
  readonly processes: readonly string[];
  /** What comes within it after the first news goes into the same message. */
  readonly groupInterval: Milliseconds;
  /** What happens again within it, after it was told, is only counted until it is over. */
  readonly repeatInterval: Milliseconds;
  /** It counts as recovered once it has been well for so long; twice as long after each relapse. */
  readonly recoveredAfter: Milliseconds;
  /** Messages within any hour. */
  readonly maxPerHour: number;
}

/** Read when it is needed, so that it is nowhere else. */
export type Secret = { readonly kind: 'env'; readonly name: string } | { readonly kind: 'file'; readonly path: string };

export interface Smtp {
  readonly host: string;
  readonly port: number;
  /** `auto`: encrypted where the server offers it, and always where a password is sent to another machine. */
  readonly tls: 'auto' | 'required' | 'implicit' | 'off';
  readonly user?: string;
  readonly password?: Secret;
  /** Absolute: a file with the authorities that are trusted, in place of those that Node trusts. */
  readonly caFile?: string;
}

/** How it is told. */
export type Delivery =
  | { readonly kind: 'command'; readonly line: string }
  | {
      readonly kind: 'webhook';
      readonly url: { readonly kind: 'text'; readonly text: string } | Secret;
      /** Sent as `Authorization: Bearer`. */
      readonly token?: Secret;
      /** As that of `Smtp`. */
      readonly caFile?: string;
    }
  | {
      readonly kind: 'mail';
      readonly to: readonly string[];
      readonly from?: string;
      /** A mail server, or the path of a program like sendmail(8). */
      readonly through: Smtp | { readonly sendmail: string };
    };

/** One `[[notify]]` table. */
export interface Notify extends NotifyRule {
  readonly delivery: Delivery;
  /** Of one try. */
  readonly timeout: Milliseconds;
  /** Further tries after a failed one. */
  readonly retries: number;
}

/** What a notice is about: an instance, or one of the two that are none. */
export interface NoticeSubject {
  /** Of the instance; `configuration` or `daemon` else: no instance has such a key. */
  readonly key: string;
  /** As it is called now; absent where it is no instance. */
  readonly name?: string;
  readonly id?: string;
}

export const CONFIGURATION: NoticeSubject = { key: 'configuration' };
export const DAEMON: NoticeSubject = { key: 'daemon' };

/** How a subject was found. */
export interface Sighting {
  readonly subject: NoticeSubject;
  /** What is wrong, the most telling first; none: it is well. */
  readonly kinds: readonly TroubleKind[];
  /** For people, without the name: `FATAL (exit: exited with code 3)`. */
  readonly text: string;
  /** It has happened, and was not only found so: where it is known already it is counted. */
  readonly isNews: boolean;
}

/** Something wrong with a subject, from when it began until some time after it is over. */
export interface Trouble {
  readonly subject: NoticeSubject;
  readonly kind: TroubleKind;
  readonly since: MonotonicTime;
  readonly text: string;
  /** How often it came since it was told last. */
  readonly untold: number;
  /** It is so now. */
  readonly isOn: boolean;
  readonly told?: MonotonicTime;
  /** It is over since then, for now. */
  readonly wellSince?: MonotonicTime;
  /** As `text`, of then. */
  readonly wellText?: string;
  /** How often it came back soon after it had been over. */
  readonly relapses: number;
  /** That it is over has been told, or need not be. */
  readonly closed?: MonotonicTime;
}

/** What is remembered of one `[[notify]]`. */
export interface NotifyState {
  readonly troubles: readonly Trouble[];
  /** When messages went off within the last hour, oldest first. */
  readonly sent: readonly MonotonicTime[];
  /** Troubles that there was no room for. */
  readonly left: number;
  /** Messages that could not be delivered since the last one that was. */
  readonly undelivered: number;
  /** Nothing goes off before. */
  readonly notBefore: MonotonicTime;
  /** On its way: nothing else goes off. */
  readonly underWay?: readonly Notice[];
}

/** One line of a message. */
export interface Notice {
  readonly subject: NoticeSubject;
  readonly kind: NoticeKind;
  /** Of a recovery: what it has recovered from. */
  readonly from?: TroubleKind;
  readonly since: MonotonicTime;
  readonly text: string;
  /** How often, since it was told last; 0: nothing new, but that it is over. */
  readonly count: number;
  /** It was told before. */
  readonly isAgain: boolean;
  /** It is over, for now. */
  readonly isOver: boolean;
}
