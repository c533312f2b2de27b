/** The command line of procmand (SPEC 8). Flags win over the file, also after a reload. */
import { resolve } from 'node:path';
import { Command, CommanderError, Option } from 'commander';
import { daemonExit } from '@procman/protocol/exit-codes';
import type { DaemonTable } from './config/load.ts';

export interface DaemonOptions {
  /** Absolute; undefined: the search order decides. */
  readonly config: string | undefined;
  readonly daemonize: boolean;
  readonly lastGood: boolean;
  readonly overrides: Partial<DaemonTable>;
}

export type ParsedOptions =
  { readonly kind: 'run'; readonly options: DaemonOptions } | { readonly kind: 'done'; readonly exitCode: number };

interface Flags {
  config?: string;
  configuration?: string;
  daemonize?: true;
  logFile?: string;
  logfile?: string;
  logLevel?: DaemonTable['logLevel'];
  loglevel?: DaemonTable['logLevel'];
  childLogDir?: string;
  childlogdir?: string;
  /** false with `--no-cleanup`. */
  cleanup?: boolean;
  nocleanup?: true;
  stateDir?: string;
  socket?: string;
  onExit?: 'leave' | 'stop';
  stream?: true;
  lastGood?: true;
}

const LEVELS = ['critical', 'error', 'warning', 'info', 'debug'];
const hidden = (flags: string): Option => new Option(flags).hideHelp();

/** @param argv without node and script */
export function parseOptions(argv: readonly string[], version: string): ParsedOptions {
  let parsed: ParsedOptions = { kind: 'done', exitCode: daemonExit.ok };
  const program = withFlags(new Command('procmand'))
    .usage('[run] [OPTION..] [FILE]\n       procmand install|uninstall [OPTION..]')
    .description('Starts, stops and watches the services of one configuration file. Services outlive it.')
    .version(`procmand ${version}`, '-v, --version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .exitOverride()
    .showHelpAfterError('(`procmand --help` lists what is allowed)')
    .addHelpText('after', examples)
    .action((file: string | undefined, flags: Flags) => {
      parsed = { kind: 'run', options: fromFlags(file, flags) };
    });
  try {
    program.parse(withoutVerb(argv), { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { kind: 'done', exitCode: error.exitCode === 0 ? daemonExit.ok : daemonExit.usage };
  }
  return parsed;
}

/** `run` may be left out: there is nothing else to do. */
function withoutVerb([first, ...others]: readonly string[]): string[] {
  if (first === undefined) return [];
  if (first === 'help') return ['--help'];
  return first === 'run' ? others : [first, ...others];
}

function withFlags(command: Command): Command {
  return command
    .argument(
      '[FILE]',
      'configuration file; without it the first of ../etc/procman.toml and ../procman.toml beside the command, ./procman.toml, ./etc/procman.toml, /etc/procman.toml, /etc/procman/procman.toml',
    )
    .option('-c, --config <FILE>', 'the configuration file')
    .addOption(hidden('--configuration <FILE>'))
    .option('-d, --daemonize', 'go into the background once it serves')
    .option('-l, --log-file <FILE>', "the daemon's log: a path, - for stderr, or syslog")
    .addOption(hidden('--logfile <FILE>'))
    .addOption(new Option('-e, --log-level <LEVEL>', 'how much it logs').choices(LEVELS))
    .addOption(hidden('--loglevel <LEVEL>').choices(LEVELS))
    .option('-q, --child-log-dir <DIR>', "folder of the services' automatic logs")
    .addOption(hidden('--childlogdir <DIR>'))
    .option('-k, --no-cleanup', 'keep the automatic logs of processes that are gone')
    .addOption(hidden('--nocleanup'))
    .option('--state-dir <DIR>', 'folder of the state')
    .option('--socket <FILE>', 'control socket')
    .addOption(new Option('--on-exit <WHAT>', 'what a SIGTERM does with the services').choices(['leave', 'stop']))
    .option('--stream', "copy the services' output to stdout, with [name] before each line")
    .option('--last-good', 'with a broken configuration, go on with the last one that was applied');
}

const examples = `
Examples:
  procmand                            run in the foreground with the first configuration found
  procmand -c procman.toml -d         run in the background
  procmand -c new.toml --last-good    start even if new.toml is broken
  procmand install --systemd          links in /usr/local/bin, and a unit; see "procmand install --help"

Signals: SIGHUP reloads; SIGTERM, SIGINT, SIGQUIT end the daemon (services go on, unless on-exit is "stop");
SIGUSR2 opens the log again. As PID 1 of a container (docs/containers.md) --on-exit stop and --stream are the defaults.
The keys of the file: docs/configuration.md.
`;

function fromFlags(file: string | undefined, flags: Flags): DaemonOptions {
  const config = file ?? flags.config ?? flags.configuration;
  const logFile = flags.logFile ?? flags.logfile;
  const logLevel = flags.logLevel ?? flags.loglevel;
  const childLogDir = flags.childLogDir ?? flags.childlogdir;
  return {
    config: config === undefined ? undefined : resolve(config),
    daemonize: flags.daemonize === true,
    lastGood: flags.lastGood === true,
    overrides: {
      ...(logFile === undefined
        ? {}
        : { logFile: logFile === '-' || logFile === 'syslog' ? logFile : resolve(logFile), logFileGiven: true }),
      ...(logLevel === undefined ? {} : { logLevel }),
      ...(childLogDir === undefined ? {} : { childLogDir: resolve(childLogDir) }),
      ...(flags.cleanup === false || flags.nocleanup === true ? { noCleanup: true } : {}),
      ...(flags.stateDir === undefined ? {} : { stateDir: resolve(flags.stateDir) }),
      ...(flags.socket === undefined ? {} : { socket: resolve(flags.socket) }),
      ...(flags.onExit === undefined ? {} : { onExit: flags.onExit, onExitGiven: true }),
      ...(flags.stream === undefined ? {} : { stream: flags.stream, streamGiven: true }),
    },
  };
}
