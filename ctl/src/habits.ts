/** Commands of other tools that people's fingers know: the answer to one of them names what does it here. */

export interface Habit {
  /** What the word belongs to. */
  readonly tool: string;
  /** Command lines of ours that do it, the best first. */
  readonly use: readonly string[];
  /** Said behind them. */
  readonly note?: string;
}

const supervisorctl = (use: readonly string[], note?: string): Habit => habit('supervisorctl', use, note);
const systemctl = (use: readonly string[], note?: string): Habit => habit('systemctl', use, note);
const pm2 = (use: readonly string[], note?: string): Habit => habit('pm2', use, note);

function habit(tool: string, use: readonly string[], note?: string): Habit {
  return { tool, use, ...(note === undefined ? {} : { note }) };
}

const BY_FILE = 'what runs is what the configuration file lists';

export const HABITS: Readonly<Record<string, Habit>> = {
  avail: supervisorctl(
    ['status', 'plan'],
    '"status" lists all that is configured, "plan" what a changed file would add',
  ),
  maintail: supervisorctl(['logs --daemon', 'logs --daemon -f']),
  fg: supervisorctl(['logs NAME -f'], 'services take no input'),
  add: supervisorctl(['update'], BY_FILE),
  remove: supervisorctl(['update'], BY_FILE),
  clear: supervisorctl(['help logs'], 'logs are rotated by the key log-max-bytes and need no clearing'),
  open: supervisorctl(['list'], 'each daemon is chosen at the start: procmanctl -u UID, or -s SOCKET'),

  'list-units': systemctl(['status']),
  'list-unit-files': systemctl(['status']),
  'list-timers': systemctl(['timeline']),
  'list-jobs': systemctl(['status'], 'what is under way is STARTING or STOPPING there'),
  'list-dependencies': systemctl(['plan'], 'dependencies are the key depends-on'),
  'daemon-reload': systemctl(['update', 'plan']),
  'daemon-reexec': systemctl(['shutdown --leave-running'], 'then start procmand again: the services go on'),
  enable: systemctl(['start NAME'], `${BY_FILE}; "start" lifts the hold of a "stop"`),
  disable: systemctl(['stop NAME'], 'a "stop" holds over reloads and reboots; or take it out of the file'),
  mask: systemctl(['stop NAME'], 'a "stop" holds over reloads and reboots; or take it out of the file'),
  unmask: systemctl(['start NAME']),
  cat: systemctl(['list', 'expand-templates FILE'], '"list" tells the file of each daemon'),
  edit: systemctl(['list', 'check FILE', 'update'], 'edit the file that "list" shows, check it, then "update"'),
  show: systemctl(['status NAME --json']),
  'is-active': systemctl(['pid NAME'], 'exit code 1 where it does not run'),
  'is-failed': systemctl(['status NAME'], 'exit code 3 where there is a problem'),
  'is-enabled': systemctl(['status NAME'], 'a held one says so there'),
  'reset-failed': systemctl(['unblock NAME']),
  'try-restart': systemctl(['restart NAME']),
  'reload-or-restart': systemctl(['restart NAME', 'signal HUP NAME']),
  kill: systemctl(['signal TERM NAME', 'stop NAME --now'], 'after a signal it is started again'),
  journalctl: habit('systemd', ['logs NAME', 'logs NAME -f']),
  journal: habit('systemd', ['logs NAME', 'logs NAME -f']),

  log: pm2(['logs NAME', 'logs NAME -f']),
  ls: pm2(['status']),
  ps: pm2(['status', 'status --resources']),
  monit: pm2(['status --resources']),
  top: habit('other tools', ['status --resources']),
  delete: pm2(['update'], BY_FILE),
  save: pm2(['help update'], 'nothing has to be saved: all state is on disk'),
  resurrect: pm2(['help start'], 'nothing has to be resurrected: the next procmand takes up what was running'),
  describe: pm2(['status NAME']),
  flush: pm2(['help logs'], 'logs are rotated by the key log-max-bytes'),
  '?': habit('other shells', ['help']),
  man: habit('other shells', ['help COMMAND'], 'or "man procmanctl" outside'),
};

/** `supervisorctl's "maintail" is "logs --daemon" or "logs --daemon -f" here`; undefined for a word of no tool. */
export function habitHint(word: string): string | undefined {
  if (!Object.hasOwn(HABITS, word)) return undefined;
  const { tool, use, note } = HABITS[word] as Habit;
  const ours = use.map((line) => `"${line}"`).join(' or ');
  return `${tool.replace(/s?$/, (end) => (end === 's' ? "s'" : "'s"))} "${word}" is ${ours} here${note === undefined ? '' : `: ${note}`}`;
}
