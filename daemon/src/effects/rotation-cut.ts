/**
 * Takes what has been copied out of a live log file: punches it out, and collapses the hole where the file system can. Done by
 * one child under the log's lock, because the child may outlive the daemon: a punch or collapse of an earlier daemon that came
 * late would hit text that was never copied. Under the lock it first looks whether the name still asks for it.
 */
import { spawn } from 'node:child_process';
import script from './rotation-cut.sh';

export interface Cut {
  readonly live: string;
  /** Names of the backup in the making, as it goes on. */
  readonly done: string;
  readonly punched: string;
  readonly collapsed: string;
  readonly from: number;
  readonly to: number;
  readonly collapse: boolean;
}

/** Open descriptors. */
export interface CutFiles {
  readonly live: number;
  readonly lock: number;
  readonly folder: number;
}

export type CutOutcome =
  /** The live file has become shorter by `to` just now. */
  | 'collapsed'
  /** It had been collapsed before, or was emptied. */
  | 'was-collapsed'
  /** Punched out only, as it is wanted, or because the file system can do no more. */
  | 'kept'
  /** The name is not there any more: look again. */
  | 'gone';

/** The file system, or its rights, do not allow it: no use to try again soon. */
export class CannotRotate extends Error {}

/** How long another one may hold the lock, in seconds. */
const PATIENCE = 30;
const LOCKED = 75;
const WITNESS = 64 * 1024;
const ENVIRONMENT = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };
/** What file systems answer that cannot do it, in the words of the C library. */
const REFUSED = /not supported|Invalid argument/;

/** @throws CannotRotate where the file system cannot even punch; Error for anything that may pass */
export async function cut(given: Cut, files: CutFiles): Promise<CutOutcome> {
  const { live, done, punched, collapsed, from, to, collapse } = given;
  const numbers = [from, to - from, to].map(String);
  const last = [collapse ? 'collapse' : 'keep', String(Math.min(to, WITNESS))];
  const { code, text } = await run([live, done, punched, collapsed, ...numbers, ...last], files);
  switch (code) {
    case 0:
      return 'collapsed';
    case 10:
      return 'kept';
    case 11:
      return 'was-collapsed';
    case 12:
      if (REFUSED.test(text)) throw new CannotRotate(`its file system cannot punch holes (${text})`);
      break;
    case 13:
      return 'gone';
    case 14:
      throw new Error('it was replaced meanwhile');
    case 15:
      if (REFUSED.test(text)) return 'kept';
      break;
    case LOCKED:
      throw new Error(`another rotation has held its lock for ${PATIENCE} s`);
    default:
  }
  throw new Error(`cutting it failed with ${code ?? 'a signal'}${text === '' ? '' : `: ${text}`}`);
}

/** In a session of its own: a Ctrl-C on the daemon's terminal is none of its business. */
function run(words: readonly string[], files: CutFiles): Promise<{ code: number | null; text: string }> {
  const locked = ['-w', String(PATIENCE), '-E', String(LOCKED), '/proc/self/fd/4'];
  const child = spawn('flock', [...locked, '/bin/sh', '-c', script, 'rotation-cut', ...words], {
    cwd: '/',
    detached: true,
    env: ENVIRONMENT,
    stdio: ['ignore', 'ignore', 'pipe', files.live, files.lock, files.folder],
  });
  let text = '';
  child.stderr?.setEncoding('utf8').on('data', (more: string) => (text = (text + more).slice(-1000)));
  return new Promise((resolve, reject) => {
    child.on('error', (error) => reject(new Error(`flock cannot be started: ${error.message}`)));
    child.on('close', (code) => resolve({ code, text: text.trim() }));
  });
}
