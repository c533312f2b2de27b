import type { Row, UpdateResult } from '@procman/protocol/views';
import { describe, expect, it } from 'vitest';
import { row, running, statusOf, target } from '../../testing/fake-daemon.ts';
import { explanationOf, manyRows, NOW, Scene, shop } from '../testing/scene.ts';
import type { Effect, Input, Key } from './inputs.ts';
import { itemsOf } from './items.ts';
import { topView } from './state.ts';

const begun = (): Scene => new Scene().connected(shop());
const kinds = (scene: Scene): string[] => scene.state.views.map(({ kind }) => kind);
const order = (scene: Scene): string[] =>
  itemsOf(scene.state).map((item) => (item.kind === 'row' ? item.row.name : `[${item.group}]`));

describe('the list', () => {
  it('has trouble first, then what is on its way, then the order of the configuration', () => {
    expect(order(begun())).toEqual([
      'mailer',
      'search',
      'db',
      'web',
      '[worker]',
      'worker:worker_00',
      'worker:worker_01',
      'report',
      '支払い',
    ]);
  });

  it('puts a group where its worst member belongs, and that first in it', () => {
    const bad = (status: Row): Row =>
      status.name === 'worker:worker_01' ? { ...status, verdict: 'problem', state: 'BACKOFF' } : status;
    const status = shop();
    expect(order(new Scene().connected({ ...status, processes: status.processes.map(bad) })).slice(0, 4)).toEqual([
      '[worker]',
      'worker:worker_01',
      'worker:worker_00',
      'mailer',
    ]);
  });

  it.each<[string, Key[], string]>([
    ['begins at the top', [], 'mailer'],
    ['down', ['down', 'down'], 'db'],
    ['j and k', ['j', 'j', 'j', 'k'], 'db'],
    ['not above the top', ['up', 'up'], 'mailer'],
    ['not below the end', ['end', 'down'], '支払い'],
    ['a page', ['pagedown'], '支払い'],
    ['a page and back', ['pagedown', 'pageup'], 'mailer'],
    ['home', ['end', 'home'], 'mailer'],
  ])('moves: %s', (_, keys, selected) => {
    expect(begun().press(...keys).state.list.selected).toBe(selected);
  });

  it('keeps the cursor on its instance when that moves, and in sight', () => {
    const scene = new Scene().connected(manyRows(500)).press('end');
    const before = scene.state.list.selected ?? '';
    expect(scene.state.list.top).toBeGreaterThan(400);
    const worse = manyRows(500).map((each) =>
      each.name === before ? row({ name: before, verdict: 'problem' }) : each,
    );
    scene.take({ kind: 'status', status: statusOf(worse) });
    expect(scene.state.list.selected).toBe(before);
    expect(scene.state.list.top).toBeLessThan(10);
    expect(scene.frame()).toContain(`> ${before}`);
  });

  it('goes to the first where its instance has gone', () => {
    expect(
      begun()
        .press('end')
        .connected([running('only', 1, 1)]).state.list.selected,
    ).toBe('only');
  });

  it('folds a group, all groups, and unfolds them; what is looked for is shown folded or not', () => {
    const scene = begun().press('down', 'down', 'down', 'down', ' ');
    expect(order(scene)).not.toContain('worker:worker_00');
    scene.press('enter');
    expect(order(scene)).toContain('worker:worker_00');
    scene.press('F');
    expect(order(scene)).not.toContain('worker:worker_00');
    scene.press('/').type('_01');
    expect(order(scene)).toEqual(['worker:worker_01']);
    scene.press('escape', 'F');
    expect(order(scene)).toContain('worker:worker_00');
    const inside = begun().press('down', 'down', 'down', 'down', 'down', 'left');
    expect(inside.state.list.folded).toEqual(new Set(['worker']));
  });

  it.each<[string, string[]]>([
    ['MAIL', ['mailer']],
    ['running worker', ['[worker]', 'worker:worker_00', 'worker:worker_01']],
    ['code 7', ['mailer']],
    ['pending', ['search']],
    ['nothing like it', []],
    ['支', ['支払い']],
  ])('filters by %s while it is typed', (text, names) => {
    expect(order(begun().press('/').type(text))).toEqual(names);
  });

  it('ends the filter by Esc, while typing and later, and takes back a character', () => {
    const scene = begun().press('/').type('webx').press('backspace', 'enter');
    expect(scene.state.list.filter).toBe('web');
    expect(scene.state.prompt).toBeUndefined();
    expect(scene.press('escape').state.list.filter).toBe('');
    expect(scene.press('/').type('q?s').press('escape').state.list.filter).toBe('');
    expect(scene.effects).toEqual([]);
  });
});

