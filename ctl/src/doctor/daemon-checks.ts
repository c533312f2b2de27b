/** Dangers of the daemon and its configuration. */
import type { ProcessIdentity } from '@procman/daemon/core/model';
import { parseRecord } from '@procman/daemon/effects/launch-files';
import { statFields } from '@procman/daemon/effects/stat-fields';
import { dirname } from 'node:path';
import {
  type Check,
  configPathOf,
  daemonPid,
  daemonUser,
  listed,
  ok,
  problem,
  skipped,
  stateDirOf,
  type Subject,
  warning,
} from './subject.ts';

const NO_DAEMON = 'no daemon answers';
const NO_CONFIG = 'no configuration is known: name one with -c FILE';

const supervised: Check = {
  id: 'daemon',
  look: (subject) => {
    const { answers, owner, silence } = subject;
    if (typeof answers?.daemon.pid === 'number') return ok(`the daemon answers, pid ${answers.daemon.pid}`);
    const config = configPathOf(subject);
    const start = `procmand run ${config ?? 'FILE'} -d; then look why it ended: procmanctl logs --daemon`;
    if (owner?.isLive === true) {
      return problem(
        `the daemon lives (pid ${owner.file.pid}) and cannot be asked: ${silence ?? 'no answer'}`,
        'look at its log; a restart harms no service: systemctl restart procmand',
      );
    }
    const alive = liveRuns(subject);
    if (alive.length > 0)
      return problem(
        `no daemon runs, and ${alive.length} processes that it started do: nobody starts them again`,
        start,
      );
    return owner || config !== undefined
      ? warning('no daemon runs', start)
      : skipped('no daemon has run here since the machine came up');
  },
};

/** Stems whose record names a process that lives: pid and start time. */
function liveRuns(subject: Subject): string[] {
  return records(subject)
    .filter(({ isAlive }) => isAlive)
    .map(({ stem }) => stem);
}

export interface RecordSeen {
  readonly stem: string;
  readonly isAlive: boolean;
  readonly launcherIsAlive: boolean;
}

/** Those of this boot that can be read. */
export function records(subject: Subject): RecordSeen[] {
  const { machine } = subject;
  const folder = stateDirOf(subject);
  const boot = machine.text('/proc/sys/kernel/random/boot_id')?.trim();
  if (folder === undefined) return [];
  return machine.names(`${folder}/runs/record`).flatMap((stem) => {
    const record = parseRecord(machine.text(`${folder}/runs/record/${stem}`) ?? '');
    if (record === undefined || record.process.bootId !== boot) return [];
    const lives = ({ pid, startTicks }: ProcessIdentity): boolean => {
      const stat = machine.text(`/proc/${pid}/stat`) ?? '';
      const fields = statFields(stat);
      return stat !== '' && fields[0] !== 'Z' && fields[19] === String(startTicks);
    };
    return [{ stem, isAlive: lives(record.process), launcherIsAlive: lives(record.launcher) }];
  });
}

/** Each is as `check` prints it, with its mend on a line of its own; that follows with the rest from `check`. */
function firstOf(errors: readonly string[]): string {
  const [first = ''] = errors;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  return `${first.split('\n')[0] ?? ''}${more}`;
}

const configFile: Check = {
  id: 'config',
  look: ({ config, answers }) => {
    if (!config) return skipped(NO_CONFIG);
    const told = answers?.daemon.configError?.problems.length;
    if (config.errors.length > 0) {
      return problem(
        `${config.path} is broken, and no daemon starts with it: ${firstOf(config.errors)}`,
        `procmanctl check ${config.path}; until it is mended: procmand --last-good`,
      );
    }
    if (told !== undefined)
      return problem(
        `the daemon could not load ${config.path} when it last looked (${told} problems)`,
        'procmanctl update',
      );
    return ok(
      config.warnings === 0
        ? `${config.path} is sound`
        : `${config.path} loads, with ${config.warnings} warnings: procmanctl check tells them`,
    );
  },
};

