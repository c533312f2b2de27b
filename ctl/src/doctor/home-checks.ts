/** Dangers from where the daemon lives: who starts it, and what ends with a unit, a login, a terminal or a container. */
import { statFields } from '@procman/daemon/effects/stat-fields';
import { cgroupOf } from './machine-checks.ts';
import {
  type Check,
  configPathOf,
  daemonPid,
  daemonUser,
  type Finding,
  ok,
  problem,
  skipped,
  type Subject,
  warning,
} from './subject.ts';

const RUN_FIRST = 'no daemon runs';

/** `procmand.service` of `/system.slice/procmand.service`; of a user's systemd its own unit below `user@1000.service`. */
function unitOf(subject: Subject): { name: string; isUser: boolean } | undefined {
  const path = cgroupOf(subject)?.split('/') ?? [];
  const manager = path.findIndex((part) => /^user@\d+\.service$/.test(part));
  const within = path.slice(manager + 1).filter((part) => part.endsWith('.service'));
  const name = within.at(-1);
  return name === undefined ? undefined : { name, isUser: manager >= 0 };
}

const PROPERTIES = [
  'KillMode',
  'OOMPolicy',
  'Restart',
  'ExecStop',
  'PrivateTmp',
  'StartLimitIntervalUSec',
  'UnitFileState',
];

function propertiesOf(
  { machine }: Subject,
  { name, isUser }: { name: string; isUser: boolean },
): Map<string, string> | undefined {
  const words = [...(isUser ? ['--user'] : []), 'show', name, '-p', PROPERTIES.join(',')];
  const told = machine.run('systemctl', words);
  if (told?.code !== 0) return undefined;
  return new Map(
    told.stdout.split('\n').map((line) => [line.split('=', 1)[0] ?? '', line.slice(line.indexOf('=') + 1)]),
  );
}

const unit: Check = {
  id: 'systemd-unit',
  look: (subject) => {
    if (daemonPid(subject) === undefined) return skipped(RUN_FIRST);
    const found = unitOf(subject);
    if (!found) return ok('the daemon is in no unit of systemd');
    const properties = propertiesOf(subject, found);
    if (!properties) return skipped(`systemctl does not tell about ${found.name}`);
    const edit = (line: string): string => `systemctl ${found.isUser ? '--user ' : ''}edit ${found.name}: ${line}`;
    return unitDanger(found.name, properties, edit) ?? ok(`${found.name} leaves the services alone`);
  },
};

/** The gravest first. */
function unitDanger(
  name: string,
  properties: ReadonlyMap<string, string>,
  edit: (line: string) => string,
): Finding | undefined {
  const is = (key: string, ...values: string[]): boolean => values.includes(properties.get(key) ?? '');
  const { onExitOfOne, restart } = {
    onExitOfOne: properties.get('OOMPolicy'),
    restart: properties.get('Restart'),
  };
  if (!is('KillMode', 'process', 'none')) {
    const mode = properties.get('KillMode') ?? '?';
    return problem(
      `stopping or restarting ${name} kills every service: its KillMode is ${mode}`,
      edit('[Service] KillMode=process'),
    );
  }
  if (onExitOfOne === 'stop' || onExitOfOne === 'kill') {
    return problem(
      `a service that the kernel kills for its memory ends ${name}: OOMPolicy=${onExitOfOne}`,
      edit('[Service] OOMPolicy=continue'),
    );
  }
  if (is('Restart', 'no', 'on-success')) {
    return warning(
      `nobody starts the daemon again when it has died: Restart=${restart ?? ''}`,
      edit('[Service] Restart=always'),
    );
  }
  if (!is('StartLimitIntervalUSec', '0', 'infinity', '')) {
    return warning(`systemd gives up after a few quick ends of ${name}`, edit('[Unit] StartLimitIntervalSec=0'));
  }
  if (is('PrivateTmp', 'yes')) {
    return warning(
      `${name} has a /tmp of its own: services left there lose it with the next start`,
      edit('[Service] PrivateTmp=no'),
    );
  }
  if (is('ExecStop', '')) {
    return warning(
      'when the machine goes down services are killed in any order, after network and mounts have gone',
      `${edit('[Service] ExecStop=')} as in etc/procmand.service, which stops them in order`,
    );
  }
  return undefined;
}

const CONTAINER = 'the container starts it';

const boot: Check = {
  id: 'boot-start',
  look: (subject) => {
    if (daemonPid(subject) === 1) return ok(CONTAINER);
    const starters = startersOf(subject);
    if (starters.length > 1) {
      return warning(
        `several start a daemon for this configuration: ${starters.join(', ')}: one of them fails at each boot`,
        'keep one of them',
      );
    }
    if (starters.length === 1) return ok(`${starters[0] ?? ''} starts it at boot`);
    return warning(
      'nothing seems to start procmand at boot: no enabled unit, no supervisord program, no crontab',
      'procmand install --systemd -c FILE, then systemctl enable procmand; for a user: --user, and loginctl enable-linger',
    );
  },
};