describe('acting', () => {
  it('asks before a stop, naming what would stop, and does it after a yes only', () => {
    const scene = begun().press('down', 'down', 'x');
    expect(topView(scene.state)).toMatchObject({
      kind: 'question',
      verb: 'stop',
      names: ['db'],
      stops: ['db', 'web', 'worker:worker_00', 'worker:worker_01'],
    });
    expect(scene.effects).toEqual([]);
    scene.press('y');
    expect(scene.effects).toEqual([{ kind: 'act', verb: 'stop', names: ['db'] }]);
    expect(kinds(scene)).toEqual([]);
  });

  it.each<Key>(['n', 'escape', 'q', 'backspace'])('does nothing after %s', (key) => {
    const scene = begun().press('down', 'down', 'r', key);
    expect(scene.effects).toEqual([]);
    expect(scene.state.notice?.text).toBe('nothing was done');
  });

  it.each<Key>(['enter', ' ', 'x', 's', '?'])('takes %s for no answer', (key) => {
    const scene = begun().press('down', 'down', 'x', key);
    expect(scene.effects).toEqual([]);
    expect(kinds(scene)).toEqual(['question']);
  });

  it('asks again where more would stop than was shown', () => {
    const scene = begun().press('down', 'down', 'x');
    const status = shop();
    const more = { ...running('late', 9, 1) };
    const processes = [...status.processes, more].map((each) =>
      each.name === 'db' ? { ...each, dependents: [...(each.dependents ?? []), 'late'] } : each,
    );
    scene.take({ kind: 'status', status: { ...status, processes } }).press('y');
    expect(scene.effects).toEqual([]);
    expect(topView(scene.state)).toMatchObject({
      kind: 'question',
      stops: expect.arrayContaining(['late']) as unknown,
    });
    expect(scene.press('y').effects).toEqual([{ kind: 'act', verb: 'stop', names: ['db'] }]);
  });

  it.each<[string, Key[], Effect[]]>([
    ['start', ['s'], [{ kind: 'act', verb: 'start', names: ['mailer'] }]],
    ['unblock', ['b'], [{ kind: 'act', verb: 'unblock', names: ['mailer'] }]],
    ['a stop that ends nothing', ['x'], [{ kind: 'act', verb: 'stop', names: ['mailer'] }]],
    ['a restart that ends nothing', ['r'], [{ kind: 'act', verb: 'restart', names: ['mailer'] }]],
    [
      'a whole group',
      ['down', 'down', 'down', 'down', 'r', 'y'],
      [{ kind: 'act', verb: 'restart', names: ['worker:worker_00', 'worker:worker_01'] }],
    ],
  ])('does without a question: %s', (_, keys, effects) => {
    expect(begun().press(...keys).effects).toEqual(effects);
  });

  it.each<Key>(['s', 'x', 'r', 'b'])('says that %s needs a daemon where none runs', (key) => {
    const scene = begun()
      .take({ kind: 'link', link: { kind: 'unsupervised', headline: 'unsupervised' } })
      .press(key);
    expect(scene.effects).toEqual([]);
    expect(scene.state.notice).toMatchObject({ isError: true });
  });

  it('takes back that it needs a daemon once one answers', () => {
    const scene = new Scene()
      .connected(shop())
      .take({ kind: 'link', link: { kind: 'unsupervised', headline: 'unsupervised' } })
      .press('s');
    expect(scene.state.notice).toBeDefined();
    scene.connected(shop());
    expect(scene.state.notice).toBeUndefined();
  });

  it('acts in the details as well, and comes back to them', () => {
    const scene = begun().press('down', 'down', 'enter', 'r');
    expect(kinds(scene)).toEqual(['details', 'question']);
    scene.press('y');
    expect(scene.effects.at(-1)).toEqual({ kind: 'act', verb: 'restart', names: ['db'] });
    expect(kinds(scene)).toEqual(['details']);
  });

  it('says on one line how it went, and on a page where it went wrong and there is more to say', () => {
    const results = [target('db')];
    const scene = begun().take({ kind: 'acted', verb: 'stop', results, lines: ['db: stopped', '  also stopped: web'] });
    expect(scene.state.notice).toEqual({ text: 'db: stopped; also stopped: web', isError: false });
    const bad = [target('db', { ok: false, code: 'in-doubt' })];
    scene.take({ kind: 'acted', verb: 'unblock', results: bad, lines: ['db: ERROR', '  may be it: pid 4'] });
    expect(topView(scene.state)).toMatchObject({ kind: 'text', title: 'unblock' });
    expect(scene.frame()).toContain('may be it: pid 4');
  });

  it('shows a plan before a reload, and carries out that one', () => {
    const plan: UpdateResult = {
      ok: true,
      applied: false,
      hash: 'abc',
      added: [],
      removed: ['web'],
      restarted: [],
      stale: [],
      changed: [],
      unchanged: [],
      actions: [
        { name: 'web', action: 'stop', reason: { code: 'not-in-config', message: 'not in the configuration' } },
      ],
      daemon: [],
      problems: [],
    };
    const scene = begun().press('R', 'y');
    expect(scene.effects).toEqual([{ kind: 'plan' }]);
    scene.take({ kind: 'planned', plan });
    expect(scene.frame()).toContain('would stop web');
    expect(scene.frame()).toContain('This would stop 1 of what runs.');
    expect(scene.press('y').effects.at(-1)).toEqual({ kind: 'update', hash: 'abc' });
    const broken = begun()
      .press('R')
      .take({ kind: 'planned', plan: { ...plan, ok: false } });
    expect(broken.press('y').effects).toEqual([{ kind: 'plan' }]);
  });
});

