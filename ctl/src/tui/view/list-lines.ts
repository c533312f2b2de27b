/** The list: only the items that are in sight are drawn. */
import { printable } from '../../text/width.ts';
import { type Item, itemsOf, selectedIndex } from '../model/items.ts';
import { bodyRows } from '../model/layout.ts';
import type { State } from '../model/state.ts';
import { VERDICT_PAINT } from '../../render/style.ts';
import { columnsOf, type Columns, headingOf, segmentsOf } from './columns.ts';
import { styleOf } from './content.ts';
import { fit, lineOf, type Segment } from './segments.ts';

export function listLines(state: State): { heading: string; lines: string[] } {
  const items = itemsOf(state);
  const columns = columnsOf(state);
  const selected = selectedIndex(items, state.list);
  const { top } = state.list;
  const inSight = items.slice(top, top + bodyRows(state));
  const lines = inSight.map((item, index) => itemLine(item, index + top === selected, columns, state));
  return { heading: headingOf(columns), lines: lines.length > 0 ? lines : [emptyText(state)] };
}

function emptyText({ status, list, link }: State): string {
  if (status === undefined) return link.kind === 'lost' ? 'nothing is known' : 'asking the daemon...';
  if (list.filter !== '') return `nothing matches "${list.filter}"; Esc shows all`;
  return `no processes: ${printable(status.daemon.configPath)} has none`;
}

/** Without colours the mark alone shows where the cursor is. */
function itemLine(item: Item, isSelected: boolean, columns: Columns, state: State): string {
  const style = styleOf(state);
  const mark: Segment = { text: isSelected ? '> ' : '  ' };
  if (item.kind === 'group') return lineOf([mark, ...groupSegments(item, columns, state)], style, isSelected);
  const { row, isInGroup } = item;
  const label = isInGroup ? `  ${printable(withoutGroup(row.name))}` : printable(row.name);
  return lineOf([mark, ...segmentsOf(row, label, columns, state)], style, isSelected);
}

/** Its heading says the group. */
const withoutGroup = (name: string): string => name.slice(name.indexOf(':') + 1);

function groupSegments(
  { group, rows, isFolded }: Extract<Item, { kind: 'group' }>,
  { name }: Columns,
  { unicode }: State,
): Segment[] {
  const sign = unicode ? (isFolded ? '▸' : '▾') : isFolded ? '+' : '-';
  const parts = (['problem', 'pending', 'ok'] as const).flatMap((verdict) => {
    const number = rows.filter((row) => row.verdict === verdict).length;
    return number === 0 ? [] : [{ text: `${number} ${verdict}  `, paint: VERDICT_PAINT[verdict] }];
  });
  return [{ text: `${fit(`${sign} ${printable(group)}`, name)} `, paint: 'bold' }, ...parts];
}
