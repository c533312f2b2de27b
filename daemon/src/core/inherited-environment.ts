/**
 * What a process inherits of the daemon's environment (SPEC 2.2 `inherit-env`): all, nothing, or some variables. Those that are
 * not there are left out.
 *
 * @param environment - without what is the daemon's own business, see `launchEnvironment`
 */
export function inheritedEnvironment<V>(
  environment: Readonly<Record<string, V>>,
  inheritEnv: boolean | readonly string[],
): Readonly<Record<string, V>> {
  if (inheritEnv === true) return environment;
  const names = inheritEnv === false ? [] : inheritEnv;
  return Object.fromEntries(Object.entries(environment).filter(([name]) => names.includes(name)));
}