describe('details', () => {
  const db = shop().processes[0] ?? running('db', 1, 1);
  const web = { ...running('web', 4102, 1) };
  const explained = (name: string, status: Row, links: Partial<Parameters<typeof explanationOf>[1]> = {}): Input => ({
    kind: 'explained',
    name,
    explanation: explanationOf(status, links),
  });

  it.each<[Key[], string, Effect[]]>([
    [[], 'why', [{ kind: 'explain', name: 'mailer' }]],
    [['tab'], 'links', [{ kind: 'explain', name: 'mailer' }]],
    [['3'], 'config', [{ kind: 'config', name: 'mailer' }]],
    [['right', 'right', 'right'], 'events', [{ kind: 'events', name: 'mailer' }]],
    [['left'], 'log', [{ kind: 'follow', name: 'mailer', stream: 'stdout' }]],
    [['5', 'tab'], 'why', [{ kind: 'unfollow' }, { kind: 'explain', name: 'mailer' }]],
    [['5', 'e'], 'log', [{ kind: 'follow', name: 'mailer', stream: 'stderr' }]],
    [['5', 'escape'], 'none', [{ kind: 'unfollow' }]],
  ])('asks for what a tab shows: %s', (keys, tab, effects) => {
    const scene = begun().press('enter', ...keys);
    const view = topView(scene.state);
    expect(view?.kind === 'details' ? view.tab : 'none').toBe(tab);
    expect(scene.effects.slice(-effects.length)).toEqual(effects);
  });

  it('walks along dependencies and dependents, and back', () => {
    const dependency = { id: 'db', condition: 'running', onLoss: 'stop', met: true, state: 'RUNNING' as const };
    const scene = begun().press('down', 'down', 'down', 'enter', 'tab');
    scene.take(explained('web', web, { dependencies: [dependency], dependents: ['worker:worker_00'] }));
    expect(scene.frame()).toMatch(
      /Depends on\n> db \(running\): met, it is RUNNING\nWhat depends on it\n {2}worker:worker_00/,
    );
    scene.press('down', 'enter');
    expect(topView(scene.state)).toMatchObject({ kind: 'details', name: 'worker:worker_00' });
    scene.press('escape', 'up', 'enter');
    expect(topView(scene.state)).toMatchObject({ kind: 'details', name: 'db' });
    scene.press('escape', 'escape');
    expect(kinds(scene)).toEqual([]);
  });

  it('asks anew when something has happened, and drops what comes for another', () => {
    const scene = begun().press('down', 'down', 'enter');
    const before = scene.effects.length;
    scene.take({ kind: 'status', status: shop() });
    expect(scene.effects.slice(before)).toEqual([{ kind: 'explain', name: 'db' }]);
    scene.take(explained('web', web));
    expect(scene.frame()).not.toContain('web: RUNNING');
    expect(scene.take(explained('db', db)).frame()).toContain('db: RUNNING since');
  });

  it('tells why there is nothing', () => {
    const scene = begun().press('enter');
    scene.take({
      kind: 'failed',
      effect: { kind: 'explain', name: 'mailer' },
      message: 'no process is called "mailer"',
    });
    expect(scene.frame()).toContain('no process is called "mailer"');
  });
});

