/** `[[notify]]`: people are told once, by real servers; nothing of it holds up a service; what fails is told, and no secret is. */
import { chmodSync, existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NotifyTestResult } from '@procman/protocol/views';
import { configText, processTable, service } from '../harness/config.ts';
import { eventsOf, waitForEvent } from '../harness/events.ts';
import { isAlive, signal } from '../harness/processes.ts';
import { MailServer } from '../harness/mail-server.ts';
import { Hook, type Message, type Notice } from '../harness/receivers.ts';
import { rpcCall } from '../harness/rpc.ts';
import { describe, expect, test as base } from '../harness/test.ts';
import type { Daemon, World } from '../harness/world.ts';

const test = base.extend<{ hook: Hook; mails: MailServer }>({
  hook: async ({ task: _task }, use) => {
    const hook = await new Hook().listen();
    await use(hook);
    hook.close();
  },
  mails: async ({ task: _task }, use) => {
    const mails = await new MailServer().listen();
    await use(mails);
    mails.close();
  },
});

/** A `[[notify]]` with short times. */
function notify(name: string, way: string, settings = ''): string {
  const has = (key: string): boolean => settings.includes(key);
  return [
    `[[notify]]\nname = "${name}"\n${way}`,
    ...(has('group-interval') ? [] : ['group-interval = "100ms"']),
    ...(has('recovered-after') ? [] : ['recovered-after = "300ms"']),
    ...settings.split(';'),
    '',
  ].join('\n');
}

const webhook = ({ url }: Hook): string => `webhook = "${url}/hook"`;
/** As a command of the daemon's user gets it. */
const toFile = (file: string): string => `command = "cat >> $PLAYGROUND/${file}"`;

function configure(world: World, processes: readonly string[], notifies: readonly string[], daemon = ''): void {
  world.writeConfig(`${configText(world, processes, daemon)}\n${notifies.join('\n')}`);
}

async function started(
  world: World,
  processes: readonly string[],
  notifies: readonly string[],
  daemon = '',
): Promise<Daemon> {
  configure(world, processes, notifies, daemon);
  return world.startDaemon();
}

const brief = ({ kind, name, again }: Notice): string => [kind, name, again ? 'again' : ''].filter(Boolean).join(' ');
const told = (messages: readonly Message[]): string[] => messages.map(({ notices }) => notices.map(brief).join(', '));
const messagesIn = (world: World, file: string): Message[] =>
  world.lines(file).map((line) => JSON.parse(line) as Message);

/** A service that fails at once, for good. */
const failing = (id: string, settings = ''): string => service(id, 'exits 3', `start-retries = 0; ${settings}`);

