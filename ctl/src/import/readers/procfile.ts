/** Reads a Procfile, as foreman, honcho and Heroku have it: `NAME: COMMAND FOR A SHELL`. */
import { dirname, join } from 'node:path';
import { parseEnvFile } from '@procman/daemon/config/env-file';
import { plainText, shellCommand } from '../command-words.ts';
import { type Place, ProcessTable } from '../draft.ts';
import { type Reader, type Reading, type Source } from '../reading.ts';

const LINE = /^([A-Za-z0-9_-]+):\s*(.+)$/;

export const procfile: Reader = {
  read: (sources, reading) => {
    for (const source of sources) readOne(source, reading);
  },
};

/** foreman's: 5000 for the first, and a hundred more for each further one. */
const FIRST_PORT = 5000;
const PORT_STEP = 100;

function readOne({ path, text }: Source, reading: Reading): void {
  const folder = dirname(path);
  const env = envFileIn(folder, reading);
  let port = env?.port ?? FIRST_PORT;
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    const place: Place = { file: path, line: index + 1 };
    if (/^\s*(#.*)?$/.test(line)) continue;
    const [, name = '', command = ''] = LINE.exec(line.trim()) ?? [];
    if (name === '') {
      reading.error(place, 'is no process', { found: JSON.stringify(line), allowed: 'NAME: COMMAND, or a # comment' });
      continue;
    }
    const table = new ProcessTable(name, place);
    table.set('command', shellCommand(plainText(command.trim())));
    table.set('work-dir', plainText(folder));
    if (env !== undefined) table.set('env-file', plainText(env.path));
    table.setIn('env', 'PORT', String(port));
    if (name === 'release') table.remark(place, 'release', RELEASE);
    if (reading.claim(name, place)) reading.draft.add(table);
    port += PORT_STEP;
  }
}

const RELEASE =
  'Heroku runs it once before the others: for this write one-shot = true here, and depends-on = ["release"] with them';

/** `.env` beside it is read by foreman and honcho; a PORT in it is where they begin to count. */
function envFileIn(folder: string, reading: Reading): { path: string; port: number | undefined } | undefined {
  const path = join(folder, '.env');
  const text = reading.machine.read(path);
  if (text === undefined) return undefined;
  const port = parseEnvFile(text, path).variables['PORT'];
  return { path, port: port !== undefined && /^\d+$/.test(port) ? Number(port) : undefined };
}
