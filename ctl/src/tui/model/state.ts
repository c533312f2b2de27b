/** All that the screen of `tui` is drawn from. Plain data; nothing here knows of terminals, sockets or clocks. */
import type { Event, Explanation, Resources, StatusResult, UpdateResult } from '@procman/protocol/views';

/** In columns and lines of the terminal. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** What is known of the daemon that the data is from. */
export type Link =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'connected' }
  /** No daemon: files have answered. `headline` says since when, for people. */
  | { readonly kind: 'unsupervised'; readonly headline: string }
  /** Neither a daemon nor files: what is shown is how it was. */
  | { readonly kind: 'lost'; readonly message: string };

export const TABS = ['why', 'links', 'config', 'events', 'log'] as const;
export type Tab = (typeof TABS)[number];

export interface LogState {
  readonly stream: 'stdout' | 'stderr';
  /** Undefined: not read yet. Null: kept in no file. */
  readonly path?: string | null;
  readonly lines: readonly string[];
  /** The newest line is kept in sight. */
  readonly isFollowing: boolean;
  /** First line in sight while it does not follow. */
  readonly top: number;
  /** Columns that are scrolled out on the left. */
  readonly left: number;
  /** What is looked for; empty: nothing. */
  readonly search: string;
  /** The line where it was found. */
  readonly hit?: number;
  /** What goes wrong with reading it. */
  readonly error?: string;
}

export interface DetailsView {
  readonly kind: 'details';
  readonly name: string;
  readonly tab: Tab;
  /** First line in sight, of the tabs that are text. */
  readonly top: number;
  /** Which of dependencies and dependents the cursor is on. */
  readonly link: number;
  readonly explanation?: Explanation;
  readonly events?: readonly Event[];
  /** Lines of the effective configuration. */
  readonly config?: readonly string[];
  readonly log: LogState;
  /** Why the tab shows nothing. */
  readonly error?: string;
}

/** Asked before something stops. */
export interface QuestionView {
  readonly kind: 'question';
  readonly verb: 'stop' | 'restart';
  readonly names: readonly string[];
  /** All that would stop: the targets that live, and what depends on them. */
  readonly stops: readonly string[];
  readonly top: number;
}

/** A reload that is looked at before it is done. */
export interface PlanView {
  readonly kind: 'plan';
  readonly plan?: UpdateResult;
  readonly top: number;
}

export interface TextView {
  readonly kind: 'text';
  readonly title: string;
  readonly lines: readonly string[];
  readonly top: number;
}

export interface TimelineView {
  readonly kind: 'timeline';
  readonly lines?: readonly string[];
  readonly top: number;
}

/** One daemon to choose. */
export interface DaemonChoice {
  readonly uid: string;
  /** null: it does not run now. */
  readonly pid: number | null;
  readonly configPath: string;
  readonly socket: string;
}

export interface DaemonsView {
  readonly kind: 'daemons';
  readonly choices?: readonly DaemonChoice[];
  readonly selected: number;
}

export interface HelpView {
  readonly kind: 'help';
  readonly top: number;
}

export type View = DetailsView | QuestionView | PlanView | TextView | TimelineView | DaemonsView | HelpView;

/** A line that is being typed. */
export interface Prompt {
  readonly what: 'filter' | 'search';
  readonly text: string;
  /** What holds again after Esc. */
  readonly before: string;
}

export interface Notice {
  readonly text: string;
  readonly isError: boolean;
}

export interface ListState {
  /** Key of the item that the cursor is on. */
  readonly selected?: string;
  /** First item in sight. */
  readonly top: number;
  readonly filter: string;
  /** Groups of which only the heading is shown. */
  readonly folded: ReadonlySet<string>;
}

export interface State {
  readonly size: Size;
  /** Milliseconds since the epoch, as of the last input. */
  readonly now: number;
  readonly color: boolean;
  readonly unicode: boolean;
  readonly link: Link;
  readonly status?: StatusResult;
  /** When `status` came. */
  readonly statusAt: number;
  /** When the daemon has last answered anything. */
  readonly heardAt: number;
  /** CPU and memory are shown, and asked for. */
  readonly showsUsage: boolean;
  readonly usage: ReadonlyMap<string, Resources>;
  readonly list: ListState;
  /** What lies over the list; the last one is seen. */
  readonly views: readonly View[];
  readonly prompt?: Prompt;
  readonly notice?: Notice;
}

export interface Beginning {
  readonly size: Size;
  readonly now: number;
  readonly color: boolean;
  readonly unicode: boolean;
}

export function initialState({ size, now, color, unicode }: Beginning): State {
  return {
    size,
    now,
    color,
    unicode,
    link: { kind: 'connecting' },
    statusAt: now,
    heardAt: now,
    showsUsage: true,
    usage: new Map(),
    list: { top: 0, filter: '', folded: new Set() },
    views: [],
  };
}

export function emptyLog(stream: LogState['stream'] = 'stdout'): LogState {
  return { stream, lines: [], isFollowing: true, top: 0, left: 0, search: '' };
}

/** Undefined: the list is seen. */
export function topView({ views }: State): View | undefined {
  return views.at(-1);
}

/** Replaces the view that is seen. */
export function withTop(state: State, view: View): State {
  return { ...state, views: [...state.views.slice(0, -1), view] };
}

/** Without a key whose value may not be undefined. */
export function without<T extends object, K extends keyof T>(value: T, key: K): Omit<T, K> {
  const { [key]: _, ...rest } = value;
  return rest;
}
