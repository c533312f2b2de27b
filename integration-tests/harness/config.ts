/** Configuration files for tests: a service is one line. */
import { programs } from './paths.ts';

/** The oldest version of all, so that it is in effect. */
export const LONG_AGO = '2020-01-01';

/**
 * A `[[process]]` table that runs `programs/PROGRAM.sh ID ARGS`.
 *
 * @param program - name of the program, with its arguments
 * @param settings - further lines of TOML, parted by newlines or semicolons
 */
export function service(id: string, program: string, settings = ''): string {
  const [name = '', ...args] = program.split(' ');
  return processTable(id, [`'${programs}/${name}.sh'`, `'${id}'`, ...args].join(' '), settings);
}

/** A `[[process]]` table with a command line of its own. */
export function processTable(id: string, command: string, settings = ''): string {
  const lines = settings.split(/[;\n]/).map((line) => line.trim());
  const hasApplyOn = lines.some((line) => line.startsWith('apply-on'));
  const head = ['[[process]]', `id = ${JSON.stringify(id)}`, `command = ${JSON.stringify(command)}`];
  return [...head, ...(hasApplyOn ? [] : [`apply-on = "${LONG_AGO}"`]), ...lines, ''].join('\n');
}

export interface Place {
  readonly uid: string;
  readonly stateDir: string;
  readonly socket: string;
}

/** Short times for all, so that tests are quick; each test sets what matters to it. */
const DEFAULTS = 'start-secs = "200ms"\nstop-timeout = "300ms"\nrestart-delay = "100ms"';

/**
 * @param daemon - further lines of `[daemon]`
 * @param defaults - further lines of `[defaults]`
 */
export function configText(place: Place, processes: readonly string[], daemon: string, defaults = ''): string {
  return `uid = "${place.uid}"
file-format = "0"

[daemon]
state-dir = "${place.stateDir}"
socket = "${place.socket}"
max-parallel-starts = 8
${daemon}

[defaults]
${DEFAULTS}
${defaults}

${processes.join('\n')}`;
}
