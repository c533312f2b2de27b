/** What `help TOPIC` tells besides the commands; the manual page has the same sections. */
import { clientExit } from '@procman/protocol/exit-codes';

export interface Topic {
  readonly name: string;
  readonly title: string;
  /** Paragraphs. */
  readonly text?: readonly string[];
  /** Below them: what each word means. */
  readonly entries?: readonly (readonly [term: string, meaning: string])[];
}

export const NAMES_TOPIC: Topic = {
  name: 'names',
  title: 'how processes are named',
  text: ['Wherever a command takes NAME, it may be any of these. Names with blanks are quoted: "example process 2".'],
  entries: [
    ['all', 'all processes'],
    ['nginx, web:nginx', 'a name, as "status" shows it'],
    ['worker', 'a process id: all its instances'],
    ['worker_00', 'an instance'],
    ['worker:*', 'a group'],
    ['work*', 'a glob: * and ? stand for any characters'],
  ],
};

export const SHELL_TOPIC: Topic = {
  name: 'shell',
  title: 'the interactive shell, and scripts',
  text: [
    'Without a command procmanctl is a shell. Tab completes commands, options, names, signals and files; the arrow keys bring back earlier lines, also of earlier shells. Ctrl-C ends the command that runs, or clears the line; what the daemon does for it goes on. Ctrl-D, "exit" or "quit" leaves.',
    'The prompt says in brackets what is not as it should be: [no daemon], [2 problems], [config error], [exit 4] of the last command; and which daemon it is where several run. When the daemon goes away and comes back, the shell tells so and goes on with it.',
    'Several commands on one line are parted by ; or, where the next one is to run only after success, by &&. Words are quoted as in sh; # begins a comment. There are no variables, pipes or redirections.',
    'Where standard input is no terminal, its lines are run as a script, and nothing is asked. With -e it ends at the first command that fails, and names its line; the exit code is that of the last command that has failed.',
  ],
  entries: [
    ['procmanctl < script', 'runs the lines of a script'],
    ['procmanctl -e < script', 'the same, up to the first failure'],
    ['procmanctl -u shop', 'a shell for the daemon of this uid'],
  ],
};

export const EXIT_TOPIC: Topic = {
  name: 'exit-codes',
  title: 'what the exit code says',
  entries: [
    [String(clientExit.ok), 'done'],
    [String(clientExit.failure), 'it failed for some target'],
    [String(clientExit.usage), 'usage: what was typed makes no command'],
    [String(clientExit.problem), '(status) there is a problem somewhere; what is pending, stale or held is none'],
    [String(clientExit.unknownName), 'no process has this name'],
    [String(clientExit.unreachable), 'no daemon can be reached'],
    [String(clientExit.config), 'the configuration is invalid'],
    ['130', 'interrupted by Ctrl-C'],
  ],
};

export const ENVIRONMENT_TOPIC: Topic = {
  name: 'environment',
  title: 'environment and files',
  text: [
    'Which daemon: -s SOCKET, -c FILE (its uid), -u UID, else PROCMAN_SOCKET, else the only one that runs for this user, else the only one of root whose socket is open to him. "list" shows them all.',
  ],
  entries: [
    ['PROCMAN_SOCKET', 'the socket to use where no option names one'],
    ['NO_COLOR', 'no colours; the same as --no-color'],
    ['TERM', 'where it is missing or "dumb" the shell does without completion and line editing'],
    ['XDG_STATE_HOME, HOME', "where the shell's history is kept; where they are missing, in memory only"],
    ['~/.local/state/procman/history', "the shell's history (mode 0600), or $XDG_STATE_HOME/procman/history"],
    ['/run/procman/UID.sock', "socket of root's daemon; of others $XDG_RUNTIME_DIR/procman/UID.sock"],
    ['/run/procman/UID.json', 'who serves this uid; of others in the same folder as the socket'],
  ],
};

export const TOPICS: readonly Topic[] = [NAMES_TOPIC, SHELL_TOPIC, EXIT_TOPIC, ENVIRONMENT_TOPIC];
