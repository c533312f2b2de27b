/**
 * Files of sections and `key = value`, in the two dialects of supervisord (Python's ConfigParser) and systemd (systemd.syntax(7)).
 *
 * The package `ini` reads neither: it cuts values at `;` and `#` (`sh -c "a; b"`), makes a tree of the dots in `[program:a.b]`,
 * keeps the last of repeated keys (`ExecStartPre=`), knows no continued lines, and does not tell in which line something stood.
 */

export interface IniEntry {
  readonly key: string;
  readonly value: string;
  /** 1-based. */
  readonly line: number;
}

export interface IniSection {
  readonly name: string;
  readonly line: number;
  readonly entries: IniEntry[];
}

export interface IniProblem {
  readonly line: number;
  readonly message: string;
  readonly found: string;
  readonly allowed: string;
}

export interface IniFile {
  readonly sections: readonly IniSection[];
  readonly problems: readonly IniProblem[];
}

export interface IniDialect {
  /** `indented`: lines that begin with a blank go on with the value above. `backslash`: so does what follows one at the line's end. */
  readonly continuation: 'indented' | 'backslash';
  /** A comment after a value begins with one of these, after a blank. */
  readonly inlineComments: string;
  readonly delimiters: string;
}

export const PYTHON_INI: IniDialect = { continuation: 'indented', inlineComments: ';#', delimiters: '=:' };
export const SYSTEMD_INI: IniDialect = { continuation: 'backslash', inlineComments: '', delimiters: '=' };

/** Never throws. */
export function readIni(text: string, dialect: IniDialect): IniFile {
  const sections: IniSection[] = [];
  const problems: IniProblem[] = [];
  for (const { line, content } of logicalLines(text, dialect)) {
    const header = /^\[([^\]]*)\]\s*$/.exec(content)?.[1];
    if (header !== undefined) {
      sections.push({ name: header, line, entries: [] });
      continue;
    }
    const entry = entryOf(content, line, dialect.delimiters);
    const section = sections.at(-1);
    if (entry === undefined || section === undefined) {
      const message = entry === undefined ? 'is neither a section nor a setting' : 'stands before the first section';
      problems.push({
        line,
        message,
        found: JSON.stringify(content),
        allowed: '[section], key = value, or a # comment',
      });
    } else section.entries.push(entry);
  }
  return { sections, problems };
}

function entryOf(content: string, line: number, delimiters: string): IniEntry | undefined {
  const at = content.search(new RegExp(`[${delimiters}]`));
  const key = content.slice(0, Math.max(0, at)).trim();
  return key === '' || key.includes('[') ? undefined : { key, value: content.slice(at + 1).trim(), line };
}

interface LogicalLine {
  readonly line: number;
  content: string;
}

/** Without comments and empty lines, continued ones joined. */
function logicalLines(text: string, dialect: IniDialect): LogicalLine[] {
  const found: LogicalLine[] = [];
  let isOpen = false;
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    if (/^\s*[#;]/.test(raw)) continue;
    const content = withoutComment(raw, dialect.inlineComments).trimEnd();
    const last = found.at(-1);
    const isIndented = dialect.continuation === 'indented' && /^\s/.test(raw) && last !== undefined;
    if (content.trim() === '' && !isOpen) continue;
    const goesOn = dialect.continuation === 'backslash' && content.endsWith('\\');
    const part = (goesOn ? content.slice(0, -1) : content).trim();
    if (isIndented) last.content += `\n${part}`;
    else if (isOpen && last !== undefined) last.content += ` ${part}`;
    else found.push({ line: index + 1, content: part });
    isOpen = goesOn;
  }
  return found;
}

function withoutComment(line: string, marks: string): string {
  if (marks === '') return line;
  const at = line.search(new RegExp(`\\s[${marks}]`));
  return at === -1 ? line : line.slice(0, at);
}