describe('a log', () => {
  const lines = Array.from({ length: 100 }, (_, at) => `line ${at}${at % 10 === 3 ? ' needle' : ''}`);
  const open = (): Scene =>
    begun()
      .press('enter', '5')
      .take({ kind: 'log', name: 'mailer', log: { stream: 'stdout', path: '/log', lines } });
  const more = (count: number): Input => ({
    kind: 'log-more',
    name: 'mailer',
    stream: 'stdout',
    lines: Array.from({ length: count }, (_, at) => `new ${at}`),
  });

  it('follows until one goes up, and again from the end', () => {
    const scene = open();
    expect(scene.frame()).toContain('line 99');
    expect(scene.take(more(1)).frame()).toContain('new 0');
    scene.press('pageup').take(more(3));
    expect(scene.frame()).not.toContain('new 2');
    expect(scene.frame()).toContain('not following');
    expect(scene.press('end').frame()).toContain('new 2');
    expect(scene.press('f').take(more(30)).frame()).not.toContain('new 29');
    expect(scene.press('f').frame()).toContain('new 29');
  });

  it('stays where one looks, though the oldest lines go', () => {
    const scene = open().press('home', 'pagedown');
    const first = scene.frame().split('\n')[2];
    scene.take(more(4905));
    expect(scene.frame().split('\n')[2]).not.toBe(undefined);
    expect(scene.frame()).toContain('line 19');
    expect(first).toBe('line 19');
  });

  it('searches from the end, goes to the next and the one before, and around', () => {
    const scene = open().press('/').type('NEEDLE').press('enter');
    expect(scene.frame()).toContain('"NEEDLE": 10 of 10 found');
    expect(scene.press('N').frame()).toContain('9 of 10 found');
    expect(scene.frame()).toContain('line 83 needle');
    expect(scene.press('n', 'n').frame()).toContain('1 of 10 found');
    expect(scene.press('N').frame()).toContain('10 of 10 found');
    expect(scene.press('/').type('absent').frame()).toContain('search: absent_');
    expect(scene.press('enter').frame()).toContain('"absent": 0 found');
  });

  it('is followed anew when the daemon is back, and shows what goes wrong', () => {
    const scene = open();
    scene.take({ kind: 'link', link: { kind: 'lost', message: 'gone' } });
    const before = scene.effects.length;
    scene.take({ kind: 'link', link: { kind: 'connected' } });
    expect(scene.effects.slice(before)).toEqual([{ kind: 'follow', name: 'mailer', stream: 'stdout' }]);
    scene.take({ kind: 'log-failed', name: 'mailer', message: 'may not be read' });
    expect(scene.frame()).toContain('may not be read');
  });

  it('shows the rest of long lines', () => {
    const scene = begun().press('enter', '5');
    const long = `${'x'.repeat(90)}END`;
    scene.take({ kind: 'log', name: 'mailer', log: { stream: 'stdout', path: '/log', lines: [long] } });
    expect(scene.frame()).not.toContain('END');
    expect(scene.press('>').frame()).toContain('END');
    expect(scene.press('<').frame()).not.toContain('END');
  });
});

