/** Which services come up and stay up whenever they may, by what they, their hooks and their checks are made to do. */
import type { Hook, Probe, ProcessVersion } from '../core/model.ts';
import type { HookSpec, ServiceSpec } from './services.ts';
import { answersOf } from './simulated-prober.ts';

export function isSteadyVersion(version: ProcessVersion): boolean {
  const { oneShot, command, hooks, startHealthCheck, healthCheck, externals, maxRunTime } = version;
  const spec = JSON.parse(command.line) as ServiceSpec;
  if (oneShot || spec.life !== undefined || maxRunTime !== undefined || !isHandedOver(spec)) return false;
  if (!isGoodHook(hooks.before) || !isGoodHook(hooks.init)) return false;
  if (startHealthCheck !== undefined && !isGood(startHealthCheck.probe, startHealthCheck.timeout)) return false;
  if (externals.some(({ command: external, timeout }) => !isGoodCommand(external, timeout, 0.5))) return false;
  if (healthCheck?.kind === 'folder') return spec.touches !== undefined && healthCheck.inactiveTime >= 10_000;
  return healthCheck === undefined || isGood(healthCheck.probe, healthCheck.timeout);
}

const isHandedOver = ({ hands }: ServiceSpec): boolean => hands === undefined || typeof hands.pid === 'number';

const isGoodHook = (hook: Hook | undefined): boolean => hook === undefined || isGoodCommand(hook.command, hook.timeout);

function isGood(probe: Probe, timeout: number): boolean {
  if (probe.kind === 'command') return isGoodCommand(probe.command, timeout);
  const { delay, fails } = answersOf(probe);
  return fails === 0 && delay <= timeout / 2;
}

/** @param failures how often it may fail */
function isGoodCommand(command: string, timeout: number, failures = 0): boolean {
  const { life, fails } = JSON.parse(command) as HookSpec;
  return fails <= failures && life !== undefined && life <= timeout / 2;
}
