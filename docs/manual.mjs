// The manual pages: procmand(8), procmanctl(1) and procman.toml(5), made of what `--help`, the parser and the checks of the
// configuration are made of.
import { roff } from './roff.mjs';
import { allowedOf, defaultOf } from './sections.mjs';

/** Of the texts; no page changes by being made again on another day. */
const DATE = '2026-11-28';

export function manualPages(source, version) {
  const head = (name, section) => roff.title(name, section, DATE, `procman ${version}`);
  return [
    ['docs/man/procmanctl.1', roff.text([...head('procmanctl', 1), ...clientPage(source)])],
    ['docs/man/procmand.8', roff.text([...head('procmand', 8), ...daemonPage(source)])],
    ['docs/man/procman.toml.5', roff.text([...head('procman.toml', 5), ...configPage(source)])],
  ];
}

function seeAlso(...others) {
  return [
    ...roff.section('SEE ALSO'),
    ...roff.paragraphs([
      others.map((page) => `\`${page}\``).join(', '),
      'The documents of the package, in its folder docs: configuration.md, install.md, logs.md, metrics.md, containers.md, protocol.md, architecture.md.',
    ]),
  ];
}

/* ---------------------------------------------------------------- options */

function option({ long, short, value, values, summary }) {
  const name = short === undefined ? `--${long}` : `-${short}, --${long}`;
  const allowed = values === undefined ? '' : ` (${values.join(', ')})`;
  return roff.entry(value === undefined ? name : `${name} ${value}`, [`${sentence(summary)}${allowed}`]);
}

const visible = ({ later, hidden }) => !later && !hidden;
const optionList = (options) => options.filter(visible).flatMap(option);
const entries = (pairs) => pairs.flatMap(([term, ...texts]) => roff.entry(term, texts));

function sentence(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/* ---------------------------------------------------------------- procmanctl(1) */

function clientPage(source) {
  const { names, shell, exit, surroundings } = topicsOf(source);
  return [
    ...roff.section('NAME'),
    'procmanctl \\- control the processes of procmand',
    ...roff.section('SYNOPSIS'),
    '.B procmanctl',
    '[\\fIOPTION\\fR]... [\\fICOMMAND\\fR [\\fIARGUMENT\\fR]...]',
    ...roff.section('DESCRIPTION'),
    ...roff.paragraphs([
      '`procmanctl` shows and controls the processes that `procmand` looks after: it asks the daemon over its socket. A command line does one thing and ends with an exit code that scripts can rely on; without a command it is an interactive shell.',
      'In a terminal, tables have a head and colours; in a pipe each line is a row, with columns parted by two blanks or more. With `--json` every command that reads prints exactly what the daemon answers.',
      'Options of procmanctl itself may stand before or behind the command.',
    ]),
    ...roff.section('OPTIONS'),
    ...optionList([...source.GLOBAL_OPTIONS, ...source.SHELL_OPTIONS]),
    ...roff.section('COMMANDS'),
    ...source.COMMANDS.filter(visible).flatMap((command) => commandSection(source, command)),
    ...roff.section('NAMES'),
    ...topic(names),
    ...roff.section('THE SHELL'),
    ...topic(shell),
    ...roff.section('EXIT STATUS'),
    ...topic(exit),
    ...roff.section('ENVIRONMENT AND FILES'),
    ...topic(surroundings),
    ...roff.section('EXAMPLES'),
    ...entries([
      ['procmanctl status --problems', 'What is wrong now; the exit code is 3 where anything is.'],
      [
        'procmanctl check procman.toml && procmanctl update',
        'Put a changed configuration into effect, unless it has errors.',
      ],
      ['procmanctl stop worker --until 18:00', 'Hold all instances of worker stopped until six in the evening.'],
      ['procmanctl logs nginx -f', 'Follow the output of a process.'],
    ]),
    ...seeAlso('procmand(8)', 'procman.toml(5)'),
  ];
}

function topicsOf({ topics }) {
  const { NAMES_TOPIC, SHELL_TOPIC, EXIT_TOPIC, ENVIRONMENT_TOPIC } = topics;
  return { names: NAMES_TOPIC, shell: SHELL_TOPIC, exit: EXIT_TOPIC, surroundings: ENVIRONMENT_TOPIC };
}

function topic({ text = [], entries: list = [] }) {
  return [...roff.paragraphs(text), ...entries(list.map(([term, meaning]) => [term, sentence(meaning)]))];
}

function commandSection(source, command) {
  const { name, aliases = [], summary, details = [], options, examples } = command;
  const also = aliases.length === 0 ? [] : [`Also called ${aliases.map((alias) => `\`${alias}\``).join(', ')}.`];
  return [
    ...roff.subsection(name),
    ...roff.paragraphs([`\`${source.usageOf(command)}\``, `${sentence(summary)}.`, ...details, ...also]),
    ...optionList(options),
    ...(examples.length === 0 ? [] : roff.further(examples.length === 1 ? 'Example:' : 'Examples:')),
    ...(examples.length === 0 ? [] : roff.example(examples.map((line) => asTyped(line)).join('\n'))),
  ];
}

