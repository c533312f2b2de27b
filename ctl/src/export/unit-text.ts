/** How texts are written into unit files: systemd.syntax(7), and "Command lines" of systemd.service(5). */
import type { Milliseconds } from '@procman/daemon/core/model';

/** What needs no quotes anywhere. */
const PLAIN = /^[A-Za-z0-9_@+:,./-]+$/;

const CONTROL = /[\u0000-\u001f\u007f]/g;

const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\t': '\\t', '\r': '\\r' };

const escapeControl = (character: string): string =>
  NAMED[character] ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&').replace(CONTROL, escapeControl)}"`;
}

/** A word of a command line, exactly as it is: neither a specifier nor a variable in it is expanded. */
export function word(text: string): string {
  return PLAIN.test(text) ? text : quoted(text.replaceAll('%', '%%').replaceAll('$', '$$$$'));
}

/** A value that is taken to the end of its line, such as a path; undefined where a unit cannot hold it. */
export function lineValue(text: string): string | undefined {
  // Blanks around it would be cut off, and a backslash at the end joins the next line.
  if (text.trim() !== text || text.endsWith('\\') || text.search(CONTROL) >= 0) return undefined;
  return text.replaceAll('%', '%%');
}

/** Whether a variable's value may stand in a unit or an environment file at all: control characters may not. */
export function isSettable(value: string): boolean {
  return value.replace(/[\n\t]/g, '').search(CONTROL) < 0;
}

/** `Environment=`, in which `$` stands for itself. */
export function environmentLine(name: string, value: string): string {
  const text = `${name}=${value}`;
  return `Environment=${PLAIN.test(value) ? text : quoted(text.replaceAll('%', '%%'))}`;
}

/** A line of an `EnvironmentFile=`: nothing is expanded in it but backslashes. */
export function environmentFileLine(name: string, value: string): string {
  return `${name}="${value.replace(/["\\`$]/g, '\\$&')}"`;
}

/** Comment lines; what would end a line is shown as it would be escaped. */
export function comment(text: string): readonly string[] {
  return text.split('\n').map((line) => `# ${line.replace(CONTROL, escapeControl)}`.trimEnd());
}

export function span(length: Milliseconds): string {
  return length % 1000 === 0 ? `${length / 1000}s` : `${length}ms`;
}

/** For `sleep` and `timeout`, in seconds. */
export function seconds(length: Milliseconds): string {
  return String(length / 1000);
}
