/** `[name] ` before each line of a service; in colour where that is wanted. */

/** Those that are readable on light and on dark. */
const COLOURS = [36, 33, 32, 35, 34, 31];
const RESET = '\x1b[0m';

/** Makes a line of output out of a line of a log. */
export function prefixOf(name: string, colour: boolean): (line: string) => string {
  const label = `[${name}]`;
  if (!colour) return (line) => `${label} ${line}\n`;
  const start = `\x1b[${COLOURS[hash(name) % COLOURS.length] ?? 0}m${label}${RESET}`;
  // A colour that the service has left on must not colour what others say.
  return (line) => `${start} ${line}${line.includes('\x1b') ? RESET : ''}\n`;
}

/** The same name has the same colour at every start. */
function hash(name: string): number {
  let sum = 0;
  for (const char of name) sum = (sum * 31 + (char.codePointAt(0) ?? 0)) >>> 0;
  return sum;
}
