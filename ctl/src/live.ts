/** Entry of the bundle `live.cjs`: what goes on looking, `status --watch` and `wait`. Loaded when first used. */
import { wait } from './live/wait.ts';
import { watch } from './live/watch.ts';

export const live = { wait, watch };
export type Live = typeof live;