/** Enabled units, and files of other supervisors, that name procmand; and this configuration, where they name any. */
function startersOf(subject: Subject): string[] {
  const { machine } = subject;
  const config = configPathOf(subject);
  const home = machine.env['HOME'] ?? '/nonexistent';
  const folders = [
    '/etc/systemd/system/multi-user.target.wants',
    '/etc/systemd/system/default.target.wants',
    `${home}/.config/systemd/user/default.target.wants`,
    '/etc/supervisor/conf.d',
    '/etc/supervisord.d',
    '/etc/init.d',
    '/etc/runit/runsvdir/default',
    '/etc/cron.d',
    '/var/spool/cron/crontabs',
  ];
  const files = folders.flatMap((folder) => machine.names(folder).map((name) => `${folder}/${name}`));
  return [...files, '/etc/rc.local', '/etc/crontab', '/etc/supervisord.conf'].filter((path) => {
    const commands = (machine.text(path) ?? '')
      .split('\n')
      .filter((line) => !/^\s*[#;]/.test(line) && /\bprocmand\b/.test(line));
    const isAtBoot = !/cron/.test(path) || commands.some((line) => line.trim().startsWith('@reboot'));
    const named = commands.flatMap((line) => line.match(/\S+\.toml\b/g) ?? []);
    return commands.length > 0 && isAtBoot && (named.length === 0 || config === undefined || named.includes(config));
  });
}

const login: Check = {
  id: 'login-session',
  look: (subject) => {
    const { machine } = subject;
    if (daemonPid(subject) === undefined) return skipped(RUN_FIRST);
    const path = cgroupOf(subject) ?? '';
    const user = nameOf(subject);
    const linger = machine.stat(`/var/lib/systemd/linger/${user}`) !== undefined;
    const mend = `loginctl enable-linger ${user}, and run it as a unit: procmand install --user --systemd`;
    if (/\/user@\d+\.service/.test(path)) {
      if (linger) return ok('its user lingers: systemd does not end with the last login');
      return problem(
        `with the last logout of ${user} systemd ends the daemon and all services: the user does not linger`,
        mend,
      );
    }
    if (!/\/session-[^/]+\.scope/.test(path)) return ok('the daemon belongs to no login');
    if (!killsAtLogout(subject, user)) return ok('the daemon was started from a login, which may end without harm');
    return problem(`logind kills the daemon and all services when ${user} logs out (KillUserProcesses=yes)`, mend);
  },
};

function nameOf(subject: Subject): string {
  const user = String(daemonUser(subject));
  const entry = (subject.machine.text('/etc/passwd') ?? '').split('\n').find((line) => line.split(':')[2] === user);
  return entry?.split(':', 1)[0] ?? user;
}

/** As logind reads its files: the last word counts, root is spared by default. */
function killsAtLogout({ machine }: Subject, user: string): boolean {
  const folders = ['/usr/lib/systemd/logind.conf.d', '/etc/systemd/logind.conf.d'];
  const parts = folders.flatMap((folder) => [...machine.names(folder)].sort().map((name) => `${folder}/${name}`));
  const text = ['/etc/systemd/logind.conf', ...parts].map((path) => machine.text(path) ?? '').join('\n');
  const last = (key: string): string | undefined =>
    [...text.matchAll(new RegExp(`^\\s*${key}\\s*=\\s*(.*?)\\s*$`, 'gm'))].at(-1)?.[1];
  if (!/^(?:yes|true|on|1)$/i.test(last('KillUserProcesses') ?? 'no')) return false;
  const only = last('KillOnlyUsers') ?? '';
  if (only !== '') return only.split(/\s+/).includes(user);
  return !(last('KillExcludeUsers') ?? 'root').split(/\s+/).includes(user);
}

const terminal: Check = {
  id: 'terminal',
  look: (subject) => {
    const pid = daemonPid(subject);
    if (pid === undefined) return skipped(RUN_FIRST);
    const stat = subject.machine.text(`/proc/${pid}/stat`) ?? '';
    // Field 7 of proc(5): tty_nr.
    const tty = Number(statFields(stat)[4] ?? 0);
    if (tty === 0) return ok('the daemon depends on no terminal');
    return warning(
      'the daemon ends when its terminal is closed (services go on, unsupervised)',
      'start it with -d, or as a unit',
    );
  },
};

const container: Check = {
  id: 'container',
  look: (subject) => {
    const { machine, owner, config } = subject;
    const pid = daemonPid(subject);
    const ours = machine.link('/proc/self/ns/pid');
    if (owner && !owner.isLive && ours !== undefined && owner.file.pidNamespace !== ours) {
      return warning(
        `the last daemon of this uid lived in another pid namespace (${owner.file.pidNamespace}): from here nobody sees whether its services live`,
        'ask from inside that container: docker exec CONTAINER procmanctl doctor',
      );
    }
    if (pid === undefined) return skipped(RUN_FIRST);
    const parent = /^PPid:\s*(\d+)$/m.exec(machine.text(`/proc/${pid}/status`) ?? '')?.[1];
    const isFirst = pid === 1 || (parent === '1' && /procmand/.test(machine.text('/proc/1/cmdline') ?? ''));
    if (!isFirst) return ok('the daemon is not what a container lives by');
    if (config?.facts?.onExit === 'leave') {
      return warning(
        'with the daemon, PID 1, the container ends and kills what on-exit = "leave" leaves',
        'on-exit = "stop", the default there, stops services in order',
      );
    }
    return ok('PID 1 of a container: services end with it, in order');
  },
};

export const HOME_CHECKS: readonly Check[] = [unit, boot, login, terminal, container];
