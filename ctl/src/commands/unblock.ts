import type { Params } from '@procman/protocol/contract';
import type { Command, Given } from '../command.ts';
import { UsageError } from '../failure.ts';
import { finishAct, goesOn } from './act.ts';
import { namesOf, SOME_NAMES, WAITING_OPTIONS, waitingParams } from './options.ts';

export const unblock: Command = {
  name: 'unblock',
  summary: 'try BLOCKED, BACKOFF and FATAL ones again now; resolve what is in doubt',
  operands: SOME_NAMES,
  options: [
    { long: 'gone', summary: 'in doubt: nothing of it is left, go on' },
    { long: 'adopt', value: 'PID', summary: 'in doubt: this process is it' },
    { long: 'kill', summary: 'in doubt: end the candidates, then go on' },
    ...WAITING_OPTIONS,
  ],
  details: [
    'Clears the counters of failed starts and runs. A hold ("stop") is never touched.',
    'In doubt and without an option: candidates that are alive are listed, and nothing is changed.',
  ],
  examples: ['unblock worker', 'unblock db --adopt 1234', 'unblock db --gone'],
  run: async (context, given) => {
    const resolution = resolutionOf(given);
    const params = {
      names: namesOf(given),
      ...waitingParams(given),
      ...(resolution === undefined ? {} : { resolution }),
    };
    return finishAct(context, 'unblock', await context.call('unblock', params, goesOn('unblock')));
  },
};

function resolutionOf(given: Given): Params<'unblock'>['resolution'] {
  const pid = given.values.get('adopt');
  const chosen = [given.switches.has('gone'), given.switches.has('kill'), pid !== undefined].filter(Boolean);
  if (chosen.length > 1) throw new UsageError('choose one of --gone, --adopt and --kill');
  if (pid !== undefined) return { adopt: parsePid(pid) };
  if (given.switches.has('gone')) return 'gone';
  return given.switches.has('kill') ? 'kill' : undefined;
}

function parsePid(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new UsageError(`--adopt: "${text}" is no process id`);
  return Number(text);
}
