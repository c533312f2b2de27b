/** What the handlers work on. They turn params into a change of what should be, or into a question; they never spawn or signal. */
import { RpcFailure } from '@procman/protocol/errors';
import type { World } from '../../core/model.ts';
import type { Target } from '../../core/targets.ts';
import { isWide, select, type Selection } from '../../core/selectors.ts';
import type { Survey } from '../../core/survey.ts';
import { createNearest } from '../../config/nearest.ts';
import { OPERATOR } from '../../supervision/journal.ts';
import type { Configuration } from '../../configuration.ts';
import type { Daemon } from '../../daemon.ts';
import type { System } from '../../effects/system.ts';
import type { Entry } from '../../history/event.ts';
import type { EventStore } from '../../history/store.ts';
import type { Logger } from '../../log/logger.ts';
import type { TimeText } from '../../time-text.ts';
import type { LogAudience } from '../log-audience.ts';

/** The history, for those who ask it. */
export interface ReadingHistory {
  /** What is not in the store yet, oldest first. */
  readonly waiting: readonly Entry[];
  /** Why the store cannot be read; undefined: all is well. */
  readonly trouble: string | undefined;
  /** undefined where it cannot be read now. */
  read<T>(work: (store: EventStore) => T): T | undefined;
}

/** What the methods work on that only tell: the daemon, or a look at what it left (`unsupervised.ts`). */
export interface ReadingContext {
  readonly system: System;
  readonly supervisor: { readonly world: World; survey(): Survey };
  readonly configuration: Pick<Configuration, 'current' | 'daemon' | 'loadedAt' | 'error' | 'held'>;
  readonly logger: Pick<Logger, 'path' | 'place'>;
  readonly rotation: {
    readonly audience: LogAudience;
    /** Resolves when it is known where in the file its text is. */
    still(path: string): Promise<void>;
  };
  readonly history: ReadingHistory;
  readonly time: TimeText;
  readonly version: string;
  /** Of whoever answers. */
  readonly pid: number;
  /** When the daemon was started that serves, or served. */
  readonly startedAt: number;
  readonly adopted: number;
  /** No daemon runs; `since`: its last sign of life. */
  readonly unsupervised?: { readonly since?: number };
}

/** What those work on that act. */
export type HandlerContext = Daemon;

/** @throws RpcFailure `unknown-name` where one matches nothing: then nothing is done for any */
export function selected(survey: Survey, names: readonly string[]): Selection {
  const selection = select(survey.targets, names);
  if (selection.unknown.length === 0) return selection;
  const nearest = createNearest(new Set(survey.targets.flatMap(({ name, id }) => [name, id])));
  const unknown = selection.unknown.map((given) => {
    const name = isWide(given) ? undefined : nearest(given);
    return { given, nearest: name === undefined ? [] : [name] };
  });
  const text = unknown.map(({ given }) => (isWide(given) ? `matches "${given}"` : `is called "${given}"`)).join(', ');
  throw new RpcFailure('unknown-name', `no process ${text}`, { names: unknown });
}

/** The one target of a name. */
export function selectedOne(survey: Survey, name: string): Target {
  const { targets } = selected(survey, [name]);
  const [target, ...others] = targets;
  if (target !== undefined && others.length === 0) return target;
  const message = `"${name}" is ${targets.length} processes: name one of ${targets.map((each) => each.name).join(', ')}`;
  throw new RpcFailure('invalid-params', message, { issues: [{ path: 'name', message }] });
}

/** An operator's command, for the history: one event for each target. */
export function recordCommand(daemon: HandlerContext, targets: readonly Target[], message: string): void {
  const at = daemon.system.now().wall;
  for (const { key, id, name } of targets)
    daemon.history.record({ at, type: 'command', about: { key, id, name }, by: OPERATOR, message });
}

export function refuseWhileStopping(daemon: HandlerContext): void {
  if (daemon.isStopping) throw new RpcFailure('shutting-down', 'the daemon is stopping everything', {});
}
