/** What is remembered over the daemon's end. Monotonic times do not outlive it, so they are kept as wall times. */
import { isObject } from '../is-object.ts';
import type { MonotonicTime, Now, WallTime } from '../model.ts';
import { noticeKinds, type NotifyState, type Trouble, type TroubleKind } from './model.ts';
import { MOST_TROUBLES } from './sight.ts';

export interface SavedTrouble {
  readonly key: string;
  readonly name?: string;
  readonly id?: string;
  readonly kind: TroubleKind;
  readonly text: string;
  readonly wellText?: string;
  readonly untold: number;
  readonly isOn: boolean;
  readonly relapses: number;
  readonly since: WallTime;
  readonly told?: WallTime;
  readonly wellSince?: WallTime;
  readonly closed?: WallTime;
}

export interface SavedState {
  readonly troubles: readonly SavedTrouble[];
  readonly sent: readonly WallTime[];
  readonly left: number;
  readonly undelivered: number;
}

export function saved({ troubles, sent, left, undelivered }: NotifyState, now: Now): SavedState {
  const wall = (at: MonotonicTime): WallTime => Math.round(now.wall - (now.mono - at));
  return { troubles: troubles.map((trouble) => savedTrouble(trouble, wall)), sent: sent.map(wall), left, undelivered };
}

function savedTrouble(trouble: Trouble, wall: (at: MonotonicTime) => WallTime): SavedTrouble {
  const { subject, since, told, wellSince, closed, ...plain } = trouble;
  return {
    ...subject,
    ...plain,
    since: wall(since),
    ...(told === undefined ? {} : { told: wall(told) }),
    ...(wellSince === undefined ? {} : { wellSince: wall(wellSince) }),
    ...(closed === undefined ? {} : { closed: wall(closed) }),
  };
}

/** undefined: it is nothing of the kind. A clock that was set back makes nothing lie in the future. */
export function restored(value: unknown, now: Now): NotifyState | undefined {
  if (!isObject(value) || !Array.isArray(value['troubles']) || !Array.isArray(value['sent'])) return undefined;
  const mono = (at: number): MonotonicTime => now.mono - Math.max(0, now.wall - at);
  const troubles = value['troubles'].slice(0, MOST_TROUBLES).map((trouble) => restoredTrouble(trouble, mono));
  const sent = value['sent'];
  if (!sent.every(isNumber) || troubles.includes(undefined)) return undefined;
  return {
    troubles: troubles.filter((trouble) => trouble !== undefined),
    sent: sent.map(mono),
    left: countOf(value['left']),
    undelivered: countOf(value['undelivered']),
    notBefore: -Infinity,
  };
}

function restoredTrouble(value: unknown, mono: (at: number) => MonotonicTime): Trouble | undefined {
  if (!isObject(value)) return undefined;
  const { key, name, id, kind, text, wellText, since, told, wellSince, closed } = value;
  if (typeof key !== 'string' || typeof text !== 'string' || !isNumber(since) || !isTroubleKind(kind)) return undefined;
  return {
    subject: {
      key,
      ...(typeof name === 'string' ? { name } : {}),
      ...(typeof id === 'string' ? { id } : {}),
    },
    kind,
    text,
    ...(typeof wellText === 'string' ? { wellText } : {}),
    since: mono(since),
    untold: countOf(value['untold']),
    isOn: value['isOn'] === true,
    relapses: countOf(value['relapses']),
    ...(isNumber(told) ? { told: mono(told) } : {}),
    ...(isNumber(wellSince) ? { wellSince: mono(wellSince) } : {}),
    ...(isNumber(closed) ? { closed: mono(closed) } : {}),
  };
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
const countOf = (value: unknown): number => (isNumber(value) && value > 0 ? Math.floor(value) : 0);
const isTroubleKind = (value: unknown): value is TroubleKind =>
  value !== 'recovered' && noticeKinds.some((kind) => kind === value);