/** Examples are lines of the shell; what already is a line of the system's shell stays. */
function asTyped(line) {
  return /procmanctl/.test(line) ? line : `procmanctl ${line}`;
}

/* ---------------------------------------------------------------- procmand(8) */

function daemonPage({ daemonOptions }) {
  const { DAEMON_VERBS, RUN_EXAMPLES, RUN_SIGNALS, FILE_SUMMARY } = daemonOptions;
  const [run, ...others] = DAEMON_VERBS;
  return [
    ...roff.section('NAME'),
    'procmand \\- start, watch and stop the services of one configuration file',
    ...roff.section('SYNOPSIS'),
    '.B procmand',
    '[\\fBrun\\fR] [\\fIOPTION\\fR]... [\\fIFILE\\fR]',
    '.br',
    '.B procmand',
    '\\fBinstall\\fR|\\fBuninstall\\fR [\\fIOPTION\\fR]...',
    ...roff.section('DESCRIPTION'),
    ...roff.paragraphs([
      '`procmand` starts the services that a file in the form of procman.toml(5) lists, in the order of their dependencies, starts them again when they end, and stops them when they are not wanted. procmanctl(1) controls it.',
      'Services outlive the daemon. When it is killed, upgraded or crashes, they run on, and the next daemon takes them over: none is stopped, none is started twice, and how those have ended that ended meanwhile is known.',
      'It stays in the foreground unless `--daemonize` is given. There is one daemon for each uid of a configuration: a second one ends with exit code 1 and names the first.',
    ]),
    ...roff.entry('FILE', [sentence(FILE_SUMMARY)]),
    ...roff.section('OPTIONS'),
    ...roff.paragraphs(['They win over the keys of the file, also after a reload.']),
    ...optionList(run.options),
    ...roff.section('OTHER COMMANDS'),
    ...others.flatMap(({ name, summary, options }) => [
      ...roff.subsection(`procmand ${name}`),
      ...roff.paragraphs([summary]),
      ...optionList(options),
    ]),
    ...roff.section('SIGNALS'),
    ...entries(RUN_SIGNALS.map(([names, what]) => [names, sentence(what)])),
    ...roff.further('A closed terminal never ends services.'),
    ...roff.section('EXIT STATUS'),
    ...entries([
      ['0', 'It was asked to end.'],
      ['1', 'It could not start or go on; also where a process with the key required has failed for good.'],
      ['2', 'Usage.'],
      ['6', 'The configuration is missing, unreadable or invalid.'],
    ]),
    ...roff.section('ENVIRONMENT'),
    ...entries([
      ['XDG_STATE_HOME, HOME', 'Where the state is kept for other users than root.'],
      ['XDG_RUNTIME_DIR', 'Where the socket is made for other users than root.'],
      ['NOTIFY_SOCKET', 'Set by systemd(1): it is told when the daemon serves. Services never see it.'],
    ]),
    ...roff.further(
      "Services inherit the environment of the daemon, but for what is procmand's own, unless their keys say otherwise.",
    ),
    ...roff.section('FILES'),
    ...entries([
      ['/etc/procman.toml, /etc/procman/procman.toml', 'The configuration, where none is given and none is nearer.'],
      ['/var/lib/procman/UID', "State of root's daemon; of others `~/.local/state/procman/UID`."],
      ['/var/lib/procman/UID/logs', 'Output of the services: `INSTANCE.out.log` and `INSTANCE.err.log`.'],
      [
        '/var/lib/procman/UID/procmand.log',
        "The daemon's log in the background; in the foreground it goes to standard error.",
      ],
      [
        '/run/procman/UID.sock',
        'Socket; of others `$XDG_RUNTIME_DIR/procman/UID.sock`, else in the folder of the state.',
      ],
      ['/run/procman/UID.json', 'Who serves this uid, for procmanctl and for other daemons.'],
    ]),
    ...roff.section('EXAMPLES'),
    ...entries(RUN_EXAMPLES.map(([command, what]) => [command, sentence(what)])),
    ...seeAlso('procmanctl(1)', 'procman.toml(5)', 'systemd(1)'),
  ];
}

