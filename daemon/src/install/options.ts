/** The command lines of `procmand install` and `procmand uninstall`. */
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { daemonExit } from '@procman/protocol/exit-codes';
import { DAEMON_VERBS, type DaemonOption, flagsOf, INSTALL_OPTIONS, PLACE_OPTIONS } from '../option-table.ts';

export interface InstallOptions {
  readonly user: boolean;
  readonly systemd: boolean;
  /** Further names for procmand. */
  readonly links: readonly string[];
  /** As it was given. */
  readonly config: string | undefined;
  readonly prefix: string | undefined;
  readonly destdir: string | undefined;
  readonly dryRun: boolean;
}

export type ParsedInstall =
  | { readonly kind: 'run'; readonly verb: 'install' | 'uninstall'; readonly options: InstallOptions }
  | { readonly kind: 'done'; readonly exitCode: number };

interface Flags {
  user?: true;
  systemd?: true;
  link?: string[];
  config?: string;
  prefix?: string;
  destdir?: string;
  dryRun?: true;
}

/** @param argv - behind the verb */
export function parseInstall(verb: 'install' | 'uninstall', argv: readonly string[]): ParsedInstall {
  let parsed: ParsedInstall = { kind: 'done', exitCode: daemonExit.ok };
  const program = withOptions(verb === 'install' ? installCommand() : uninstallCommand(), PLACE_OPTIONS)
    .helpOption('-h, --help', 'show this help')
    .exitOverride()
    .showHelpAfterError(`(\`procmand ${verb} --help\` lists what is allowed)`)
    .action((flags: Flags) => {
      parsed = { kind: 'run', verb, options: fromFlags(flags) };
    });
  try {
    program.parse([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { kind: 'done', exitCode: error.exitCode === 0 ? daemonExit.ok : daemonExit.usage };
  }
  return parsed;
}

function installCommand(): Command {
  return withOptions(new Command('procmand install').description(summaryOf('install')), INSTALL_OPTIONS);
}

function uninstallCommand(): Command {
  return new Command('procmand uninstall').description(summaryOf('uninstall'));
}

function summaryOf(verb: string): string {
  return DAEMON_VERBS.find(({ name }) => name === verb)?.summary ?? '';
}

function withOptions(command: Command, options: readonly DaemonOption[]): Command {
  for (const option of options) {
    if (option.long === 'link') command.option(flagsOf(option), option.summary, addLink);
    else command.option(flagsOf(option), option.summary);
  }
  return command;
}

function addLink(name: string, before: string[] = []): string[] {
  if (!/^[A-Za-z0-9][A-Za-z0-9._+-]{0,99}$/.test(name))
    throw new InvalidArgumentError('a NAME is letters, digits, ".", "_", "+" and "-".');
  return [...before, name];
}

function fromFlags(flags: Flags): InstallOptions {
  return {
    user: flags.user === true,
    systemd: flags.systemd === true,
    links: flags.link ?? [],
    config: flags.config,
    prefix: flags.prefix,
    destdir: flags.destdir,
    dryRun: flags.dryRun === true,
  };
}
