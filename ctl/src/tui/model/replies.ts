/** What was asked for has come, or could not be had. A reply for what is no longer looked at is dropped. */
import type { Input } from './inputs.ts';
import { appended } from './log.ts';
import { stay, type Step } from './step.ts';
import { type DetailsView, type State, topView, type View, without, withTop } from './state.ts';

type Reply = Exclude<Input, { kind: 'key' | 'resize' | 'tick' | 'link' | 'status' | 'heard' | 'usage' }>;

export function onReply(state: State, reply: Reply): Step {
  switch (reply.kind) {
    case 'explained':
      return details(state, reply.name, (view) => ({ ...without(view, 'error'), explanation: reply.explanation }));
    case 'events':
      return details(state, reply.name, (view) => ({ ...without(view, 'error'), events: reply.events }));
    case 'config':
      return details(state, reply.name, (view) => ({ ...without(view, 'error'), config: reply.lines }));
    case 'log':
      return details(state, reply.name, (view) => {
        if (view.log.stream !== reply.log.stream) return view;
        return { ...view, log: { ...without(view.log, 'error'), path: reply.log.path, lines: reply.log.lines } };
      });
    case 'log-more':
      return details(state, reply.name, (view) =>
        view.log.stream === reply.stream ? { ...view, log: appended(view.log, reply.lines) } : view,
      );
    case 'log-failed':
      return details(state, reply.name, (view) => ({ ...view, log: { ...view.log, error: reply.message } }));
    case 'acted':
      return acted(state, reply);
    case 'planned':
      return stay(mapTop(state, 'plan', (view) => ({ ...view, plan: reply.plan })));
    case 'updated':
      return noticed(
        state,
        reply.result.ok ? 'the configuration is in effect' : 'the configuration has errors: nothing was changed',
        !reply.result.ok,
      );
    case 'timeline':
      return stay(mapTop(state, 'timeline', (view) => ({ ...view, lines: reply.lines })));
    case 'daemons':
      return stay(mapTop(state, 'daemons', (view) => ({ ...view, choices: reply.choices })));
    case 'failed':
      return failed(state, reply);
  }
}

function noticed(state: State, text: string, isError: boolean): Step {
  return stay({ ...state, notice: { text, isError } });
}

function mapTop<K extends View['kind']>(
  state: State,
  kind: K,
  change: (view: Extract<View, { kind: K }>) => View,
): State {
  const view = topView(state);
  return view?.kind === kind ? withTop(state, change(view as Extract<View, { kind: K }>)) : state;
}

/** Wherever it lies: a question or the help may be over it. */
function details(state: State, name: string, change: (view: DetailsView) => DetailsView): Step {
  const views = state.views.map((view) => (view.kind === 'details' && view.name === name ? change(view) : view));
  return stay({ ...state, views });
}

/** One line says how it went; where there is more to say, a page does. */
function acted(state: State, { verb, results, lines }: Extract<Reply, { kind: 'acted' }>): Step {
  const isBad = results.some(({ ok }) => !ok);
  if (lines.length === 1 || !isBad) {
    const text = results.length === 1 ? lines.map((line) => line.trim()).join('; ') : `${verb}: ${results.length} done`;
    return noticed(state, text, isBad);
  }
  return stay({ ...state, views: [...state.views, { kind: 'text', title: verb, lines, top: 0 }] });
}

function failed(state: State, { effect, message }: Extract<Reply, { kind: 'failed' }>): Step {
  const text = message.split('\n', 1)[0] ?? '';
  switch (effect.kind) {
    case 'explain':
    case 'events':
    case 'config':
      return details(state, effect.name, (view) => ({ ...view, error: message }));
    case 'plan':
    case 'timeline':
    case 'daemons': {
      const view = topView(state);
      const next = view?.kind === effect.kind ? { ...state, views: state.views.slice(0, -1) } : state;
      return noticed(next, text, true);
    }
    default:
      return noticed(state, text, true);
  }
}
