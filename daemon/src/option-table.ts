/**
 * The command line of procmand, each option once: what is parsed, `--help`, the completion of shells and the manual page are
 * all made of it.
 */

export interface DaemonOption {
  readonly long: string;
  readonly short?: string;
  /** Label of its value; without one the option is a switch. */
  readonly value?: string;
  readonly valueKind?: 'file' | 'text';
  /** All that its value may be. */
  readonly values?: readonly string[];
  readonly summary: string;
  /** Another spelling, for those who come from elsewhere: taken, and told nowhere. */
  readonly hidden?: true;
}

export interface DaemonVerb {
  readonly name: string;
  readonly summary: string;
  readonly operands: readonly { label: string; kind: 'file'; optional: true }[];
  readonly options: readonly DaemonOption[];
}

const LEVELS = ['critical', 'error', 'warning', 'info', 'debug'];
const FILE = { value: 'FILE', valueKind: 'file' } as const;
const DIR = { value: 'DIR', valueKind: 'file' } as const;

const HELP: DaemonOption = { long: 'help', short: 'h', summary: 'show this help' };

export const RUN_OPTIONS: readonly DaemonOption[] = [
  { long: 'config', short: 'c', ...FILE, summary: 'the configuration file' },
  { long: 'configuration', ...FILE, hidden: true, summary: '' },
  { long: 'daemonize', short: 'd', summary: 'go into the background once it serves' },
  { long: 'log-file', short: 'l', ...FILE, summary: "the daemon's log: a path, - for stderr, or syslog" },
  { long: 'logfile', ...FILE, hidden: true, summary: '' },
  { long: 'log-level', short: 'e', value: 'LEVEL', values: LEVELS, summary: 'how much it logs' },
  { long: 'loglevel', value: 'LEVEL', values: LEVELS, hidden: true, summary: '' },
  { long: 'child-log-dir', short: 'q', ...DIR, summary: "folder of the services' automatic logs" },
  { long: 'childlogdir', ...DIR, hidden: true, summary: '' },
  { long: 'no-cleanup', short: 'k', summary: 'keep the automatic logs of processes that are gone' },
  { long: 'nocleanup', hidden: true, summary: '' },
  { long: 'state-dir', ...DIR, summary: 'folder of the state' },
  { long: 'socket', ...FILE, summary: 'control socket' },
  { long: 'on-exit', value: 'WHAT', values: ['leave', 'stop'], summary: 'what a SIGTERM does with the services' },
  { long: 'stream', summary: "copy the services' output to stdout, with [name] before each line" },
  { long: 'last-good', summary: 'with a broken configuration, go on with the last one that was applied' },
];

/** Made by the parser itself; for completion and the manual page. */
export const RUN_BUILT_IN: readonly DaemonOption[] = [
  { long: 'version', short: 'v', summary: 'show the version' },
  HELP,
];

export const FILE_SUMMARY =
  'configuration file; without it the first of ../etc/procman.toml and ../procman.toml beside the command, ./procman.toml, ./etc/procman.toml, /etc/procman.toml, /etc/procman/procman.toml';

export const RUN_EXAMPLES: readonly (readonly [command: string, what: string])[] = [
  ['procmand', 'run in the foreground with the first configuration found'],
  ['procmand -c procman.toml -d', 'run in the background'],
  ['procmand -c new.toml --last-good', 'start even if new.toml is broken'],
  ['procmand install --systemd', 'links in /usr/local/bin, and a unit; see "procmand install --help"'],
];

export const RUN_SIGNALS: readonly (readonly [signals: string, what: string])[] = [
  ['SIGHUP', 'loads the configuration again, as `procmanctl update` does'],
  [
    'SIGTERM, SIGINT, SIGQUIT',
    'end the daemon: services go on, unless on-exit is "stop"; a second one while they are being stopped leaves the rest',
  ],
  ['SIGUSR2', 'opens the log file again'],
];

/** Both of `install` and `uninstall`. */
export const PLACE_OPTIONS: readonly DaemonOption[] = [
  { long: 'user', summary: 'for you only: ~/.local/bin instead of /usr/local/bin, and your own systemd' },
  { long: 'prefix', ...DIR, summary: 'DIR/bin instead of /usr/local/bin or ~/.local/bin' },
  { long: 'destdir', ...DIR, summary: 'for packages: write everything below DIR, as if that were /' },
  { long: 'dry-run', summary: 'only say what would be done' },
];

export const INSTALL_OPTIONS: readonly DaemonOption[] = [
  { long: 'systemd', summary: 'also write the unit procmand.service' },
  {
    long: 'config',
    short: 'c',
    ...FILE,
    summary: 'configuration that the unit starts procmand with; else the first that is found',
  },
  { long: 'link', value: 'NAME', summary: 'one more link to procmand, with this name; may be repeated' },
];

export const BARE_OPERANDS = [{ label: 'FILE', kind: 'file', optional: true }] as const;

export const DAEMON_VERBS: readonly DaemonVerb[] = [
  {
    name: 'run',
    summary: 'run the daemon; the word may be left out',
    operands: BARE_OPERANDS,
    options: [...RUN_OPTIONS, ...RUN_BUILT_IN],
  },
  {
    name: 'install',
    summary:
      'Makes links to procmand and procmanctl in a folder of PATH. Replaces nothing that it has not made itself; `procmand uninstall` undoes it.',
    operands: [],
    options: [...INSTALL_OPTIONS, ...PLACE_OPTIONS, HELP],
  },
  {
    name: 'uninstall',
    summary:
      'Removes the links and the unit that `procmand install` made, nothing else. Services and a running daemon are not touched.',
    operands: [],
    options: [...PLACE_OPTIONS, HELP],
  },
];

/** As commander wants it: `-c, --config <FILE>`. */
export function flagsOf({ long, short, value }: DaemonOption): string {
  return `${short === undefined ? '' : `-${short}, `}--${long}${value === undefined ? '' : ` <${value}>`}`;
}
