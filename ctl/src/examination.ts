/** Entry of the bundle `examination.cjs`: what looks at machine and state folders. Loaded when first used. */
import { CHECKS, examine } from './doctor/checks.ts';
import { realMachine } from './doctor/real-machine.ts';
import { renderDoctor } from './doctor/render.ts';
import { findOldStates, removeState, renderOldStates } from './old-states/old-states.ts';

export const examination = {
  CHECKS,
  examine,
  realMachine,
  renderDoctor,
  findOldStates,
  removeState,
  renderOldStates,
};
export type Examination = typeof examination;
