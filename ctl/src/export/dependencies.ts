/** `depends-on` as `Requires=`, `Wants=` and `After=`. */
import type { Dependency, ProcessVersion } from '@procman/daemon/core/model';
import { comment } from './unit-text.ts';

/** What a dependency has been exported to. */
export interface Provider {
  readonly version: ProcessVersion;
  /** Its services, with `.service`. */
  readonly services: readonly string[];
}

/** @param providers - by id; what is not exported is not among them */
export function dependencyLines(version: ProcessVersion, providers: ReadonlyMap<string, Provider>): readonly string[] {
  return version.dependsOn.flatMap((dependency) => {
    const provider = providers.get(dependency.id);
    if (provider === undefined) return comment(`depends-on ${dependency.id}: it has no unit`);
    return linesOf(dependency, provider);
  });
}

function linesOf({ id, condition, onLoss }: Dependency, { version, services }: Provider): readonly string[] {
  const list = services.join(' ');
  const after = `After=${list}`;
  // Who needs it must not start it at a time, or against a wish, that is not its own.
  if (version.schedule !== undefined || !version.autostart) {
    const why = version.schedule === undefined ? 'autostart = false' : 'a schedule of its own';
    return [...comment(`depends-on ${id}: it has ${why}, so it is only waited for where it is starting`), after];
  }
  return [
    ...(condition === 'healthy' ? comment(`depends-on ${id}: no counterpart: condition = "healthy"`) : []),
    ...(condition !== 'finished' && onLoss === 'stop'
      ? comment(`depends-on ${id}, on-loss = "stop": systemd stops this when ${id} is stopped, not when it fails`)
      : []),
    `${onLoss === 'keep' ? 'Wants' : 'Requires'}=${list}`,
    after,
  ];
}
