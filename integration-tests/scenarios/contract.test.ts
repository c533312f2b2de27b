/** Every method of a real daemon answers what the contract says, and has the fields that SPEC 10 names: no more, no less. */
import { contract, notifications } from '@procman/protocol/contract';
import type { Method } from '@procman/protocol/methods';
import { processTable, service } from '../harness/config.ts';
import { Conversation } from '../harness/conversation.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { World } from '../harness/world.ts';

/** The fields of an object: a `?` marks those that may be absent. */
type Fields = string;

const ROW =
  'name id instance num group? state phase? reason expected verdict pid? since uptimeSeconds? restarts applyOn? stale held hold? lastExit? retryAt? next? zombies? resources? dependents?';
const REASON = 'code message data?';
const EXIT = 'code? signal? unknown?';
const UPDATE = 'ok applied held? hash added removed restarted stale changed unchanged actions daemon problems';
const TARGET = 'name ok code message state reason alsoStopped? survivors? candidates?';

/** By their place in a result; `[]` stands for each entry of a list. */
const PLACES: Readonly<Partial<Record<Method, Readonly<Record<string, Fields>>>>> = {
  ping: { '': 'pid version uid' },
  version: { '': 'version protocol' },
  status: {
    '': 'daemon processes',
    daemon: 'pid version uid startedAt configPath configLoadedAt adopted configError? heldReload? clock? unsupervised?',
    'processes[]': ROW,
    'processes[].reason': REASON,
    'processes[].lastExit': `${EXIT} at`,
    'processes[].hold': 'since until?',
    'processes[].next': 'at action',
    'processes[].resources': 'cpuPercent rssBytes threads openFiles? processes',
  },
  explain: {
    '': 'processes',
    'processes[]': `${ROW} because versions commandType schedule? dependencies dependents failures health? exits staleKeys logs upcoming uptime`,
    'processes[].because[]': 'code message since?',
    'processes[].versions[]': 'applyOn fake effective why',
    'processes[].commandType': 'type why',
    'processes[].dependencies[]': 'id condition onLoss met state? verdict?',
    'processes[].failures': 'failedStarts runsInWindow maxRuns retryAt?',
    'processes[].exits[]': `run startedAt at ${EXIT} durationSeconds stderr`,
    'processes[].logs': 'stdout? stderr?',
    'processes[].upcoming[]': 'at action',
    'processes[].uptime': 'days expectedSeconds upSeconds',
  },
  timeline: { '': 'from to entries truncated', 'entries[]': 'at name id action applyOn? note?' },
  events: {
    '': 'events more',
    'events[]': 'seq at type name? run? from? to? reason? exit? durationSeconds? by? message',
  },
  subscribe: { '': 'seq' },
  start: { '': 'results', 'results[]': TARGET, 'results[].reason': REASON },
  stop: { '': 'results', 'results[]': TARGET },
  restart: { '': 'results', 'results[]': TARGET },
  unblock: { '': 'results', 'results[]': TARGET },
  signal: { '': 'results', 'results[]': TARGET },
  plan: {
    '': UPDATE,
    'actions[]': 'name action reason',
    'daemon[]': 'key takesEffect',
    'problems[]': 'severity file line? column? process? key? message found? allowed? hint?',
  },
  update: { '': UPDATE, 'actions[]': 'name action reason' },
  logs: { '': 'name stream path lines truncated' },
  'notify-test': { '': 'ok results', 'results[]': 'name target ok message seconds' },
  shutdown: { '': 'ok results', 'results[]': TARGET },
};

const AT_FIELDS: Readonly<Record<string, Fields>> = {
  '': 'at processes',
  'processes[]': 'name id expected reason applyOn? next?',
};

/** Whatever is at a place, as a list. */
function at(value: unknown, place: string): unknown[] {
  return place
    .split('.')
    .filter(Boolean)
    .reduce<unknown[]>(
      (found, step) => {
        const key = step.replace('[]', '');
        const inner = found.flatMap((each) => {
          const next = (each as Record<string, unknown>)[key];
          return next === undefined ? [] : [next];
        });
        return step.endsWith('[]') ? inner.flat() : inner;
      },
      [value],
    );
}

function expectFields(result: unknown, places: Readonly<Record<string, Fields>>): void {
  for (const [place, fields] of Object.entries(places)) {
    const words = fields.split(/\s+/);
    const needed = words.filter((word) => !word.endsWith('?'));
    const allowed = words.map((word) => word.replace('?', ''));
    for (const found of at(result, place)) {
      const keys = Object.keys(found as object);
      expect({ place, missing: needed.filter((key) => !keys.includes(key)) }).toEqual({ place, missing: [] });
      expect({ place, unknown: keys.filter((key) => !allowed.includes(key)) }).toEqual({ place, unknown: [] });
    }
  }
}

/** Calls, and holds the answer against contract and SPEC. */
async function call(
  world: World,
  method: Method,
  params: object = {},
  places = PLACES[method] ?? {},
): Promise<unknown> {
  const result = await world.rpc<unknown>(method, params);
  const checked = contract[method].result.safeParse(result);
  expect(checked.error?.issues ?? [], method).toEqual([]);
  expectFields(result, places);
  return result;
}

