/** A plain table: columns as wide as what is in them. */
export function table(head, rows) {
  const all = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column].length)));
  const line = (row) =>
    row
      .map((text, column) => text.padEnd(widths[column]))
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  const [first, ...rest] = all.map(line);
  return [first, rule, ...rest].join('\n');
}

export const number = (value) => value.toLocaleString('en-US');
