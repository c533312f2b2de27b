/** The command lines of `procmand install` and `procmand uninstall`. */
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { daemonExit } from '@procman/protocol/exit-codes';

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
  const program = (verb === 'install' ? installCommand() : uninstallCommand())
    .option('--user', 'for you only: ~/.local/bin instead of /usr/local/bin, and your own systemd')
    .option('--prefix <DIR>', 'DIR/bin instead of /usr/local/bin or ~/.local/bin')
    .option('--destdir <DIR>', 'for packages: write everything below DIR, as if that were /')
    .option('--dry-run', 'only say what would be done')
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
  return new Command('procmand install')
    .description(
      'Makes links to procmand and procmanctl in a folder of PATH. Replaces nothing that it has not made itself; `procmand uninstall` undoes it.',
    )
    .option('--systemd', 'also write the unit procmand.service')
    .option('-c, --config <FILE>', 'configuration that the unit starts procmand with; else the first that is found')
    .option('--link <NAME>', 'one more link to procmand, with this name; may be repeated', addLink);
}

function uninstallCommand(): Command {
  return new Command('procmand uninstall').description(
    'Removes the links and the unit that `procmand install` made, nothing else. Services and a running daemon are not touched.',
  );
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