const applied: Check = {
  id: 'config-applied',
  look: (subject) => {
    const { config, answers, machine } = subject;
    const folder = stateDirOf(subject);
    if (!answers) return skipped(NO_DAEMON);
    const { heldReload } = answers.daemon;
    if (heldReload) {
      return problem(
        `a reload is held, because it would stop ${listed(heldReload.stops)} for good`,
        'procmanctl plan shows it; procmanctl update confirms it, or put back what is missing',
      );
    }
    const last = folder === undefined ? undefined : machine.text(`${folder}/config.last.toml`);
    if (last === undefined || config?.text === undefined || config.errors.length > 0)
      return skipped('what is applied cannot be compared with the file');
    // `text` gives the beginning of a long file.
    if (config.text.startsWith(last) && (config.text.length === last.length || last.length > 60_000))
      return ok('the daemon works with the file as it is');
    return warning(
      `${config.path} has changed, and the daemon works with what it was`,
      'procmanctl plan shows the difference; procmanctl update applies it',
    );
  },
};

const permissions: Check = {
  id: 'config-permissions',
  look: (subject) => {
    const { machine, config } = subject;
    if (!config) return skipped(NO_CONFIG);
    const user = daemonUser(subject);
    const files = config.facts?.files ?? [config.path];
    const places = [...new Set([...files, ...files.map((file) => dirname(file))])];
    const open = places.filter((path) => {
      const seen = machine.stat(path);
      if (!seen) return false;
      // Below a sticky folder only the owner may replace a file.
      const sticky = seen.kind === 'folder' && (seen.mode & 0o1000) !== 0;
      return (seen.uid !== 0 && seen.uid !== user) || ((seen.mode & 0o002) !== 0 && !sticky);
    });
    if (open.length === 0) return ok('nobody else may write the configuration');
    const message = `others may write ${listed(open)}, and with it decide what the daemon runs`;
    const mend = `chown and chmod o-w them; also folders count: whoever may write there may replace the file`;
    return user === 0 ? problem(`${message} as root`, mend) : warning(message, mend);
  },
};

const versions: Check = {
  id: 'versions',
  look: ({ machine, answers }) => {
    if (!answers) return skipped(NO_DAEMON);
    const { version } = answers.daemon;
    if (version === machine.clientVersion) return ok(`client and daemon are ${version}`);
    return warning(
      `the daemon is ${version}, the client ${machine.clientVersion}`,
      'restart the daemon (services go on): procmanctl shutdown --leave-running, then procmand -d; or systemctl restart procmand',
    );
  },
};

const program: Check = {
  id: 'daemon-program',
  look: (subject) => {
    const { machine } = subject;
    const pid = daemonPid(subject);
    if (pid === undefined) return skipped(NO_DAEMON);
    const words = machine.text(`/proc/${pid}/cmdline`)?.split('\0') ?? [];
    const bundle = words.find((word) => word.endsWith('.cjs'));
    const restart = 'restart the daemon (services go on)';
    if (/ \(deleted\)$/.test(machine.link(`/proc/${pid}/exe`) ?? '')) {
      return warning('the Node.js that the daemon runs on was replaced or removed since it started', restart);
    }
    if (bundle === undefined) return skipped('the command line of the daemon cannot be read');
    const seen = machine.stat(bundle);
    if (!seen)
      return problem(
        `${bundle} is gone: the daemon cannot be started again`,
        'install procman again, at a place that stays',
      );
    const { startedAt } = subject.answers?.daemon ?? subject.owner?.file ?? {};
    if (startedAt === undefined || seen.modifiedAt <= Date.parse(startedAt))
      return ok('the daemon runs what is installed');
    return warning(`${bundle} is newer than the daemon: it was upgraded, and the old one still runs`, restart);
  },
};

const history: Check = {
  id: 'events',
  look: ({ answers }) => {
    if (!answers) return skipped(NO_DAEMON);
    if (answers.eventsTrouble === undefined) return ok('the history is kept');
    return warning(
      `the history cannot be read: ${answers.eventsTrouble}`,
      'supervision goes on without it; look at the log, and at the room on the disk; the next daemon starts it anew',
    );
  },
};

export const DAEMON_CHECKS: readonly Check[] = [
  supervised,
  configFile,
  applied,
  permissions,
  versions,
  program,
  history,
];