async function start(world: World): Promise<void> {
  const later = service('web', 'steady', 'apply-on = "2031-01-01"');
  const shop = service(
    'shop',
    'steady',
    'schedule = { start-time = "08:00", stop-time = "18:00" }; depends-on = ["web"]',
  );
  world.configure([
    service('web', 'steady'),
    later,
    shop,
    processTable('worker', 'sleep 100000', 'numprocs = 2; group = "crew"'),
    service('flapping', 'exits 3'),
    service('done', 'exits 0', 'one-shot = true'),
    processTable('loud', "sh -c 'echo hello; exec sleep 100000'"),
    '[[notify]]\nname = "ops"\ncommand = "true"\n',
  ]);
  await world.startDaemon({ args: ['--log-file', `${world.root}/own.log`] });
  await world.waitForState('web', 'RUNNING');
  await world.waitForState('loud', 'RUNNING');
  await world.waitForAll('RUNNING', ['crew:worker_00', 'crew:worker_01']);
  await world.waitForRow('flapping', 'an exit', ({ lastExit }) => lastExit?.code === 3);
  await world.waitForRow('done', 'its end', ({ reason }) => reason.code === 'finished');
}

describe('the contract', () => {
  test('is kept by every method', { timeout: 180_000 }, async ({ world }) => {
    await start(world);
    const asked = new Set<Method>();
    const ask = (method: Method, params: object = {}, places = PLACES[method]): Promise<unknown> => {
      asked.add(method);
      return call(world, method, params, places);
    };
    expect(await ask('notify-test')).toMatchObject({ results: [{ name: 'ops', ok: true }] });
    await ask('ping');
    await ask('version');
    await ask('status');
    await ask('status', { resources: true, names: ['web', 'crew:*'] });
    await ask('status', { at: '2030-06-07T12:00' }, AT_FIELDS);
    await ask('explain', { names: ['all'] });
    await ask('timeline', { from: '2030-12-31', seconds: 3 * 86_400 });
    await ask('stop', { names: ['web'], until: '23:59' });
    await ask('status', { names: ['web', 'shop'] });
    await ask('start', { names: ['web', 'done'] });
    await ask('restart', { names: ['crew:*'] });
    await ask('unblock', { names: ['flapping'], wait: false });
    await ask('signal', { names: ['web', 'done'], signal: 'CONT' });
    await ask('logs', { name: 'loud', lines: 5 });
    await ask('logs', { daemon: true });
    await ask('events', { limit: 20 });
    await ask('subscribe');
    world.configure(
      [service('web', 'steady', 'env = { NEW = "1" }'), service('new', 'steady', 'stop-timeout = 1')],
      'watch-config = true',
    );
    await ask('plan');
    await ask('plan', { config: { path: world.config, text: 'uid = 3' } });
    await ask('update');
    await ask('metrics');
    await ask('rpc.discover');
    await ask('shutdown', {});
    expect(Object.keys(contract).filter((method) => !asked.has(method as Method))).toEqual([]);
  });

  test('is kept by notifications', async ({ world }) => {
    world.configure([service('loud', 'says')]);
    await world.startDaemon();
    await world.waitForState('loud', 'RUNNING');
    const conversation = await Conversation.open(world);
    conversation.send({ jsonrpc: '2.0', id: 1, method: 'logs', params: { name: 'loud', follow: true } });
    await conversation.next('the answer', (message) => message['id'] === 1);
    world.write('say.loud', 'a line\n');
    const log = await conversation.next('the line', (message) => message['method'] === 'log');
    expect(notifications.log.params.safeParse(log['params']).error).toBeUndefined();
    expectFields(log['params'], { '': 'name stream lines' });
    conversation.send({ jsonrpc: '2.0', id: 2, method: 'subscribe', params: {} });
    await conversation.next('the answer', (message) => message['id'] === 2 && message['result'] !== undefined);
    await world.rpc('restart', { names: ['loud'] });
    const event = await conversation.next('an event', (message) => message['method'] === 'event');
    expect(notifications.event.params.safeParse(event['params']).error).toBeUndefined();
    expectFields(event['params'], { '': PLACES.events?.['events[]'] ?? '' });
    conversation.close();
  });

  test('is kept by what the client answers itself: check, list, doctor', async ({ world }) => {
    world.configure([service('web', 'steady', 'stop-timeuot = 1')]);
    const check = await world.ctl('check', world.config, '--json');
    expectFields(check.json, { '': 'ok file processes problems', 'problems[]': PLACES.plan?.['problems[]'] ?? '' });
    world.configure([service('web', 'steady')]);
    const daemon = await world.startDaemon();
    const entry = async (): Promise<Record<string, unknown>> => {
      const { json } = await world.ctl('list', '--json');
      expectFields(json, { '': 'daemons', 'daemons[]': 'uid pid version configPath socket stateDir startedAt' });
      const found = (json as { daemons: Record<string, unknown>[] }).daemons.find(({ uid }) => uid === world.uid);
      return found ?? {};
    };
    const { startedAt, version } = await world.daemonView();
    const { uid, config: configPath, socket, stateDir } = world;
    expect(await entry()).toEqual({ uid, pid: daemon.pid, version, configPath, socket, stateDir, startedAt });
    const doctor = await world.ctl('doctor', '--json');
    expectFields(doctor.json, { '': 'ok checks', 'checks[]': 'id status message mend?' });
    await world.killDaemon(daemon);
    expect(await entry()).toMatchObject({ uid, pid: null, configPath });
  });
});
