/** `command`: a line for the shell, the details in its environment and, as JSON, on its stdin. */
import type { MessageView } from '../core/notify/message.ts';
import { run, type Program } from './run.ts';

/** Linux takes no longer single string (MAX_ARG_STRLEN, 128 KiB); the whole is on stdin. */
const LONGEST_VALUE = 16_384;

export function runCommand(
  line: string,
  message: MessageView,
  around: Pick<Program, 'directory' | 'env' | 'timeout' | 'signal'>,
): Promise<void> {
  const env = { ...around.env, ...variablesOf(message) };
  return run({ ...around, env, file: '/bin/sh', args: ['-c', line], stdin: `${JSON.stringify(message)}\n` });
}

/** `PROCMAN_NOTIFY_*`, as docs/notify.md has them. Names are apart by commas, which no name has. */
function variablesOf({ notify, summary, text, notices, test, uid, host }: MessageView): Record<string, string> {
  const unique = (all: readonly (string | undefined)[]): string =>
    [...new Set(all.filter((one) => one !== undefined))].join(',');
  const values = {
    NAME: notify,
    SUMMARY: summary,
    TEXT: text,
    KINDS: unique(notices.map(({ kind }) => kind)),
    PROCESSES: unique(notices.map(({ name }) => name)),
    TEST: test ? '1' : '0',
    UID: uid,
    HOST: host,
  };
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      `PROCMAN_NOTIFY_${name}`,
      value.replaceAll('\0', '?').slice(0, LONGEST_VALUE),
    ]),
  );
}