/* ---------------------------------------------------------------- procman.toml(5) */

const EXAMPLE = `uid = "shop"
file-format = "0"

[[process]]
id = "migrate"
apply-on = "2026-01-01"
command = "node migrate.mjs"
one-shot = true

[[process]]
id = "server"
apply-on = "2026-01-01"
command = "node server.mjs"
depends-on = ["migrate"]`;

function configPage(source) {
  return [
    ...roff.section('NAME'),
    'procman.toml \\- configuration of procmand',
    ...roff.section('DESCRIPTION'),
    ...roff.paragraphs([
      'The file is TOML (version 1.0). At its top stands what it is; `[daemon]` holds the settings of the daemon, `[defaults]` those of all processes that do not say otherwise, `[metrics]` where Prometheus finds figures, each `[[process]]` one version of one process, each `[[template]]` a pattern of processes.',
      'A process may have several `[[process]]` tables with the same `id`: they are versions of it, and the newest `apply-on` that is not in the future is in effect.',
      '`procmanctl check FILE` tells every problem of a file at once, each with its line; `procmanctl gen-file` writes a first one; `procmanctl schema` prints a JSON Schema for editors. Put a changed file into effect with `procmanctl update`; with errors in it nothing changes.',
      `A duration is ${durationText(source)}.`,
    ]),
    ...keyList(source, 'AT THE TOP', source.topKeys),
    ...keyList(source, '[daemon]', source.daemonKeys),
    ...keyList(source, '[metrics]', source.metricsKeys),
    ...keyList(source, '[[process]]: WHICH', source.identityKeys),
    ...keyList(source, '[[process]] AND [defaults]', source.sharedKeys),
    ...keyList(source, '[[template]]', source.templateKeys),
    ...keyList(source, '[[notify]]', source.notifyKeys),
    ...roff.section('EXAMPLES'),
    ...roff.paragraphs(['A server that is started once its migration has been done:']),
    ...roff.example(EXAMPLE),
    ...roff.section('FILES'),
    ...roff.paragraphs(['procmand(8) tells where it looks for the file.']),
    ...seeAlso('procmand(8)', 'procmanctl(1)'),
  ];
}

function durationText({ durationForm }) {
  return durationForm({ zero: true });
}

function keyList(source, title, shape) {
  return [...roff.section(title), ...Object.entries(shape).flatMap(([name, check]) => keyEntry(source, name, check))];
}

function keyEntry(source, name, check) {
  const { example } = check.meta();
  const about = /[.!?]$/.test(check.description) ? check.description : `${check.description}.`;
  const facts = `${defaultOf(source, check)} ${allowedOf(source, check)}.`;
  return [...roff.entry(name, [about, facts]), ...(example === undefined ? [] : roff.example(example))];
}
