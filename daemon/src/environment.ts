import { isShellOwned } from './effects/launch-plan.ts';

/** Variables that are the daemon's own business, whatever `inherit-env` says: also where it was started, which is no service's PWD. */
const OWN = /^(?:PWD|OLDPWD|NOTIFY_SOCKET|NODE_OPTIONS|NODE_CHANNEL_.*|PROCMAN_.*|PROCMAND_.*)$/;

/**
 * What services inherit of the daemon's environment: not what bin/procmand has set for the daemon itself, nor what belongs to
 * some shell above it (`_`, SHLVL...), which would only get in the way of the one that launches.
 */
export function launchEnvironment(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const own = new Set((env['PROCMAND_OWN'] ?? '').split(' '));
  const inherited: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || OWN.test(name) || isShellOwned(name) || own.has(name)) continue;
    inherited[name] = value;
  }
  return inherited;
}
