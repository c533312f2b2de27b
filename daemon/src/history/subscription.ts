/** Somebody who follows the events: gets each once and in order, as fast as it reads, from memory or from the store. */
import type { Entry } from './event.ts';
import type { History } from './history.ts';

export interface Follower {
  /** The number behind which it begins. */
  readonly after: number;
  readonly isAsked: (entry: Entry) => boolean;
  /** @returns false: it is gone */
  readonly send: (entry: Entry) => boolean;
  readonly hasRoom: () => boolean;
}

/** In one go; others have their turn in between. */
const PIECE = 200;
/** How soon it is looked again whether a slow one has read. */
const AGAIN_MS = 100;

/** @returns how to end it */
export function followEvents(history: History, { after, isAsked, send, hasRoom }: Follower): () => void {
  let sent = after;
  let again: NodeJS.Timeout | undefined;
  let isOver = false;
  const end = (): void => {
    isOver = true;
    clearTimeout(again);
    leave();
  };
  const later = (milliseconds: number): void => {
    again ??= setTimeout(() => {
      again = undefined;
      pump();
    }, milliseconds).unref();
  };
  const pump = (): void => {
    if (isOver || again !== undefined) return;
    // What it cannot take stays where it is: nothing is gathered for it.
    if (!hasRoom()) {
      later(AGAIN_MS);
      return;
    }
    const entries = history.after(sent, PIECE);
    for (const entry of entries) {
      sent = entry.seq;
      if (isAsked(entry) && !send(entry)) {
        end();
        return;
      }
    }
    // Also where the store had less than a piece: memory has the rest.
    if (entries.length > 0 && sent < history.seq) later(0);
  };
  const leave = history.onNews(pump);
  later(0);
  return end;
}
