import { clientExit } from '@procman/protocol/exit-codes';
import type { ListResult } from '@procman/protocol/views';
import type { Command } from '../command.ts';
import { type FoundDaemon, listDaemons } from '../find-daemon.ts';
import { renderTable } from '../render/table.ts';

export const list: Command = {
  name: 'list',
  summary: 'the daemons that run here, or ran',
  operands: [],
  options: [],
  details: ['This user\'s and root\'s. A pid of "-": it does not run now; its processes may.'],
  examples: ['list', 'list --json'],
  run: async (context) => {
    const result: ListResult = { daemons: listDaemons(context.surroundings).map(toEntry) };
    const head = ['UID', 'PID', 'VERSION', 'CONFIG', 'SOCKET'];
    const rows = result.daemons.map(({ uid, pid, version, configPath, socket }) => {
      return [uid, pid === null ? '-' : String(pid), version, configPath, socket];
    });
    const isFramed = context.style.terminal && !context.json && rows.length > 0;
    const framed = isFramed ? (await context.io.interactive()).framedTable(head, rows) : undefined;
    context.print(result, () => framed ?? plainTable(head, rows));
    if (rows.length === 0 && !context.json)
      context.io.err('no daemon runs here, or has run since the machine came up\n');
    return clientExit.ok;
  },
};

function plainTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = renderTable(
    head,
    rows.map((cells) => ({ cells })),
    { terminal: false, columns: Infinity, color: false },
  );
  return lines.map((line) => `${line}\n`).join('');
}

function toEntry({ owner, isLive }: FoundDaemon): ListResult['daemons'][number] {
  return {
    uid: owner.uid,
    pid: isLive ? owner.pid : null,
    version: owner.procman,
    configPath: owner.config,
    socket: owner.socket,
    stateDir: owner.stateDir,
    startedAt: owner.startedAt,
  };
}
