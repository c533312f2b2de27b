/** The command line of procmand (SPEC 8). Flags win over the file, also after a reload. */
import { resolve } from 'node:path';
import { Command, CommanderError, Option } from 'commander';
import { daemonExit } from '@procman/protocol/exit-codes';
import type { DaemonTable } from './config/load.ts';
import { type DaemonOption, FILE_SUMMARY, flagsOf, RUN_EXAMPLES, RUN_OPTIONS, RUN_SIGNALS } from './option-table.ts';

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
  command.argument('[FILE]', FILE_SUMMARY);
  for (const option of RUN_OPTIONS) command.addOption(commanderOption(option));
  return command;
}

function commanderOption(option: DaemonOption): Option {
  const made = new Option(flagsOf(option), option.summary).hideHelp(option.hidden === true);
  return option.values === undefined ? made : made.choices(option.values);
}

function examples(): string {
  const width = Math.max(...RUN_EXAMPLES.map(([command]) => command.length)) + 2;
  return `
Examples:
${RUN_EXAMPLES.map(([command, what]) => `  ${command.padEnd(width)}${what}`).join('\n')}

Signals:
${RUN_SIGNALS.map(([names, what]) => `  ${names}: ${what}`).join('\n')}

As PID 1 of a container (docs/containers.md) --on-exit stop and --stream are the defaults.
More: man procmand; the keys of the file: man procman.toml, docs/configuration.md.
`;
}

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
