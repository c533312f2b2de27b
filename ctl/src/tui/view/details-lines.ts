/** The tabs of the details that are no plain text: what it is linked with, and its log. */
import { displayWidth, printable } from '../../text/width.ts';
import { bodyRows } from '../model/layout.ts';
import { hitsOf, topOf } from '../model/log.ts';
import { keepInSight } from '../model/scroll.ts';
import { type DetailsView, type State, TABS } from '../model/state.ts';
import { linksOf, styleOf } from './content.ts';
import { lineOf, type Segment } from './segments.ts';

export function tabLine(state: State, { name, tab }: DetailsView): string {
  const tabs = TABS.flatMap((each, index): Segment[] => [
    { text: each === tab ? `[${index + 1} ${each}]` : ` ${index + 1} ${each} `, paint: each === tab ? 'bold' : 'dim' },
  ]);
  return lineOf([{ text: `${printable(name)}  `, paint: 'bold' }, ...tabs], styleOf(state));
}

export function linkLines(state: State, { explanation, link, error }: DetailsView): string[] {
  const style = styleOf(state);
  if (error !== undefined) return [lineOf([{ text: printable(error), paint: 'red' }], style)];
  if (explanation === undefined) return ['asking...'];
  const lines: string[] = [];
  let index = 0;
  let cursor = 0;
  for (const { title, links } of linksOf(explanation)) {
    lines.push(lineOf([{ text: `${title}${links.length === 0 ? ': nothing' : ''}`, paint: 'bold' }], style));
    for (const { text, isProblem } of links) {
      const isSelected = index === link;
      if (isSelected) cursor = lines.length;
      lines.push(
        lineOf(
          [{ text: `${isSelected ? '> ' : '  '}${text}`, paint: isProblem ? 'red' : undefined }],
          style,
          isSelected,
        ),
      );
      index += 1;
    }
  }
  const page = bodyRows(state);
  const top = keepInSight(0, cursor, lines.length, page);
  return lines.slice(top, top + page);
}

export function logLines(state: State, { log }: DetailsView): string[] {
  const style = styleOf(state);
  const page = bodyRows(state);
  if (log.error !== undefined) return [lineOf([{ text: printable(log.error), paint: 'red' }], style)];
  if (log.path === undefined) return ['reading...'];
  if (log.path === null) return [`${log.stream} is kept in no file`];
  if (log.lines.length === 0) return [`${log.stream} is empty so far; e shows the other stream`];
  const top = topOf(state, log);
  return log.lines.slice(top, top + page).map((line, index) => {
    const text = shifted(printable(line.replaceAll('\t', '    ')), log.left);
    return lineOf(log.search === '' ? [{ text }] : marked(text, log.search), style, top + index === log.hit);
  });
}

/** `stdout of /var/log/web.log, following, 3 found` */
export function logInfo({ log }: DetailsView): string {
  const hits = hitsOf(log);
  const at = log.hit === undefined ? '' : `${hits.indexOf(log.hit) + 1} of `;
  const found = log.search === '' ? '' : `; "${log.search}": ${at}${hits.length} found`;
  return `${log.stream}${typeof log.path === 'string' ? ` ${log.path}` : ''}, ${log.isFollowing ? 'following' : 'not following (f or End follows)'}${found}`;
}

/** Without so many columns on the left. */
function shifted(text: string, columns: number): string {
  if (columns === 0) return text;
  let gone = 0;
  let at = 0;
  for (const char of text) {
    if (gone >= columns) break;
    gone += displayWidth(char);
    at += char.length;
  }
  return text.slice(at);
}

function marked(text: string, search: string): Segment[] {
  const low = text.toLowerCase();
  const wanted = search.toLowerCase();
  // What changes its length in lower case would shift the marks: then there are none.
  if (low.length !== text.length) return [{ text }];
  const segments: Segment[] = [];
  let from = 0;
  for (let at = low.indexOf(wanted); at >= 0; at = low.indexOf(wanted, from)) {
    segments.push({ text: text.slice(from, at) }, { text: text.slice(at, at + wanted.length), paint: 'yellow' });
    from = at + wanted.length;
  }
  return [...segments, { text: text.slice(from) }];
}