describe.concurrent('people are told', () => {
  test('by a command, with the details in its environment and on its stdin', async ({ world }) => {
    const line =
      'cat > $PLAYGROUND/stdin.new; env | grep ^PROCMAN_ > $PLAYGROUND/env; mv $PLAYGROUND/stdin.new $PLAYGROUND/stdin';
    await started(world, [failing('web')], [notify('ops', `command = '${line}'`)]);
    const [message] = await world.waitFor(
      'the command',
      () => existsSync(join(world.playground, 'stdin')) && messagesIn(world, 'stdin'),
    );
    expect(message).toMatchObject({
      notify: 'ops',
      test: false,
      uid: world.uid,
      notices: [{ kind: 'fatal', name: 'web', id: 'web', count: 1, again: false, over: false }],
    });
    const env = world.lines('env');
    expect(env).toContain('PROCMAN_NOTIFY_NAME=ops');
    expect(env).toContain('PROCMAN_NOTIFY_KINDS=fatal');
    expect(env).toContain('PROCMAN_NOTIFY_PROCESSES=web');
    expect(env.find((each) => each.startsWith('PROCMAN_NOTIFY_SUMMARY='))).toMatch(
      /fatal: web: FATAL \(exit: .*code 3/,
    );
    await waitForEvent(
      world,
      'that it was sent',
      ({ type, message: text }) => type === 'notify' && text === 'ops: sent (fatal web)',
    );
  });

  test('by a webhook, with a token that is in a file; and of the recovery', async ({ world, hook }) => {
    const token = join(world.root, 'token');
    writeFileSync(token, 'hush-token\n', { mode: 0o600 });
    const url = join(world.root, 'url');
    writeFileSync(url, `${hook.url}/hush-path\n`, { mode: 0o600 });
    world.open('once');
    const way = `webhook = { url-file = "${url}", token-file = "${token}" }`;
    const daemon = await started(
      world,
      [service('web', 'dies TERM once', 'autorestart = "never"')],
      [notify('ops', way)],
    );
    await world.waitFor('the first message', () => hook.requests.length > 0);
    world.close('once');
    expect((await world.ctl('start', 'web')).code).toBe(0);
    await world.waitFor('the second', () => hook.requests.length > 1);
    expect(told(hook.messages)).toEqual(['exited web', 'recovered web again']);
    expect(hook.messages[1]?.notices).toMatchObject([
      { from: 'exited', message: expect.stringMatching(/^RUNNING /) as string, count: 0 },
    ]);
    expect(hook.requests[0]).toMatchObject({
      method: 'POST',
      url: '/hush-path',
      headers: { authorization: 'Bearer hush-token', 'content-type': 'application/json; charset=utf-8' },
    });
    // Nothing of it is seen anywhere.
    const events = JSON.stringify(await eventsOf(world));
    const status = JSON.stringify(await world.rpc('status'));
    const test = JSON.stringify(await world.rpc('notify-test'));
    for (const text of [events, status, test, daemon.log()]) expect(text).not.toMatch(/hush/);
  });

  test('by mail through a server, with a login; failures say why, without the password', async ({ world, mails }) => {
    const way = `mail = { to = ["Ops <ops@example.com>", "b@example.com"], from = "p@example.com", smtp = "${mails.place}", user = "pm", password-env = "SMTP_PASSWORD" }`;
    configure(world, [failing('web')], [notify('ops', way, 'timeout = "2s"; retries = 0')]);
    const daemon = await world.startDaemon({ env: { SMTP_PASSWORD: 'hush-word' } });
    const [mail] = await world.waitFor('the mail', () => mails.mails.length > 0 && mails.mails);
    expect(mail).toMatchObject({
      from: 'p@example.com',
      to: ['ops@example.com', 'b@example.com'],
      login: 'pm:hush-word',
    });
    expect(mail?.text).toMatch(/^Subject: \[procman .*\] fatal: web: FATAL/m);
    expect(mail?.text).toMatch(/^Auto-Submitted: auto-generated$/m);
    mails.mode = 'refuses';
    const refused = await world.ctl('notify-test');
    expect([refused.code, refused.stdout]).toEqual([
      1,
      expect.stringMatching(/^ops: ERROR \(mail to .*: .*550 not from here/),
    ]);
    mails.mode = 'hangs';
    const late = await world.ctl('notify-test', 'ops');
    expect(late.stdout).toMatch(/^ops: ERROR \(mail .*\)\n$/);
    mails.mode = 'takes';
    const sent = await world.ctl('notify-test', 'ops');
    expect([sent.code, sent.stdout]).toEqual([
      0,
      expect.stringMatching(
        /^ops: sent \(mail to Ops <ops@example.com>, b@example.com by 127.0.0.1:\d+, \d+\.\d s\)\n$/,
      ),
    ]);
    expect(mails.mails.at(-1)?.text).toContain('This is a test, asked for with');
    expect(daemon.log() + JSON.stringify(await eventsOf(world))).not.toContain('hush');
  });

  test('by mail through a program like sendmail', async ({ world }) => {
    const program = join(world.root, 'sendmail');
    writeFileSync(
      program,
      '#!/bin/sh\necho "$@" > "$PLAYGROUND/arguments"\ncat > "$PLAYGROUND/letter.new"\nmv "$PLAYGROUND/letter.new" "$PLAYGROUND/letter"\n',
    );
    chmodSync(program, 0o755);
    await started(
      world,
      [failing('web')],
      [notify('ops', `mail = { to = "root@localhost", sendmail = "${program}" }`)],
    );
    await world.waitFor('the letter', () => existsSync(join(world.playground, 'letter')));
    expect(world.lines('arguments')).toEqual(['-i -- root@localhost']);
    expect(world.lines('letter').join('\n')).toMatch(/^To: root@localhost$/m);
  });

  test('of what is asked for only, of processes by selector', async ({ world }) => {
    const ops = notify('ops', toFile('ops'), 'on = ["fatal"]; processes = ["w*"]; group-interval = "1s"');
    const rest = notify(
      'rest',
      toFile('rest'),
      'on = ["blocked", "one-shot-failed", "unhealthy"]; group-interval = "1s"',
    );
    const unhealthy = 'health-check = { command = "false", interval = "100ms", retries = 1 }; autorestart = "never"';
    await started(
      world,
      [
        failing('web'),
        failing('db'),
        service('job', 'exits 3', 'one-shot = true'),
        service('loop', 'exits 0', 'start-secs = 0; max-runs = 2; max-runs-window = "1h"'),
        service('sick', 'steady', unhealthy),
      ],
      [ops, rest],
    );
    await world.waitFor('three', () => messagesIn(world, 'rest').flatMap(({ notices }) => notices).length >= 3);
    expect(
      messagesIn(world, 'rest')
        .flatMap(({ notices }) => notices.map(brief))
        .sort(),
    ).toEqual(['blocked loop', 'one-shot-failed job', 'unhealthy sick']);
    await world.waitFor('the other', () => messagesIn(world, 'ops').length > 0);
    expect(told(messagesIn(world, 'ops'))).toEqual(['fatal web']);
  });

  test('of a broken configuration, and of its mend', async ({ world, hook }) => {
    const daemon = await started(world, [service('web', 'steady')], [notify('ops', webhook(hook))]);
    const text = readFileSync(world.config, 'utf8');
    world.writeConfig('uid = 7 [');
    signal(daemon.pid, 'SIGHUP');
    await world.waitFor('the refusal', () => hook.requests.length === 1);
    world.writeConfig(text);
    signal(daemon.pid, 'SIGHUP');
    await world.waitFor('the mend', () => hook.requests.length === 2);
    expect(told(hook.messages)).toEqual(['reload-failed', 'recovered again']);
    expect(hook.messages[0]?.summary).toBe(
      'reload-failed: the configuration: refused: the configuration has 1 problem',
    );
  });
});

describe.concurrent('a flapping service', () => {
  test('is one message, and one when it has recovered, with how often', async ({ world, hook }) => {
    world.open('flap');
    // Fails again and again, each time after it had been RUNNING.
    const flaps = service('web', 'dies TERM flap', 'autorestart = "never"; start-secs = 0');
    await started(world, [flaps], [notify('ops', webhook(hook), 'recovered-after = "5s"')]);
    await world.waitFor('the first message', () => hook.requests.length === 1);
    for (let round = 0; round < 5; round += 1) {
      const seen = (await eventsOf(world, { types: ['exit'] })).length;
      await world.ctl('start', 'web', '--no-wait');
      await world.waitFor(
        'it to die once more',
        async () => (await eventsOf(world, { types: ['exit'] })).length > seen,
      );
      await world.waitForState('web', 'EXITED');
    }
    world.close('flap');
    await world.ctl('start', 'web');
    await world.waitFor('the recovery', () => hook.requests.length > 1);
    expect(told(hook.messages)).toEqual(['exited web', 'recovered web again']);
    expect(hook.messages[1]?.notices[0]?.count).toBeGreaterThanOrEqual(4);
  });

  test('and many at once are few messages', async ({ world, hook }) => {
    const crew = processTable('crew', 'false', 'numprocs = 25; start-retries = 0');
    const began = performance.now();
    await started(world, [crew], [notify('ops', webhook(hook), 'group-interval = "2s"')]);
    const all = await world.waitFor('all to be told', () => {
      const notices = hook.messages.flatMap((message) => message.notices.map(brief));
      return notices.length >= 25 && notices;
    });
    expect(new Set(all).size).toBe(25);
    expect(all).toHaveLength(25);
    // On a busy machine they do not fail all at once: one message for each interval that it took, and the first.
    expect(hook.requests.length).toBeLessThanOrEqual(2 + (performance.now() - began) / 2_000);
  });
});

describe.concurrent('a receiver in trouble', () => {
  const hangingWays = (hook: Hook, mails: MailServer, timeout: string): string[] => [
    notify('hook', webhook(hook), `timeout = "${timeout}"; retries = 0`),
    notify('mail', `mail = { to = "a@example.com", smtp = "${mails.place}" }`, `timeout = "${timeout}"; retries = 0`),
    notify('command', 'command = "echo $$ > $PLAYGROUND/hangs; sleep 5555 & wait"', `timeout = "${timeout}"`),
  ];

  test('that hangs holds up no service', async ({ world, hook, mails }) => {
    hook.answer = 'hangs';
    mails.mode = 'hangs';
    await started(world, [failing('web'), service('db', 'steady')], hangingWays(hook, mails, '5m'));
    await world.waitFor('all three to hang', () => hook.requests.length === 1 && world.lines('hangs').length === 1);
    expect((await world.ctl('restart', 'db')).code).toBe(0);
    expect((await world.ctl('status')).code).toBe(3);
    // They hang still: the whole restart, with its start-secs, went on beside it.
    expect(await eventsOf(world, { types: ['notify'] })).toEqual([]);
    expect(isAlive(Number(world.lines('hangs')[0]))).toBe(true);
  });

  test('that hangs is given up', async ({ world, hook, mails }) => {
    hook.answer = 'hangs';
    mails.mode = 'hangs';
    const daemon = await started(world, [failing('web')], hangingWays(hook, mails, '3s'));
    await world.waitFor('all three to hang', () => hook.requests.length === 1 && world.lines('hangs').length === 1);
    const [hanging = ''] = world.lines('hangs');
    const failures = await world.waitFor('all to be given up', async () => {
      const events = await eventsOf(world, { types: ['notify'] });
      return events.length === 3 && events.map(({ message }) => message).sort();
    });
    expect(failures).toEqual([
      'command: not sent (fatal web): killed: it took longer than 3 s',
      'hook: not sent (fatal web): no answer within 3 s',
      expect.stringMatching(/^mail: not sent \(fatal web\): /),
    ]);
    expect(isAlive(Number(hanging))).toBe(false);
    expect(daemon.log()).toMatch(/ warning {2}! notify hook: not sent .* \[webhook http:\/\/127\.0\.0\.1:\d+\]\n/);
  });

  test('that fails and recovers gets it with a later try', async ({ world, hook }) => {
    hook.answer = 500;
    await started(world, [failing('web')], [notify('ops', webhook(hook), 'retries = 10')]);
    await world.waitFor('two tries', () => hook.requests.length >= 2);
    hook.answer = 204;
    await waitForEvent(world, 'that it was sent', ({ message }) => message === 'ops: sent (fatal web)');
    expect(new Set(told(hook.messages))).toEqual(new Set(['fatal web']));
  });

  test('that sends elsewhere is not followed', async ({ world, hook }) => {
    hook.answer = 302;
    await started(world, [failing('web')], [notify('ops', webhook(hook), 'retries = 0')]);
    const { message } = await waitForEvent(world, 'the failure', ({ type }) => type === 'notify');
    expect(message).toBe('ops: not sent (fatal web): HTTP 302 Found');
    expect(hook.requests).toHaveLength(1);
  });

  test('is given up for another that a reload names, at once', async ({ world, hook }) => {
    hook.answer = 'hangs';
    const daemon = await started(world, [failing('web')], [notify('ops', webhook(hook), 'timeout = "1h"')]);
    await world.waitFor('it to hang', () => hook.requests.length === 1);
    configure(world, [failing('web')], [notify('ops', toFile('ops'))]);
    const plan = await world.ctl('update', '--json');
    expect(plan.json).toMatchObject({ daemon: [{ key: 'notify', takesEffect: 'now' }] });
    await world.waitFor('the command', () => world.lines('ops').length > 0);
    expect(told(messagesIn(world, 'ops'))).toEqual(['fatal web']);
    signal(daemon.pid, 'SIGTERM');
    await daemon.ended;
  });
});

describe.concurrent('the end of the daemon', () => {
  test('kill -9: the next one tells of it, and of nothing twice', async ({ world, hook }) => {
    const daemon = await started(world, [failing('web'), service('db', 'steady')], [notify('ops', webhook(hook))]);
    await waitForEvent(world, 'that it was sent', ({ type }) => type === 'notify');
    expect(statSync(join(world.stateDir, 'notify.json')).mode & 0o777).toBe(0o600);
    const next = await world.crashDaemon(daemon);
    await world.waitFor('the second message', () => hook.requests.length > 1);
    signal(next.pid, 'SIGTERM');
    await next.ended;
    await world.startDaemon();
    await world.waitFor('its count, with the next message', () => {
      const text = readFileSync(join(world.stateDir, 'notify.json'), 'utf8');
      return /"daemon-restarted".*"untold":1/.test(text) || hook.requests.length > 2;
    });
    expect(told(hook.messages)).toEqual(['fatal web', 'daemon-restarted']);
    expect(hook.messages[1]?.summary).toBe(
      `daemon-restarted: the daemon: started again after a crash: the daemon before (pid ${daemon.pid}) was killed, or broke down`,
    );
  });

  test('what was not told yet is told by the next one', async ({ world, hook }) => {
    const slow = 'group-interval = "1h"';
    const daemon = await started(world, [failing('web')], [notify('ops', webhook(hook), slow)]);
    await world.waitForState('web', 'FATAL');
    await world.killDaemon(daemon);
    configure(world, [failing('web')], [notify('ops', webhook(hook))]);
    await world.startDaemon();
    await world.waitFor('the message', () => hook.requests.length > 0);
    expect(hook.messages[0]?.notices.map(brief).sort()).toEqual(['daemon-restarted', 'fatal web']);
  });

  test('a spoilt file is set aside', async ({ world, hook }) => {
    const daemon = await started(world, [service('web', 'steady')], [notify('ops', webhook(hook))]);
    await world.killDaemon(daemon);
    writeFileSync(join(world.stateDir, 'notify.json'), '{"version":1,"notifies":{"ops":[]}}');
    const next = await world.startDaemon();
    await world.waitFor('a warning', () => /warning .*notify\.json cannot be read: set aside as/.test(next.log()));
    expect(readdirSync(world.stateDir).filter((name) => name.startsWith('notify.json.broken-'))).toHaveLength(1);
    expect((await world.ctl('notify-test')).code).toBe(0);
  });
});

describe.concurrent('notify-test', () => {
  test('tells of each, fails where one does, and knows the names', async ({ world, hook }) => {
    const socket = join(world.root, 'monitor.sock');
    const ways = [notify('good', webhook(hook)), notify('bad', 'command = "exit 7"')];
    await started(world, [service('web', 'steady')], ways, `monitor-socket = "${socket}"`);
    const all = await world.ctl('notify-test', '--json');
    expect(all.code).toBe(1);
    expect(all.json as NotifyTestResult).toMatchObject({
      ok: false,
      results: [
        { name: 'good', target: `webhook ${hook.url}`, ok: true, message: 'sent' },
        { name: 'bad', target: 'command', ok: false, message: 'exited with code 7' },
      ],
    });
    expect(hook.messages).toMatchObject([{ test: true, notices: [] }]);
    expect((await world.ctl('notify-test', 'good')).code).toBe(0);
    const slip = await world.ctl('notify-test', 'god');
    expect([slip.code, slip.stderr]).toEqual([4, 'procmanctl: no [[notify]] is called "god"; did you mean "good"?\n']);
    await expect(rpcCall(socket, 'notify-test')).rejects.toThrow(/does not answer/);
    // What a receiver said is not for everybody.
    const { events } = await rpcCall<{ events: { message: string }[] }>(socket, 'events', { types: ['notify'] });
    expect(events.map(({ message }) => message).sort()).toEqual([
      'bad: not sent',
      'good: test sent',
      'good: test sent',
    ]);
  });

  test('without any [[notify]] there is nothing to test, and nothing is loaded', async ({ world }) => {
    world.configure([service('web', 'steady')]);
    await world.startDaemon();
    const none = await world.ctl('notify-test');
    expect([none.code, none.stderr]).toEqual([1, 'the configuration has no [[notify]]\n']);
    expect(existsSync(join(world.stateDir, 'notify.json'))).toBe(false);
  });
});
