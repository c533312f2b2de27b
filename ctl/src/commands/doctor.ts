import { isFailure } from '@procman/protocol/errors';
import { clientExit } from '@procman/protocol/exit-codes';
import type { StatusResult } from '@procman/protocol/views';
import { resolve } from 'node:path';
import type { Command, Given } from '../command.ts';
import type { CommandContext } from '../context.ts';
import type { Answers, Subject } from '../doctor/subject.ts';
import { Failure, Interrupted, toFailure } from '../failure.ts';
import { type FoundDaemon, listDaemons } from '../find-daemon.ts';
import { OutputClosed } from '../io.ts';

/** A daemon that is busy answers within this; one that is stopped never does. */
const PATIENCE_MS = 10_000;

export const doctor: Command = {
  name: 'doctor',
  summary: 'what endangers the services and their supervision here, each with its mend',
  operands: [],
  options: [{ long: 'verbose', summary: 'also what is well, and what could not be looked at (also -v)' }],
  details: [
    'Looks at the daemon, its configuration, files and home, and at the machine; without a daemon at what there is.',
    'Exit code 1 where there is a problem; a warning is none.',
  ],
  examples: ['doctor', 'doctor --verbose', '-c procman.toml doctor', 'doctor --json'],
  run: async (context, given) => {
    const { examine, realMachine, renderDoctor } = await context.io.examination();
    const machine = realMachine(context.io.env, context.io.now);
    const result = examine({ machine, ...(await subjectOf(context, given)) });
    // -v alone is the client's version; behind this command it can only mean this.
    const verbose = given.switches.has('verbose') || given.switches.has('version');
    context.print(result, () => renderDoctor(result, context.style, verbose));
    return result.ok ? clientExit.ok : clientExit.failure;
  },
};

async function subjectOf(context: CommandContext, given: Given): Promise<Omit<Subject, 'machine'>> {
  const file = given.values.get('config');
  const asked = await askDaemon(context);
  const found = listDaemons(context.surroundings);
  const wanted = file === undefined ? undefined : (await context.io.offline()).configFacts(resolve(file));
  const uid = asked.answers?.daemon.uid ?? wanted?.facts?.uid ?? given.values.get('uid');
  const owner = ownerOf(found, uid, wanted?.path);
  const path = asked.answers?.daemon.configPath ?? owner?.owner.config;
  const config = wanted ?? (path === undefined ? undefined : (await context.io.offline()).configFacts(path));
  const twins = found.filter(
    ({ owner: { config: other, uid: its }, isLive }) => isLive && other === config?.path && its !== uid,
  );
  return {
    ...asked,
    config,
    owner: owner && { file: owner.owner, isLive: owner.isLive },
    twins: uid === undefined ? [] : twins.map(({ owner: other }) => other),
  };
}

/** The daemon that was asked for; where none was, and none answers, the only one that ever ran here. */
function ownerOf(
  found: readonly FoundDaemon[],
  uid: string | undefined,
  config: string | undefined,
): FoundDaemon | undefined {
  if (uid !== undefined) return found.find(({ owner }) => owner.uid === uid);
  if (config !== undefined) return found.find(({ owner }) => owner.config === config);
  return found.length === 1 ? found[0] : undefined;
}

async function askDaemon(context: CommandContext): Promise<{ answers?: Answers; silence?: string }> {
  try {
    const { daemon, processes } = await inTime<StatusResult>(context.call('status', {}));
    return { answers: { daemon, rows: processes, eventsTrouble: await eventsTrouble(context) } };
  } catch (error) {
    const failure = toFailure(error);
    // Which one is meant has to be known; that none answers is a finding.
    if (error instanceof Interrupted || error instanceof OutputClosed || failure.code === 'several-daemons')
      throw error;
    return { silence: failure.message };
  }
}

async function eventsTrouble(context: CommandContext): Promise<string | undefined> {
  try {
    await inTime(context.call('events', { limit: 1 }));
    return undefined;
  } catch (error) {
    if (error instanceof Interrupted) throw error;
    // Another error is one of asking: a daemon of another version, a monitor socket.
    return isFailure(error, 'unavailable') ? error.data.why : undefined;
  }
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(
          new Failure('no answer within 10 s: is it stopped?', { exitCode: clientExit.unreachable, code: 'no-answer' }),
        ),
      PATIENCE_MS,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
