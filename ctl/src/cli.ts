/** Runs one command line: parse, dispatch, report what went wrong, give the exit code. */
import { readGuarded } from '@procman/daemon/config/guarded-file';
import { clientExit } from '@procman/protocol/exit-codes';
import { resolve } from 'node:path';
import { Client } from './client.ts';
import type { Command } from './command.ts';
import { type CommandContext, type ContextOptions, createContext } from './context.ts';
import { Failure, toFailure, UsageError } from './failure.ts';
import { findDaemon, plainUid, type Surroundings, type Wish } from './find-daemon.ts';
import { type Io, OutputClosed } from './io.ts';
import { type Parsed, parseCommandLine } from './parse.ts';
import { chooseStyle, type Style } from './render/style.ts';
import { printable } from './text/width.ts';
import { VERSION } from './version.ts';

const NAGIOS_UNKNOWN = 3;

/** What the client is run with; the shell passes its own options on to each of its commands. */
export interface Invocation {
  readonly io: Io;
  readonly surroundings: Surroundings;
  /** What there is to choose from. */
  readonly commands: readonly Command[];
  /** Set inside the shell: its global options. */
  readonly shell?: Parsed;
  /** The process ends right after: closing the connection first would only cost time. */
  readonly isLast?: boolean;
}

/** Never rejects. */
export async function run(words: readonly string[], invocation: Invocation): Promise<number> {
  const { io } = invocation;
  try {
    const parsed = inherit(parseCommandLine(words, invocation.commands), invocation.shell);
    return await dispatch(parsed, invocation);
  } catch (error) {
    if (error instanceof OutputClosed) return clientExit.ok;
    if (words.includes('--nagios')) return reportUnknown(toFailure(error), io);
    return report(toFailure(error), words.includes('--json') || hasJson(invocation.shell), io);
  }
}

async function dispatch(parsed: Parsed, invocation: Invocation): Promise<number> {
  const { command, given } = parsed;
  const { io, commands } = invocation;
  if (given.switches.has('help')) {
    const { renderCommandHelp, renderHelp } = await io.reports();
    io.out(command ? renderCommandHelp(command, io.columns()) : renderHelp(commands, io.columns()));
    return clientExit.ok;
  }
  if (!command && given.switches.has('version')) {
    io.out(`procmanctl ${VERSION}\n`);
    return clientExit.ok;
  }
  if (!command && invocation.shell) throw new UsageError('options alone make no command; "help" lists all commands');
  const context = contextOf(parsed, invocation);
  try {
    if (!command) return await startShell(parsed, invocation);
    const code = await command.run(context, given);
    // What `--nagios` tells is in its code.
    return context.isUnsupervised() && !given.switches.has('nagios') ? clientExit.unreachable : code;
  } finally {
    if (!invocation.isLast) context.close();
  }
}

/** The shell around `run`: each of its lines is a command line of its own, on a connection of its own. */
async function startShell(parsed: Parsed, invocation: Invocation): Promise<number> {
  const { io } = invocation;
  const inside: Invocation = { ...invocation, shell: parsed, isLast: false };
  const { shell } = await io.interactive();
  return shell({
    commands: invocation.commands,
    env: io.env,
    surroundings: invocation.surroundings,
    color: styleOf(parsed, io).color,
    out: io.out,
    err: io.err,
    exitOnError: parsed.given.switches.has('exit-on-error'),
    execute: (words) => run(words, inside),
    target: async () => findDaemon(await wishOf(parsed, io), invocation.surroundings),
    connect: ({ socket }) => Client.connect(socket),
  });
}

function styleOf({ given: { switches } }: Parsed, io: Io): Style {
  return chooseStyle(io, { color: switches.has('color'), noColor: switches.has('no-color') });
}

async function wishOf({ given: { values } }: Parsed, io: Io): Promise<Wish> {
  const file = values.get('config');
  const configUid = file === undefined ? undefined : await uidOf(resolve(file), io);
  return { socket: values.get('socket'), uid: values.get('uid'), configUid };
}

function hasJson(shell: Parsed | undefined): boolean {
  return shell?.given.switches.has('json') ?? false;
}

function contextOf(parsed: Parsed, { io, surroundings, commands }: Invocation): CommandContext {
  const { switches } = parsed.given;
  return createContext({
    io,
    surroundings,
    commands,
    json: switches.has('json'),
    withoutDaemon: answerWithoutDaemon(parsed.command, switches),
    yes: switches.has('yes'),
    style: styleOf(parsed, io),
    wish: () => wishOf(parsed, io),
  });
}

/** `--watch` asks files itself, as long as there is no daemon; the first line of `--nagios` and `--json` is their own. */
function answerWithoutDaemon(
  command: Command | undefined,
  switches: ReadonlySet<string>,
): ContextOptions['withoutDaemon'] {
  if (command?.withoutDaemon !== true || switches.has('watch')) return 'no';
  return switches.has('json') || switches.has('nagios') ? 'quiet' : 'told';
}

/** The uid of a configuration file: read plainly, or by the config loader where it is written in an unusual way. */
async function uidOf(file: string, io: Io): Promise<{ file: string; uid: string }> {
  const read = readGuarded(file);
  if (!read.ok) throw configFailure(`${file}: ${read.message}`);
  const uid = plainUid(read.text) ?? (await io.offline()).uidOf(read.text);
  if (uid === undefined) throw configFailure(`${file} names no uid; "procmanctl check ${file}" tells more`);
  return { file, uid };
}

function configFailure(message: string): Failure {
  return new Failure(message, { exitCode: clientExit.config, code: 'config' });
}

/** Inside the shell its own global options hold unless a command gives others. */
function inherit(parsed: Parsed, shell: Parsed | undefined): Parsed {
  if (!shell) return parsed;
  const { given } = parsed;
  const values = new Map([...targetOf(shell, parsed), ...given.values]);
  const switches = new Set([...shell.given.switches, ...given.switches]);
  for (const switchOfShell of ['help', 'version', 'exit-on-error']) {
    if (!given.switches.has(switchOfShell)) switches.delete(switchOfShell);
  }
  return { ...parsed, given: { ...given, values, switches } };
}

/** A command that names a daemon itself must not be overruled by how the shell named one. */
function targetOf(shell: Parsed, { given }: Parsed): ReadonlyMap<string, string> {
  const names = ['socket', 'config', 'uid'];
  return names.some((name) => given.values.has(name)) ? new Map() : shell.given.values;
}

/** Monitoring reads standard output and the exit code only; 3 is UNKNOWN there, whatever it was. */
async function reportUnknown(failure: Failure, io: Io): Promise<number> {
  try {
    io.out((await io.reports()).nagiosUnknown(failure.message));
  } catch {
    // Nobody reads us: the exit code has to do.
  }
  return NAGIOS_UNKNOWN;
}

/** Errors go to standard error; with --json to standard output, as data. */
function report(failure: Failure, json: boolean, io: Io): number {
  const { message, code, data, exitCode } = failure;
  try {
    if (json) io.out(`${JSON.stringify({ error: { code, message, ...(data === undefined ? {} : { data }) } })}\n`);
    else if (message !== '') io.err(`procmanctl: ${message.split('\n').map(printable).join('\n')}\n`);
  } catch {
    // Nobody reads us: the exit code has to do.
  }
  return exitCode;
}
