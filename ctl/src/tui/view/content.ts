/** The text of the views that are text, in lines as wide as the screen; the reducer counts them. */
import type { Explanation } from '@procman/protocol/views';
import { renderEvents } from '../../render/events.ts';
import { renderExplanations } from '../../render/explain.ts';
import { paint, type Style, unpainted } from '../../render/style.ts';
import { endingsOf, renderUpdate } from '../../render/update.ts';
import { breakInto, displayWidth, padEnd, printable } from '../../text/width.ts';
import { wrap } from '../../text/wrap.ts';
import { type Binding, KEY_SECTIONS, keysText } from '../model/keymap.ts';
import type { DetailsView, QuestionView, State, View } from '../model/state.ts';

export function styleOf({ size, color }: Pick<State, 'size' | 'color'>): Style {
  return { terminal: true, columns: size.columns, color };
}

/** Undefined: the view is no text. */
export function contentOf(state: State, view: View): readonly string[] | undefined {
  switch (view.kind) {
    case 'details':
      return detailsText(state, view);
    case 'question':
      return questionText(state, view);
    case 'plan':
      return view.plan === undefined ? ['asking the daemon...'] : planText(state, view.plan);
    case 'text':
      return view.lines.flatMap((line) => wrap(line, state.size.columns, '', '  '));
    case 'timeline':
      return view.lines === undefined ? ['asking...'] : withinColumns(view.lines, state);
    case 'help':
      return helpText(state);
    case 'daemons':
      return undefined;
  }
}

function detailsText(state: State, view: DetailsView): readonly string[] | undefined {
  if (view.tab === 'log' || view.tab === 'links') return undefined;
  if (view.error !== undefined) return wrap(view.error, state.size.columns);
  const { explanation, events, config, tab } = view;
  const style = styleOf(state);
  const now = new Date(state.now);
  if (tab === 'why') {
    return explanation === undefined
      ? ['asking...']
      : linesOf(renderExplanations({ processes: [explanation] }, style, now));
  }
  if (tab === 'events') {
    if (events === undefined) return ['asking...'];
    return events.length === 0
      ? ['nothing has happened to it that is on record']
      : linesOf(renderEvents(events, style, now));
  }
  return (config ?? ['reading...']).flatMap((line) => breakInto(printable(line), state.size.columns));
}

const linesOf = (text: string): string[] => text.replace(/\n$/, '').split('\n');

function questionText({ size, color }: State, { verb, names, stops }: QuestionView): string[] {
  const style = styleOf({ size, color });
  const subject = names.length === 1 ? printable(names[0] ?? '') : `these ${names.length}: ${someOf(names)}`;
  const others = stops.filter((name) => !names.includes(name));
  const again = verb === 'restart' ? ', and starts again' : '';
  const held =
    verb === 'stop'
      ? [`${names.length === 1 ? 'It stays' : 'They stay'} stopped until started again, also over reloads and reboots.`]
      : [];
  return [
    ...wrap(`${verb} ${subject}?`, size.columns, '', '  ').map((line) => paint(line, 'bold', style)),
    '',
    `This stops ${stops.length}${again}:`,
    ...stops.flatMap((name) =>
      breakInto(`  ${printable(name)}${others.includes(name) ? '   (depends on what you stop)' : ''}`, size.columns),
    ),
    '',
    ...held,
    paint('y: yes    n: no', 'bold', style),
  ];
}

/** All are in the list of what stops, below it: there each is on a line, here they would push that list off the screen. */
const NAMED = 4;

function someOf(names: readonly string[]): string {
  const named = names.slice(0, NAMED).map(printable).join(', ');
  return names.length <= NAMED ? named : `${named} and ${names.length - NAMED} more`;
}

/** Lines that were made for another width: a longer one would be written over its own end. */
function withinColumns(lines: readonly string[], { size: { columns } }: State): string[] {
  return lines.flatMap((line) =>
    displayWidth(unpainted(line)) <= columns ? [line] : wrap(unpainted(line), columns, '', '  '),
  );
}

function planText(state: State, plan: NonNullable<Extract<View, { kind: 'plan' }>['plan']>): string[] {
  const style = styleOf(state);
  const wrapped = withinColumns(linesOf(renderUpdate(plan, 'would', style)), state);
  if (!plan.ok) return wrapped;
  const endings = endingsOf(plan);
  const question = endings === undefined ? 'Nothing that runs would end.' : `This would ${endings}.`;
  return [...wrapped, '', paint(`${question} Put it into effect?   y: yes    n: no`, 'bold', style)];
}

function helpText({ size, color, unicode }: State): string[] {
  const style = styleOf({ size, color });
  const width = Math.max(
    ...KEY_SECTIONS.flatMap(({ bindings }) => bindings.map(({ keys }) => displayWidth(keysText(keys, unicode)))),
  );
  const lines = (bindings: readonly Binding[]): string[] =>
    bindings.flatMap(({ keys, meaning }) =>
      wrap(meaning, size.columns, `  ${padEnd(keysText(keys, unicode), width)}  `, ' '.repeat(width + 4)),
    );
  const sections = KEY_SECTIONS.flatMap(({ title, bindings }) => [paint(title, 'bold', style), ...lines(bindings), '']);
  return [
    ...sections,
    'Red is what differs from what it should be, yellow what is on its way there.',
    'The age of the data is at the top right: red where nobody has confirmed it for ten seconds.',
  ];
}

/** What the cursor of the tab `links` may be on. */
export interface LinkLine {
  readonly name: string;
  readonly text: string;
  readonly isProblem: boolean;
  /** An instance, or a process: to be walked to. */
  readonly target: boolean;
}

export function linksOf(
  explanation: Explanation | undefined,
): readonly { readonly title: string; readonly links: readonly LinkLine[] }[] {
  if (explanation === undefined) return [];
  return [
    {
      title: 'Depends on',
      links: explanation.dependencies.map(({ id, condition, met, state, verdict }) => ({
        name: id,
        text: `${printable(id)} (${condition}): ${met ? 'met' : 'NOT MET'}${state === undefined ? '' : `, it is ${state}`}`,
        isProblem: !met || verdict === 'problem',
        target: state !== undefined,
      })),
    },
    {
      title: 'What depends on it',
      links: explanation.dependents.map((name) => ({ name, text: printable(name), isProblem: false, target: true })),
    },
  ];
}
