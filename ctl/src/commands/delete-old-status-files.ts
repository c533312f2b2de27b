import { clientExit } from '@procman/protocol/exit-codes';
import { resolve } from 'node:path';
import type { Command, Given } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { UsageError } from '../failure.ts';
import type { Only } from '../old-states/old-states.ts';
import { declined } from './act.ts';

export const deleteOldStatusFiles: Command = {
  name: 'delete-old-status-files',
  summary: 'remove the state of uids whose daemon has not run for 7 days, and of which nothing lives',
  operands: [],
  options: [
    { long: 'dry-run', summary: 'only tell what would be removed' },
    { long: 'verbose', summary: 'also tell what stays, and why' },
  ],
  details: [
    "This user's: at the usual place, and where owner files say; with -u of that uid alone, with -c also where that file has its state. On a terminal you are asked first.",
    "Holds, history and auto logs go along; logs elsewhere, and what is not procman's, stay. What lives, is locked, or cannot be proven dead is never touched.",
  ],
  examples: ['delete-old-status-files --dry-run', 'delete-old-status-files -y', 'delete-old-status-files --json'],
  run: async (context, given) => {
    const { findOldStates, removeState, renderOldStates } = await context.io.examination();
    const { io, surroundings } = context;
    const states = findOldStates(surroundings, io.now().getTime(), await onlyOf(context, given));
    const old = states.filter(({ why }) => why === undefined);
    const kept = states.filter(({ why }) => why !== undefined);
    const isDry = given.switches.has('dry-run');
    if (!context.json) {
      if (given.switches.has('verbose'))
        for (const { uid, stateDir, why } of kept) io.out(`${uid}  ${stateDir}  stays: ${why ?? ''}\n`);
      io.out(old.length === 0 ? 'nothing is old enough, and dead for certain\n' : renderOldStates(old, io.now()));
    }
    if (
      !isDry &&
      old.length > 0 &&
      !(await context.confirm(`remove ${old.length === 1 ? 'it' : `these ${old.length}`} for good?`))
    ) {
      return declined(context);
    }
    const removed = isDry ? [] : old.map((state) => removeState(state, surroundings, io.now().getTime()));
    const view = ({ uid, stateDir, lastRun }: (typeof states)[number]): object => ({
      uid,
      stateDir,
      lastRun: new Date(lastRun).toISOString(),
    });
    const result = {
      dryRun: isDry,
      old: old.map(view),
      removed: removed
        .filter(({ failure }) => failure === undefined)
        .map(({ uid, stateDir, left }) => ({ uid, stateDir, left })),
      failed: removed
        .filter(({ failure }) => failure !== undefined)
        .map(({ uid, stateDir, failure }) => ({ uid, stateDir, why: failure })),
      kept: kept.map((state) => ({ ...view(state), why: state.why })),
    };
    context.print(result, () =>
      removed.map(({ uid, stateDir, left, failure }) => line(uid, stateDir, left, failure)).join(''),
    );
    return result.failed.length === 0 ? clientExit.ok : clientExit.failure;
  },
};

function line(uid: string, stateDir: string, left: readonly string[], failure: string | undefined): string {
  if (failure !== undefined) return `${uid}: ERROR (${failure})\n`;
  return left.length === 0
    ? `${uid}: removed ${stateDir}\n`
    : `${uid}: removed from ${stateDir}; not procman's, and left: ${left.join(', ')}\n`;
}

/** The uid that was asked for; it has no need of a daemon. */
async function onlyOf(context: CommandContext, given: Given): Promise<Only | undefined> {
  const file = given.values.get('config');
  const uid = given.values.get('uid');
  if (given.values.has('socket'))
    throw new UsageError('this looks at state folders, not at a socket: use -u or -c instead of -s');
  if (file === undefined) return uid === undefined ? undefined : { uid };
  const { facts, errors } = (await context.io.offline()).configFacts(resolve(file));
  if (facts) return facts;
  throw new UsageError(`-c: ${errors[0] ?? `${file} names no uid`}; name the uid with -u`);
}