describe('leaving', () => {
  it.each<[string, Key[], Effect]>([
    ['q', ['q'], { kind: 'quit', code: 0 }],
    ['Ctrl-C', ['ctrl-c'], { kind: 'quit', code: 130 }],
    ['Ctrl-C within a question', ['down', 'down', 'x', 'ctrl-c'], { kind: 'quit', code: 130 }],
    ['Ctrl-C while typing', ['/', 'a', 'ctrl-c'], { kind: 'quit', code: 130 }],
    ['Ctrl-Z', ['ctrl-z'], { kind: 'suspend' }],
    ['q in the details', ['enter', 'q'], { kind: 'quit', code: 0 }],
  ])('%s', (_, keys, effect) => {
    expect(
      begun()
        .press(...keys)
        .effects.at(-1),
    ).toEqual(effect);
  });
});

describe('choosing a daemon', () => {
  it('takes the one under the cursor', () => {
    const scene = begun().press('d');
    const choice = (uid: string): { uid: string; pid: number; configPath: string; socket: string } => ({
      uid,
      pid: 1,
      configPath: '/c',
      socket: `/${uid}.sock`,
    });
    scene.take({ kind: 'daemons', choices: [choice('a'), choice('b')] }).press('down', 'down', 'enter');
    expect(scene.effects.at(-1)).toEqual({ kind: 'switch', socket: '/b.sock' });
    expect(kinds(scene)).toEqual([]);
  });
});

describe('how old the data is', () => {
  const after = (seconds: number, ...inputs: Input[]): string => {
    const scene = new Scene({ color: true }).connected(shop()).take(...inputs);
    scene.now = NOW + seconds * 1000;
    return scene.take({ kind: 'tick' }).frame().split('\n')[0] ?? '';
  };

  it.each<[number, string]>([
    [1, '\u001b[2mdata of now'],
    [7, '\u001b[2mdata of 7s ago'],
    [11, '\u001b[31mSTALE, data of 11s ago'],
    [3700, '\u001b[31mSTALE, data of 1h01m ago'],
  ])('after %d s without an answer', (seconds, text) => {
    expect(after(seconds)).toContain(text);
  });

  it('is red at once where no daemon runs', () => {
    expect(after(1, { kind: 'link', link: { kind: 'unsupervised', headline: 'u' } })).toContain(
      '\u001b[31mUNSUPERVISED, files read now',
    );
    expect(after(1, { kind: 'link', link: { kind: 'lost', message: 'm' } })).toContain('\u001b[31mSTALE');
  });

  it('lets uptimes grow only while a daemon tells of them', () => {
    const scene = new Scene().connected([running('web', 1, 10)]);
    scene.now = NOW + 20_000;
    expect(scene.take({ kind: 'tick' }).frame()).toContain(' 30s ');
    expect(scene.take({ kind: 'link', link: { kind: 'lost', message: 'm' } }).frame()).toContain(' 10s ');
  });
});
