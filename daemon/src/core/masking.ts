/**
 * What a failing check has printed goes to the log and to every view, and a check may print anything: values of its environment, which may be
 * secrets, are shown as `$NAME`.
 */

/** Shorter values (`1`, `8080`, `debug`) are no secrets, and would be found all over a text. */
const SHORTEST = 6;

/** Everybody may know these, and paths would not be understood without them. */
const PUBLIC = /^(?:PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_.*|TERM|TZ|PWD|OLDPWD|TMPDIR|HOSTNAME|XDG_.*|PROCMAN_.*)$/;

export function maskValues(text: string, environment: Readonly<Record<string, string>>): string {
  const secrets = Object.entries(environment)
    .filter(([name, value]) => value.length >= SHORTEST && !PUBLIC.test(name))
    // One value may be a part of another.
    .sort(([, a], [, b]) => b.length - a.length);
  return secrets.reduce((masked, [name, value]) => masked.replaceAll(value, () => `$${name}`), text);
}
