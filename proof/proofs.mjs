/**
 * The proofs, in the order in which they run. Each is a module with `name`, `about`, and
 * `prove({ folder, seed, until, say })`, which gives `{ ok, text, line }`: whether all of it holds, its table, and its one line.
 * `until`: go on until then (milliseconds since the epoch); undefined: the short run. `isLong = false`: takes no share of the time.
 * `isShort = false`: only in the long run, or where it is named.
 */
import * as chaos from './proofs/chaos.mjs';
import * as fuzz from './proofs/fuzz.mjs';
import * as mutation from './proofs/mutation.mjs';
import * as simulation from './proofs/simulation.mjs';

export const proofs = [simulation, mutation, chaos, fuzz];
