/** The whole screen: exactly as many lines as it has, none wider than it is. Pure. */
import { displayWidth, padEnd, printable } from '../../text/width.ts';
import { selectedItem } from '../model/items.ts';
import { bindingsOf, keysText } from '../model/keymap.ts';
import { bannersOf, bodyRows, isTooSmall, LEAST } from '../model/layout.ts';
import { type DaemonsView, type State, topView, type View } from '../model/state.ts';
import { VERDICT_PAINT } from '../../render/style.ts';
import { reasonText } from './columns.ts';
import { contentOf, styleOf } from './content.ts';
import { linkLines, logInfo, logLines, tabLine } from './details-lines.ts';
import { listLines } from './list-lines.ts';
import { lineOf, type Segment } from './segments.ts';
import { titleLine } from './title.ts';

export function frameOf(state: State): readonly string[] {
  const { columns, rows } = state.size;
  if (isTooSmall(state)) {
    const text = `too small: ${columns}x${rows}; ${LEAST.columns}x${LEAST.rows} is the least. q leaves`;
    return [lineOf([{ text }], styleOf(state)), ...Array.from({ length: Math.max(0, rows - 1) }, () => '')].slice(
      0,
      rows,
    );
  }
  const style = styleOf(state);
  const banners = bannersOf(state).map((text) =>
    lineOf([{ text: printable(text), paint: state.link.kind === 'connected' ? 'yellow' : 'red' }], style),
  );
  const { heading, lines } = bodyOf(state);
  const page = bodyRows(state);
  const body = Array.from({ length: page }, (_, index) => lines[index] ?? '');
  return [titleLine(state), ...banners, heading, ...body, infoLine(state), keysLine(state)];
}

interface Body {
  readonly heading: string;
  readonly lines: readonly string[];
}

function bodyOf(state: State): Body {
  const view = topView(state);
  const style = styleOf(state);
  const bold = (text: string): string => lineOf([{ text, paint: 'bold' }], style);
  if (view === undefined) {
    const { heading, lines } = listLines(state);
    return { heading: lineOf([{ text: heading, paint: 'dim' }], style), lines };
  }
  if (view.kind === 'details') return { heading: tabLine(state, view), lines: detailsBody(state, view) };
  if (view.kind === 'daemons')
    return { heading: bold('Daemons that run here, or ran'), lines: daemonLines(state, view) };
  return { heading: bold(titleOf(view)), lines: scrolledText(state, view) };
}

function detailsBody(state: State, view: Extract<View, { kind: 'details' }>): readonly string[] {
  if (view.tab === 'links') return linkLines(state, view);
  return view.tab === 'log' ? logLines(state, view) : scrolledText(state, view);
}

function scrolledText(state: State, view: Exclude<View, DaemonsView>): readonly string[] {
  return (contentOf(state, view) ?? []).slice(view.top, view.top + bodyRows(state));
}

function titleOf(view: View): string {
  switch (view.kind) {
    case 'question':
      return 'Sure?';
    case 'plan':
      return 'What a reload of the configuration would do';
    case 'text':
      return view.title;
    case 'timeline':
      return 'What comes within a day';
    case 'help':
      return 'Keys';
    case 'details':
    case 'daemons':
      return '';
  }
}

function daemonLines(state: State, { choices, selected }: DaemonsView): string[] {
  if (choices === undefined) return ['looking...'];
  if (choices.length === 0) return ['none has run here since the machine came up'];
  const uids = columnOf(choices.map(({ uid }) => printable(uid)));
  const pids = columnOf(choices.map(({ pid }) => (pid === null ? 'does not run' : `pid ${pid}`)));
  return choices.map(({ pid, configPath }, index) => {
    const isSelected = index === selected;
    const text = `${isSelected ? '> ' : '  '}${uids[index] ?? ''}  ${pids[index] ?? ''}  ${printable(configPath)}`;
    return lineOf([{ text, paint: pid === null ? 'dim' : undefined }], styleOf(state), isSelected);
  });
}

const columnOf = (texts: readonly string[]): string[] => {
  const width = Math.max(0, ...texts.map(displayWidth));
  return texts.map((text) => padEnd(text, width));
};

/** What is being typed, what has just been done, or what there is to know of what the cursor is on. */
function infoLine(state: State): string {
  const style = styleOf(state);
  const { prompt, notice } = state;
  if (prompt) return lineOf([{ text: `${prompt.what}: ${printable(prompt.text)}_`, paint: 'bold' }], style);
  if (notice) return lineOf([{ text: printable(notice.text), paint: notice.isError ? 'red' : 'bold' }], style);
  const view = topView(state);
  if (view?.kind === 'details' && view.tab === 'log')
    return lineOf([{ text: printable(logInfo(view)), paint: 'dim' }], style);
  if (view === undefined) return lineOf(selectedInfo(state), style);
  return lineOf([{ text: position(state, view), paint: 'dim' }], style);
}

function position(state: State, view: View): string {
  const lines = contentOf(state, view);
  if (lines === undefined || !('top' in view) || lines.length <= bodyRows(state)) return '';
  const last = Math.min(lines.length, view.top + bodyRows(state));
  return `lines ${view.top + 1} to ${last} of ${lines.length}`;
}

function selectedInfo(state: State): Segment[] {
  const filter: Segment[] =
    state.list.filter === ''
      ? []
      : [{ text: `[filter: ${printable(state.list.filter)}; Esc ends it] `, paint: 'bold' }];
  const item = selectedItem(state);
  if (item?.kind !== 'row') return filter;
  const { row } = item;
  const reason = reasonText(row, state.now);
  const text = `${printable(row.name)}: ${reason === '' ? 'runs as it should' : reason}`;
  return [...filter, { text, paint: VERDICT_PAINT[row.verdict] }];
}

/** As many as fit, in order; how to get help and out of here is always among them. */
function keysLine(state: State): string {
  const style = styleOf(state);
  const all = bindingsOf(state).map(({ keys, short }) => ({ keys: keysText(keys, state.unicode), short }));
  const widthOf = ({ keys, short }: { keys: string; short: string }): number => displayWidth(keys) + short.length + 3;
  const always = all.filter(({ keys }) => keys === '?' || keys === 'q');
  let room = style.columns - always.reduce((sum, each) => sum + widthOf(each), 0);
  const shown = all.filter((each) => {
    if (always.includes(each)) return true;
    room -= widthOf(each);
    return room >= 0;
  });
  const segments = shown.flatMap(({ keys, short }): Segment[] => [
    { text: keys, paint: 'bold' },
    { text: ` ${short}  `, paint: 'dim' },
  ]);
  return lineOf(segments, style);
}
