/** A connection that stays: messages in the order in which they come. */
import { createConnection, type Socket } from 'node:net';
import type { World } from './world.ts';

export type Message = Readonly<Record<string, unknown>>;

export class Conversation {
  readonly #world: World;
  readonly #socket: Socket;
  readonly #messages: Message[] = [];
  #rest = '';
  #listener: ((message: Message) => void) | undefined;

  static open(world: World): Promise<Conversation> {
    return new Promise((resolve, reject) => {
      const socket = createConnection(world.socket);
      socket.once('error', reject);
      socket.once('connect', () => resolve(new Conversation(world, socket)));
    });
  }

  private constructor(world: World, socket: Socket) {
    this.#world = world;
    this.#socket = socket;
    socket.setEncoding('utf8').on('data', (text: string) => {
      const lines = `${this.#rest}${text}`.split('\n');
      this.#rest = lines.pop() ?? '';
      const messages = lines.filter(Boolean).map((line) => JSON.parse(line) as Message);
      this.#messages.push(...messages);
      for (const message of messages) this.#listener?.(message);
    });
  }

  /** Hears each that comes from now on, in order. */
  onMessage(listener: (message: Message) => void): void {
    this.#listener = listener;
  }

  send(message: object): void {
    this.#socket.write(`${JSON.stringify(message)}\n`);
  }

  /** The first that is as asked for, also one that has come already. */
  next(what: string, isWanted: (message: Message) => boolean): Promise<Message> {
    return this.#world.waitFor(what, () => this.#messages.find(isWanted));
  }

  close(): void {
    this.#socket.destroy();
  }
}
