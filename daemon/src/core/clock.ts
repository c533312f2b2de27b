/** A clock that is not to be trusted yet stops nothing (SPEC 3). */
import type { ClockGuard, Milliseconds, MonotonicTime, Now, Run, StopCause, WallTime } from './model.ts';

/** A jump of the wall clock over this length is one to be wary of. */
export const CLOCK_JUMP = 60_000;
/** Set back by more than this, a clock is corrected, and not only measured badly. */
const STEP_BACK = 100;
/** Set forward by more than this, times before it say nothing of how long ago they were. */
const STEP_FORWARD = 1_000;
/** So long has a new time to hold before it stops anything. */
export const SETTLES_AFTER = 30_000;

/** What the clock alone brings about. */
const BY_CLOCK: ReadonlySet<StopCause> = new Set<StopCause>(['schedule', 'new-version', 'not-yet-applied', 'fake']);

export function isGuarded({ behindUntil, settlesAt }: ClockGuard, now: Now): boolean {
  return (behindUntil !== undefined && now.wall < behindUntil) || (settlesAt !== undefined && now.mono < settlesAt);
}

/** Whether a stop for this cause has to wait. */
export function isHeldBack(cause: StopCause, guard: ClockGuard, now: Now): boolean {
  return BY_CLOCK.has(cause) && isGuarded(guard, now);
}

/** After a jump of the wall clock: the new time has to hold for a while. */
export function afterJump(guard: ClockGuard, now: Now): ClockGuard {
  return { ...guard, settlesAt: now.mono + SETTLES_AFTER, jumpedTo: now.wall };
}

/** After a step back that is no jump: what began in the time that comes once more is not ended by that. */
export function afterStepBack({ behindUntil, ...guard }: ClockGuard, reached: WallTime): ClockGuard {
  return { ...guard, behindUntil: Math.max(reached, behindUntil ?? reached) };
}

/** After a step forward that is no jump: what was a moment ago looks older than it is. */
function afterStepForward(guard: ClockGuard, now: Now): ClockGuard {
  return { ...guard, jumpedTo: now.wall };
}

/** @param moved how far the wall clock went ahead of the monotonic one since it was looked at last */
export function afterMove(guard: ClockGuard, moved: Milliseconds, now: Now): ClockGuard {
  if (Math.abs(moved) >= CLOCK_JUMP) return afterJump(guard, now);
  if (moved < -STEP_BACK) return afterStepBack(guard, now.wall - moved);
  return moved > STEP_FORWARD ? afterStepForward(guard, now) : guard;
}

/** A clock that has caught up may be set back again: that is another matter. */
export function caughtUp(guard: ClockGuard, now: Now): ClockGuard {
  const { behindUntil, ...rest } = guard;
  return behindUntil !== undefined && behindUntil <= now.wall ? rest : guard;
}

/**
 * At a start: is the clock behind what is on record? Was it set since a run was launched, nobody knows when?
 *
 * @param runs what lives
 */
export function atStart(
  newestOnRecord: WallTime | undefined,
  runs: readonly Pick<Run, 'startedAt' | 'startedMono'>[],
  now: Now,
): ClockGuard {
  const isBehind = newestOnRecord !== undefined && newestOnRecord - now.wall > CLOCK_JUMP;
  const hasJumped = runs.some(
    ({ startedAt, startedMono }) => Math.abs(now.wall - now.mono - (startedAt - startedMono)) > STEP_FORWARD,
  );
  return { ...(isBehind ? { behindUntil: newestOnRecord } : {}), ...(hasJumped ? { jumpedTo: now.wall } : {}) };
}

/** When the guard ends, by each clock. */
export function guardEnd({ behindUntil, settlesAt }: ClockGuard, now: Now): { mono?: MonotonicTime; wall?: WallTime } {
  return {
    ...(settlesAt === undefined || settlesAt <= now.mono ? {} : { mono: settlesAt }),
    ...(behindUntil === undefined || behindUntil <= now.wall ? {} : { wall: behindUntil }),
  };
}
