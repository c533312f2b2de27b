/** Does what the reducer wants done, and tells what came of it. */
import type { TimelineResult, StatusAtResult } from '@procman/protocol/views';
import type { CommandContext } from '../../context.ts';
import { listDaemons } from '../../find-daemon.ts';
import { renderResults } from '../../render/results.ts';
import { renderPicture } from '../../render/timeline-picture.ts';
import { tracksOf } from '../../render/timeline-tracks.ts';
import { renderTimeline } from '../../render/timeline.ts';
import { offsetsAlong } from '../../text/offsets.ts';
import type { Effect, Input } from '../model/inputs.ts';
import type { State } from '../model/state.ts';
import type { LogTail } from './log-tail.ts';
import { messageOf, type Session } from './session.ts';

const MOST_EVENTS = 200;
const PLAIN = { terminal: false, columns: Infinity, color: false };

export interface PerformerOptions {
  readonly context: CommandContext;
  /** The one in use now: it changes with `switch`. */
  readonly session: () => Session;
  readonly state: () => State;
  readonly tell: (input: Input) => void;
  readonly tail: LogTail;
  readonly quit: (code: number) => void;
  readonly suspend: () => void;
  readonly switchTo: (socket: string) => void;
}

export type Performer = (effect: Effect) => void;

export function performer(options: PerformerOptions): Performer {
  return (effect) => {
    perform(effect, options).catch((error: unknown) => {
      options.tell({ kind: 'failed', effect, message: messageOf(error) });
    });
  };
}

async function perform(effect: Effect, options: PerformerOptions): Promise<void> {
  const { tell, tail, context } = options;
  const session = options.session();
  switch (effect.kind) {
    case 'quit':
      options.quit(effect.code);
      return;
    case 'suspend':
      options.suspend();
      return;
    case 'explain': {
      const { processes } = await session.call('explain', { names: [effect.name] });
      const [explanation] = processes;
      if (explanation) tell({ kind: 'explained', name: effect.name, explanation });
      return;
    }
    case 'events': {
      const { events } = await session.call('events', { names: [effect.name], limit: MOST_EVENTS });
      tell({ kind: 'events', name: effect.name, events: events.toReversed() });
      return;
    }
    case 'config':
      tell({ kind: 'config', name: effect.name, lines: await configLines(effect.name, options) });
      return;
    case 'follow':
      tail.follow(effect.name, effect.stream);
      return;
    case 'unfollow':
      tail.stop();
      return;
    case 'act': {
      const { results } = await session.call(effect.verb, { names: [...effect.names] });
      const text = renderResults(results, effect.verb, PLAIN, context.io.now());
      tell({ kind: 'acted', verb: effect.verb, results, lines: text.trimEnd().split('\n') });
      return;
    }
    case 'plan':
      tell({ kind: 'planned', plan: await session.call('plan', {}) });
      return;
    case 'update':
      tell({ kind: 'updated', result: await session.call('update', { hash: effect.hash }) });
      return;
    case 'timeline':
      tell({ kind: 'timeline', lines: await timelineLines(options) });
      return;
    case 'daemons':
      tell({
        kind: 'daemons',
        choices: listDaemons(context.surroundings)
          .toSorted((one, other) => Number(other.isLive) - Number(one.isLive))
          .map(({ owner, isLive }) => ({
            uid: owner.uid,
            pid: isLive ? owner.pid : null,
            configPath: owner.config,
            socket: owner.socket,
          })),
      });
      return;
    case 'switch':
      options.switchTo(effect.socket);
  }
}

async function configLines(name: string, { context, state }: PerformerOptions): Promise<readonly string[]> {
  const { status } = state();
  const row = status?.processes.find((each) => each.name === name);
  if (status === undefined || row === undefined) throw new Error(`${name} is not there any more`);
  const { uid, configPath, configLoadedAt } = status.daemon;
  const owner = listDaemons(context.surroundings).find((each) => each.owner.uid === uid)?.owner;
  const { effectiveConfig } = await context.io.offline();
  return effectiveConfig({ id: row.id, configPath, stateDir: owner?.stateDir, loadedAt: configLoadedAt });
}

async function timelineLines({ context, session, state }: PerformerOptions): Promise<readonly string[]> {
  const result: TimelineResult = await session().call('timeline', {});
  const expectedAt = (at: string): Promise<StatusAtResult> => session().call('status', { at });
  const tracks = tracksOf(result, await expectedAt(result.from), await expectedAt(result.to));
  const { size, color, unicode } = state();
  const style = { terminal: true, columns: size.columns, color };
  const picture = renderPicture(tracks, {
    from: Date.parse(result.from),
    to: Date.parse(result.to),
    now: context.io.now().getTime(),
    offsetAt: offsetsAlong([result.from, result.to]),
    style,
    unicode,
  });
  return `${picture}\n${renderTimeline(result, style)}`.trimEnd().split('\n');
}
