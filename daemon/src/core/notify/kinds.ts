/** What is wrong with an instance, in the words of `on`. */
import type { View } from '../describe.ts';
import { causeOf } from '../happenings.ts';
import type { TroubleKind } from './model.ts';

/** The most telling first; none: nothing is wrong. undefined: on its way, so that what was said last stands. */
export function troublesOf(
  { state, reason, verdict }: Pick<View, 'state' | 'reason' | 'verdict'>,
  isOneShot: boolean,
): readonly TroubleKind[] | undefined {
  if (verdict === 'pending') return undefined;
  if (verdict === 'ok') return [];
  const kind = kindOf(state, reason.code, isOneShot);
  return kind === undefined ? ['problem'] : [kind, 'problem'];
}

function kindOf(state: View['state'], code: View['reason']['code'], isOneShot: boolean): TroubleKind | undefined {
  if (state === 'FATAL') return 'fatal';
  if (state === 'BLOCKED') return 'blocked';
  if (state === 'BACKOFF') return 'backoff';
  if (code === 'version-failed') return 'version-failed';
  if (state === 'EXITED' && isOneShot) return 'one-shot-failed';
  if (code === 'health-check') return 'unhealthy';
  if (state === 'EXITED') return 'exited';
  return code === 'missed' ? 'missed' : undefined;
}

export const textOfView = ({ state, reason }: Pick<View, 'state' | 'reason'>): string =>
  `${state} (${causeOf(reason)})`;
