/** Dangers of what runs: as its daemon tells, and as its files do. */
import type { Row } from '@procman/protocol/views';
import { records } from './daemon-checks.ts';
import { type Check, type Finding, listed, ok, problem, skipped, type Subject, warning } from './subject.ts';

const NO_DAEMON = 'no daemon answers';

/** A check of all rows: what it looks for, and what it says where there are some. */
function ofRows(
  id: string,
  isOne: (row: Row, subject: Subject) => boolean,
  fine: string,
  found: (names: string) => Finding,
): Check {
  return {
    id,
    look: (subject) => {
      const { answers } = subject;
      if (!answers) return skipped(NO_DAEMON);
      const names = answers.rows.filter((row) => isOne(row, subject)).map(({ name }) => name);
      return names.length === 0 ? ok(fine) : found(listed(names));
    },
  };
}

const doubt = ofRows(
  'in-doubt',
  ({ state, reason }) => state === 'BLOCKED' && (reason.code === 'identity' || reason.code === 'pid-file'),
  'every process is proven',
  (names) =>
    problem(
      `${names}: something lives that may be it, and nothing is started beside it`,
      'procmanctl unblock NAME lists what lives; then --gone, --adopt PID or --kill',
    ),
);

const survivors = ofRows(
  'survivors',
  ({ state, reason }) => state === 'STOPPING' && reason.code === 'survivors',
  'nothing has outlived its stop',
  (names) =>
    problem(
      `${names}: processes have outlived SIGKILL, and nothing is started beside them`,
      'explain NAME names them; they hang in the kernel (a disk or mount that is gone?), or belong to another user',
    ),
);

/** The words are the daemon's: core/wording.ts. */
const background = ofRows(
  'forks-away',
  ({ reason }) => /forks into the background/.test(reason.message),
  'no service forks away from its supervisor',
  (names) =>
    problem(
      `${names}: it forks into the background, so it is ended and started again and again`,
      'use its foreground flag, or the command type "pid-file"',
    ),
);

const holds = ofRows(
  'old-holds',
  ({ hold }, subject) => hold !== undefined && hold.until === undefined && Date.parse(hold.since) < bootTime(subject),
  'no hold is older than the machine is up',
  (names) =>
    warning(
      `${names}: stopped by an operator before the last boot, and still held: forgotten?`,
      'procmanctl start NAME releases it',
    ),
);

/** Milliseconds since the epoch; -Infinity where the kernel does not tell. */
function bootTime({ machine }: Subject): number {
  const uptime = Number(machine.text('/proc/uptime')?.split(' ', 1)[0] ?? NaN);
  return Number.isNaN(uptime) ? -Infinity : machine.now() - uptime * 1000;
}

const stale = ofRows(
  'stale',
  (row) => row.stale,
  'what runs is as it is defined now',
  (names) =>
    warning(
      `${names}: running with an older definition; after the next end it comes up with the new one, untried`,
      'procmanctl restart NAME, at a time that suits',
    ),
);

const zombies = ofRows(
  'zombies',
  (row) => (row.zombies ?? 0) > 0,
  'no service leaves zombies',
  (names) =>
    warning(
      `${names}: it does not reap its children, and each takes a pid`,
      'mend the service, or let it restart; max-run-time does that by the clock',
    ),
);

const launchers: Check = {
  id: 'launchers',
  look: (subject) => {
    const bare = records(subject).filter(({ isAlive, launcherIsAlive }) => isAlive && !launcherIsAlive);
    if (bare.length === 0) return ok('every run has its launcher');
    return warning(
      `${listed(bare.map(({ stem }) => stem))}: the launcher was killed (the service lives): its exit code will be unknown`,
      'procmanctl restart NAME, when it suits; find out who kills sh processes (pkill -f?)',
    );
  },
};

export const RUN_CHECKS: readonly Check[] = [doubt, survivors, background, launchers, holds, stale, zombies];
