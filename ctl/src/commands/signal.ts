import { parseSignal, signalNumbers } from '@procman/protocol/signals';
import type { Command } from '../command.ts';
import { UsageError } from '../failure.ts';
import { nearest } from '../text/nearest.ts';
import { finishAct } from './act.ts';

export const signal: Command = {
  name: 'signal',
  summary: 'send a signal to the main process',
  operands: [
    { label: 'SIGNAL', kind: 'signal' },
    { label: 'NAME', kind: 'name', repeated: true },
  ],
  options: [],
  details: ['SIGNAL is TERM, SIGTERM or 15. To end a process use "stop": after a signal it is started again.'],
  examples: ['signal HUP nginx', 'signal USR1 worker:*'],
  run: async (context, given) => {
    const [text = '', ...names] = given.operands;
    const name = parseSignal(text);
    if (name === undefined) throw noSignal(text);
    return finishAct(context, 'signal', await context.call('signal', { signal: name, names }));
  },
};

function noSignal(text: string): UsageError {
  const meant = nearest(text.toUpperCase().replace(/^SIG/, ''), Object.keys(signalNumbers));
  const proposal = meant === undefined ? '' : `; did you mean "${meant}"?`;
  return new UsageError(`"${text}" is no signal; write TERM, SIGTERM or 15${proposal}`);
}
