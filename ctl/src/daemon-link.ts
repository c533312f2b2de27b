/**
 * The shell's own connection: it tells when the daemon goes, and what becomes of its processes. Nothing is polled: events say when
 * to ask for the status (an older daemon has none: then before each prompt), and the folder of the socket says when a daemon comes.
 */
import { type FSWatcher, watch } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from './client.ts';
import { Failure } from './failure.ts';
import { listDaemons, runtimeFolders } from './find-daemon.ts';
import { type DaemonView, viewOf } from './prompt.ts';
import type { ShellHost } from './shell.ts';

/** How long a prompt waits for what it shows. */
const PATIENCE_MS = 500;
/** Events come in swarms: one status for all of them. */
const SETTLE_MS = 200;

export interface LinkListener {
  /** The daemon that there was has gone, or one has come; a sentence for people. */
  readonly onNews: (text: string) => void;
  /** What the prompt shows has changed. */
  readonly onChange: () => void;
}

export class DaemonLink {
  readonly #host: ShellHost;
  readonly #listener: LinkListener;
  #client: Client | undefined;
  #view: DaemonView = { kind: 'unknown' };
  #socket: string | undefined;
  #lastPid: number | undefined;
  #watchers: FSWatcher[] = [];
  #timer: NodeJS.Timeout | undefined;
  #asking: Promise<void> | undefined;
  #isClosed = false;

  constructor(host: ShellHost, listener: LinkListener) {
    this.#host = host;
    this.#listener = listener;
  }

  get view(): DaemonView {
    return this.#view;
  }

  get hasOthers(): boolean {
    return listDaemons(this.#host.surroundings).filter(({ isLive }) => isLive).length > 1;
  }

  /** Brings the view up to date, connecting where needed; a daemon that does not answer is not waited for. */
  async refresh(): Promise<void> {
    const done = (this.#asking ??= this.#ask().finally(() => (this.#asking = undefined))).then(() => true);
    if (!(await Promise.race([done, pause(PATIENCE_MS, false)]))) this.#view = { kind: 'silent' };
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#unwatch();
    this.#client?.close();
  }

  async #ask(): Promise<void> {
    try {
      this.#client ??= await this.#open();
      const view = viewOf(await this.#client.call('status', {}));
      this.#view = view;
      if (view.kind === 'up') this.#tellPid(view.pid);
    } catch (error) {
      const isChoice = error instanceof Failure && error.code === 'several-daemons';
      this.#view = { kind: isChoice ? 'several' : 'none' };
      if (!this.#client) this.#watchForOne();
    }
  }

  async #open(): Promise<Client> {
    const target = await this.#host.target();
    this.#socket = target.socket;
    const client = await this.#host.connect(target);
    if (this.#isClosed) client.close();
    this.#unwatch();
    client.onClose(() => this.#gone(client));
    client.onNotification(({ method }) => {
      if (method === 'event') this.#askSoon();
    });
    // An older daemon knows no events, and one whose history is broken has none: the prompt asks for itself.
    client.call('subscribe', {}).catch(() => undefined);
    return client;
  }

  #gone(client: Client): void {
    if (this.#client !== client || this.#isClosed) return;
    this.#client = undefined;
    this.#view = { kind: 'none' };
    this.#watchForOne();
    this.#listener.onNews('the daemon has gone');
  }

  /** Says so when another daemon answers than before. */
  #tellPid(pid: number): void {
    const before = this.#lastPid;
    this.#lastPid = pid;
    if (before !== undefined && before !== pid) this.#listener.onNews(`the daemon is back: pid ${pid}`);
  }

  #askSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      if (this.#isClosed) return;
      void this.refresh().then(() => this.#listener.onChange());
    }, SETTLE_MS);
  }

  /* ---------------------------------------------------------------- waiting for a daemon */

  #watchForOne(): void {
    if (this.#watchers.length > 0 || this.#isClosed) return;
    const folders = this.#socket === undefined ? runtimeFolders(this.#host.surroundings) : [dirname(this.#socket)];
    for (const folder of folders) {
      try {
        const watcher = watch(folder, { persistent: false }, () => this.#askSoon());
        watcher.on('error', () => watcher.close());
        this.#watchers.push(watcher);
      } catch {
        // Not there, or no watches left: the next prompt looks.
      }
    }
  }

  #unwatch(): void {
    for (const watcher of this.#watchers) watcher.close();
    this.#watchers = [];
  }
}
