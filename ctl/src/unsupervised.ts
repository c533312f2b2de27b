/** Entry of the bundle `unsupervised.cjs`: answers of a daemon that is not there. Loaded where none can be reached. */
import { stateFile } from '@procman/protocol/state-files';
import { lastHolder } from '@procman/daemon/effects/daemon-lock';
import { CannotTell, type Place, type Reply, Unsupervised as Answers } from '@procman/daemon/unsupervised';
import type { Notice } from './client.ts';
import { isClosedToUs, isProcmand, type Surroundings, type Wish, listDaemons } from './find-daemon.ts';
import { findRemains, listOf } from './find-remains.ts';
import { formatTime } from './text/time.ts';
import { VERSION } from './version.ts';

/** In milliseconds. */
const LONG = 1_000_000_000;

/** Replies and notifications, as a daemon would send them. */
export interface Source {
  answer(method: string, params: unknown): Promise<Reply>;
  onNotification(listener: (notice: Notice) => void): void;
  close(): void;
}

export type Look =
  /** `notes`: what people should know, for standard error. */
  | { readonly kind: 'found'; readonly source: Source; readonly headline: string; readonly notes: readonly string[] }
  /** A daemon lives all the same: it is about to listen, or, after a while, `message`. */
  | { readonly kind: 'alive'; readonly message: string }
  /** `message` goes on where the one that there is no daemon ends. */
  | { readonly kind: 'refused'; readonly message: string };

function look(wish: Wish, around: Surroundings, now: Date): Look {
  try {
    const { places, looked } = findRemains(wish, around);
    const [place, ...others] = places;
    if (place === undefined)
      return refused(`nor is there anything that one has left (looked for ${looked.join(', ')})${hintOf(wish)}`);
    if (others.length > 0) return refused(`several daemons have left files; choose one:\n${listOf(places)}`);
    const pid = livingDaemon(place, around);
    if (pid === undefined) return found(place, now);
    if (place.owner !== undefined && isClosedToUs(place.owner.socket)) return refused(closedText(place.uid, pid));
    return { kind: 'alive', message: `yet a daemon lives (pid ${pid}): it is starting, ending, or stuck` };
  } catch (error) {
    if (error instanceof CannotTell) return refused(`nor can its files answer: ${error.message}`);
    throw error;
  }
}

/** A configuration says where its state is, a socket does not. */
const hintOf = ({ configUid }: Wish): string =>
  configUid === undefined ? '; with -c FILE what the daemon of that configuration has left is found' : '';

const closedText = (uid: string, pid: number): string =>
  `yet one runs for uid "${uid}" (pid ${pid}), whose socket is not open to this user (see socket-mode and socket-group)`;

const refused = (message: string): Look => ({ kind: 'refused', message });

function found(place: Place, now: Date): Look {
  const answers = new Answers(place, VERSION);
  return {
    kind: 'found',
    source: sourceOf(answers),
    headline: headlineOf(place, answers, now),
    notes: notesOf(place, answers),
  };
}

/** `unsupervised since 12:03:11: no daemon runs for uid "shop" (pid 4711 has gone)` */
function headlineOf({ uid, owner }: Place, { unsupervised: { since }, time }: Answers, now: Date): string {
  const when = since === undefined ? '' : ` since ${formatTime(time.format(since), now)}`;
  const who = owner === undefined ? '' : ` (pid ${owner.pid} has gone)`;
  return `unsupervised${when}: no daemon runs for uid "${uid}"${who}`;
}

function notesOf({ config, owner }: Place, { notes, system }: Answers): string[] {
  const isElsewhere =
    owner !== undefined && owner.bootId === system.bootId() && owner.pidNamespace !== system.pidNamespace();
  return [
    ...(isElsewhere
      ? ['the last daemon ran in another pid namespace (a container?): whether it lives cannot be seen from here']
      : []),
    ...notes,
    ...(config === undefined ? [] : [`start a daemon with: procmand run ${config}`]),
  ];
}

/**
 * By its owner file, or as the one that has written itself into the lock file: that one is starting. The lock itself is not tried, or
 * a daemon that wants it in this instant would be refused.
 */
function livingDaemon({ stateDir, uid }: Place, around: Surroundings): number | undefined {
  const served = listDaemons(around).find(({ owner, isLive }) => isLive && owner.uid === uid);
  if (served) return served.owner.pid;
  const pid = lastHolder(stateFile(stateDir, 'lock'));
  return pid !== undefined && isProcmand(pid, around.proc) ? pid : undefined;
}

function sourceOf(answers: Answers): Source {
  const closed = new AbortController();
  const listeners: ((notice: Notice) => void)[] = [];
  let stay: NodeJS.Timeout | undefined;
  const call = {
    closed: closed.signal,
    notify: (method: string, params: unknown): boolean => {
      for (const listener of listeners) listener({ method, params } as Notice);
      return !closed.signal.aborted;
    },
    hasRoom: () => true,
  };
  return {
    answer: (method, params) => answers.answer(method, params, call),
    onNotification: (listener) => {
      listeners.push(listener);
      // The watch on a log keeps no daemon from its end, so neither does it keep this process here.
      stay ??= setInterval(() => undefined, LONG);
    },
    close: () => {
      clearInterval(stay);
      closed.abort();
    },
  };
}

export const unsupervised = { look };
export type Unsupervised = typeof unsupervised;
