/** The lines of the list: instances and headings of groups, trouble first. */
import type { Row, StatusResult } from '@procman/protocol/views';
import type { ListState, State } from './state.ts';

export type Item =
  | { readonly kind: 'row'; readonly key: string; readonly row: Row; readonly isInGroup: boolean }
  | {
      readonly kind: 'group';
      readonly key: string;
      readonly group: string;
      readonly rows: readonly Row[];
      readonly isFolded: boolean;
    };

const URGENCY: Readonly<Record<Row['verdict'], number>> = { problem: 0, pending: 1, ok: 2 };

/** Remembered for the last one asked: a frame and the key that led to it need the same. */
let last: { readonly status: StatusResult; readonly list: ListState; readonly items: readonly Item[] } | undefined;

export function itemsOf({ status, list }: Pick<State, 'status' | 'list'>): readonly Item[] {
  if (status === undefined) return [];
  const isSame = last?.status === status && last.list.filter === list.filter && last.list.folded === list.folded;
  if (!isSame || last === undefined) last = { status, list, items: madeFrom(status, list) };
  return last.items;
}

function madeFrom({ processes }: StatusResult, { filter, folded }: ListState): readonly Item[] {
  const shown = processes.filter((row) => matches(row, filter));
  const blocks = blocksOf(shown);
  blocks.sort((a, b) => a.urgency - b.urgency || a.order - b.order);
  return blocks.flatMap(({ group, rows }) => {
    const sorted = [...rows].sort((a, b) => URGENCY[a.verdict] - URGENCY[b.verdict]);
    const isGroup = group !== undefined && rows.length > 1;
    if (!isGroup) return sorted.map((row): Item => ({ kind: 'row', key: row.name, row, isInGroup: false }));
    // What is looked for is shown, folded or not.
    const isFolded = folded.has(group) && filter === '';
    const heading: Item = { kind: 'group', key: groupKey(group), group, rows, isFolded };
    const members = isFolded ? [] : sorted;
    return [heading, ...members.map((row): Item => ({ kind: 'row', key: row.name, row, isInGroup: true }))];
  });
}

interface Block {
  readonly group: string | undefined;
  readonly rows: Row[];
  readonly order: number;
  urgency: number;
}

function blocksOf(rows: readonly Row[]): Block[] {
  const groups = new Map<string, Block>();
  const blocks: Block[] = [];
  rows.forEach((row, order) => {
    const group = groupOf(row);
    const urgency = URGENCY[row.verdict];
    const known = group === undefined ? undefined : groups.get(group);
    if (known) {
      known.rows.push(row);
      known.urgency = Math.min(known.urgency, urgency);
      return;
    }
    const block: Block = { group, rows: [row], order, urgency };
    blocks.push(block);
    if (group !== undefined) groups.set(group, block);
  });
  return blocks;
}

/** `worker` of `worker:worker_00`; undefined where it stands alone. */
export function groupOf({ name, group }: Row): string | undefined {
  const colon = name.indexOf(':');
  return group ?? (colon > 0 ? name.slice(0, colon) : undefined);
}

/** No name of an instance begins so. */
const groupKey = (group: string): string => `\u0000${group}`;

/** Name, state, expectation and reason are looked through, whatever the case; several words must all be there. */
function matches({ name, state, verdict, expected, reason, held, stale }: Row, filter: string): boolean {
  if (filter === '') return true;
  const flags = `${held ? 'held' : ''} ${stale ? 'stale' : ''}`;
  const text = `${name} ${state} ${verdict} ${expected} ${reason.message} ${flags}`.toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** The item of the cursor; the first one where that is gone. */
export function selectedItem(state: Pick<State, 'status' | 'list'>): Item | undefined {
  const items = itemsOf(state);
  return items[selectedIndex(items, state.list)];
}

export function selectedIndex(items: readonly Item[], { selected }: ListState): number {
  const index = items.findIndex(({ key }) => key === selected);
  return Math.max(0, index);
}

/** Instances that an action on the item is for. */
export function namesOf(item: Item | undefined): readonly string[] {
  if (item === undefined) return [];
  return item.kind === 'row' ? [item.row.name] : item.rows.map(({ name }) => name);
}
