/** `wait`: until each instance is as a script needs it, or never will be. */
import { clientExit } from '@procman/protocol/exit-codes';
import type { Row, StatusResult, TargetResult } from '@procman/protocol/views';
import type { CommandContext } from '../context.ts';
import { paint } from '../render/style.ts';
import { printable } from '../text/width.ts';
import { followStatus, type Tools } from './following.ts';
import { type Goal, judge } from './goal.ts';

export interface WaitOptions {
  readonly names: readonly string[];
  readonly goal: Goal;
  readonly timeoutMs?: number;
}

/** The longest that a timer of Node can take. */
const LONGEST_MS = 2 ** 31 - 1;

/** A line per instance, as soon as it is decided; with --json all of it at the end. Gives the exit code. */
export async function wait(context: CommandContext, tools: Tools, options: WaitOptions): Promise<number> {
  const waiting = new Waiting(context, options);
  let timer: NodeJS.Timeout | undefined;
  const look = (status: StatusResult): void => waiting.look(status);
  const timeout = new Promise<void>((resolve) => {
    if (options.timeoutMs !== undefined) timer = setTimeout(resolve, Math.min(options.timeoutMs, LONGEST_MS));
  });
  const following = followStatus(context, tools, { params: { names: [...options.names] }, look });
  try {
    await Promise.race([waiting.done, timeout, following]);
  } finally {
    clearTimeout(timer);
  }
  return waiting.finish();
}

class Waiting {
  readonly #context: CommandContext;
  readonly #goal: Goal;
  readonly #results = new Map<string, TargetResult>();
  #rows = new Map<string, Row>();
  #end: () => void = () => undefined;
  readonly done = new Promise<void>((resolve) => (this.#end = resolve));

  constructor(context: CommandContext, { goal }: WaitOptions) {
    this.#context = context;
    this.#goal = goal;
  }

  look({ processes }: StatusResult): void {
    const now = new Map(processes.map((row) => [row.name, row]));
    for (const [name, row] of this.#rows) if (!now.has(name)) this.#decide(row, goneFor(this.#goal));
    this.#rows = new Map([...this.#rows, ...now]);
    for (const row of processes) {
      const judged = judge(row, this.#goal);
      if (judged) this.#decide(row, judged);
    }
    if (this.#results.size === this.#rows.size) this.#end();
  }

  /** What is decided stays so: a script that goes on cannot be called back. */
  #decide(row: Row, { ok, message }: { readonly ok: boolean; readonly message: string }): void {
    if (!this.#results.has(row.name)) this.#add(row, { ok, code: ok ? 'done' : 'failed', message });
  }

  #add({ name, state, reason }: Row, told: Pick<TargetResult, 'ok' | 'code' | 'message'>): void {
    this.#results.set(name, { name, ...told, state, reason });
    if (this.#context.json) return;
    const { io, style } = this.#context;
    const { ok, message } = told;
    const text = `${printable(name)}: ${ok ? message : `ERROR (${printable(message)})`}`;
    io.out(`${paint(text, ok ? undefined : 'red', style)}\n`);
  }

  finish(): number {
    for (const row of this.#rows.values()) {
      if (this.#results.has(row.name)) continue;
      const message = `timed out: ${row.state}, ${row.phase ?? row.reason.message}`;
      this.#add(row, { ok: false, code: 'timeout', message });
    }
    const results = [...this.#rows.keys()].flatMap((name) => this.#results.get(name) ?? []);
    // Without a single look, nothing is known of what was asked for.
    const ok = results.length > 0 && results.every((result) => result.ok);
    if (this.#context.json) this.#context.io.out(`${JSON.stringify({ ok, results })}\n`);
    else if (results.length === 0) this.#context.io.err('procmanctl: timed out before the daemon had answered\n');
    return ok ? clientExit.ok : clientExit.failure;
  }
}

function goneFor(goal: Goal): { ok: boolean; message: string } {
  return goal === 'stopped'
    ? { ok: true, message: 'stopped' }
    : { ok: false, message: 'it is no longer in the configuration' };
}
