/** Environment, user, limits and output of a service. */
import { fillPlaceholders } from '@procman/daemon/core/placeholders';
import type { Limits, LogTarget } from '@procman/daemon/core/model';
import { launchValues } from './commands.ts';
import { type ExportedFile, type Lines, pidFile, pidFolder, type Subject } from './model.ts';
import { comment, environmentFileLine, environmentLine, isSettable, lineValue } from './unit-text.ts';

/** Names whose values are nobody's business. */
const SECRET_NAME = /PASS|PWD|SECRET|TOKEN|CREDENTIAL|PRIVATE|AUTH|(?:^|_)KEY|KEY$|_DSN$/i;
/** `postgres://user:password@host`. */
const SECRET_VALUE = /^[a-z][a-z0-9+.-]*:\/\/[^/@\s]*:[^/@\s]+@/i;

export interface Surroundings {
  readonly lines: readonly string[];
  readonly environmentFile?: ExportedFile;
}

/** @param head - first lines of the environment file */
export function surroundingsOf(subject: Subject, head: readonly string[]): Surroundings {
  const environment = environmentOf(subject, head);
  const { service = [] } = accountLines(subject);
  return {
    ...environment,
    lines: [...service, ...workDir(subject), ...environment.lines, ...maskAndNice(subject), ...output(subject)],
  };
}

function accountLines({ version, options }: Subject): Lines {
  const { user = options.owner, groupName } = version;
  const keys = [
    ...(user === undefined ? [] : [['User', user] as const]),
    ...(groupName === undefined ? [] : [['Group', groupName] as const]),
  ];
  // The manager of a user runs everything as that user.
  if (options.scope === 'user')
    return {
      service: version.user === undefined ? [] : comment(`user = ${version.user}: a user's units run as that user`),
    };
  return { service: keys.map(([key, value]) => setting(key, value)) };
}

function workDir(subject: Subject): readonly string[] {
  const { version } = subject;
  return [setting('WorkingDirectory', fillPlaceholders(version.workDir, launchValues(subject)))];
}

/** A setting, or why it cannot be one. */
function setting(key: string, text: string, before = ''): string {
  const value = lineValue(text);
  return value === undefined
    ? comment(`a unit cannot hold this: ${key}=${before}${JSON.stringify(text)}`).join('\n')
    : `${key}=${before}${value}`;
}

/* ------------------------------------------------------------------ environment */

function environmentOf(subject: Subject, head: readonly string[]): Surroundings {
  const { version, unit, instance, num, options } = subject;
  const values = launchValues(subject);
  const entries = Object.entries(version.env).map(([name, text]) => [name, fillPlaceholders(text, values)] as const);
  const settable = entries.filter(([, value]) => isSettable(value));
  const unsettable = entries.filter(([, value]) => !isSettable(value));
  const own = [
    environmentLine('PROCMAN_ID', version.id),
    environmentLine('PROCMAN_INSTANCE', instance),
    environmentLine('PROCMAN_NUM', String(num)),
    ...(version.command.type === 'pid-file' ? [`Environment=PROCMAN_PID_FILE=${pidFile(unit)}`] : []),
  ];
  const remarks = [
    ...inherited(version.inheritEnv),
    ...unsettable.flatMap(([name]) => comment(`a unit cannot hold the control characters in the value of ${name}`)),
  ];
  const isSecret = 'env-file' in version.fingerprint || settable.some(([name, value]) => isSecretValue(name, value));
  if (settable.length === 0 || !isSecret)
    return { lines: [...remarks, ...settable.map(([name, value]) => environmentLine(name, value)), ...own] };
  const name = `${unit}.env`;
  const place = lineValue(`${options.folder ?? ''}/${name}`) ?? name;
  const path = options.folder === undefined ? `%E/systemd/${options.scope}/${name}` : place;
  return {
    lines: [
      ...remarks,
      ...comment(
        'Everybody can read units, and so can values be that look secret or come from an env-file: they are in a file',
      ),
      ...comment('for its owner alone. Change the path if you move it.'),
      `EnvironmentFile=${path}`,
      ...own,
    ],
    environmentFile: {
      name,
      mode: 0o600,
      text: [...head, ...settable.map(([key, value]) => environmentFileLine(key, value)), ''].join('\n'),
    },
  };
}

function isSecretValue(name: string, value: string): boolean {
  return SECRET_NAME.test(name) || SECRET_VALUE.test(value);
}

function inherited(names: boolean | readonly string[]): readonly string[] {
  if (names === false) return [];
  if (names === true) return comment("inherit-env = true: systemd's own environment is smaller than that of a shell");
  return names.length === 0 ? [] : [`PassEnvironment=${names.join(' ')}`];
}

/* ------------------------------------------------------------------ limits, output */

function maskAndNice({ version }: Subject): readonly string[] {
  const { umask, nice, limits } = version;
  return [
    ...(umask === undefined ? [] : [`UMask=${umask.toString(8).padStart(4, '0')}`]),
    ...(nice === undefined ? [] : [`Nice=${nice}`]),
    ...(limits === undefined ? [] : limitLines(limits)),
    // systemd ignores it for services unless told otherwise; procman leaves it as it is.
    'IgnoreSIGPIPE=no',
  ];
}

const LIMITS: readonly (readonly [keyof Limits, string])[] = [
  ['nofile', 'LimitNOFILE'],
  ['nproc', 'LimitNPROC'],
  ['core', 'LimitCORE'],
  ['memory', 'LimitAS'],
  ['cpu', 'LimitCPU'],
];

function limitLines(limits: Limits): readonly string[] {
  return LIMITS.flatMap(([name, key]) => {
    const limit = limits[name];
    if (limit === undefined) return [];
    if (limit === 'unlimited') return [`${key}=infinity`];
    return [`${key}=${name === 'cpu' ? Math.ceil(limit / 1000) : limit}`];
  });
}

function output(subject: Subject): readonly string[] {
  const { version, unit } = subject;
  const { stdoutLog, stderrLog, rotation } = version;
  const hasFile = [stdoutLog, stderrLog].some(({ kind }) => kind === 'file');
  const isSame = JSON.stringify(stdoutLog) === JSON.stringify(stderrLog);
  return [
    ...(hasFile && rotation.maxBytes > 0
      ? comment(
          `no counterpart: log-max-bytes = ${rotation.maxBytes}, log-backups = ${rotation.backups}; logrotate(8) with copytruncate`,
        )
      : []),
    target('StandardOutput', stdoutLog, subject),
    stderrLog.kind === 'stdout' || isSame ? 'StandardError=inherit' : target('StandardError', stderrLog, subject),
    ...(version.command.type === 'pid-file' ? [`RuntimeDirectory=${pidFolder(unit)}`, `PIDFile=${pidFile(unit)}`] : []),
  ];
}

function target(key: string, log: LogTarget, subject: Subject): string {
  if (log.kind === 'none') return `${key}=null`;
  if (log.kind === 'file') return setting(key, fillPlaceholders(log.path, launchValues(subject)), 'append:');
  return `${key}=journal`;
}
