/** Notices over TLS, with real servers and certificates: what is trusted is taken, what is not gets neither message nor password. */
import { appendFileSync, copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NotifyTestResult } from '@procman/protocol/views';
import { Authority } from '../harness/certificates.ts';
import { service } from '../harness/config.ts';
import { eventsOf, waitForEvent } from '../harness/events.ts';
import { MailServer, type MailTls } from '../harness/mail-server.ts';
import { Hook } from '../harness/receivers.ts';
import { describe, expect, test as base } from '../harness/test.ts';
import type { World } from '../harness/world.ts';

interface Closed {
  close(): void;
}

const test = base.extend<{ authority: Authority; opened: <T extends Closed>(server: T) => T }>({
  authority: async ({ world }, use) => use(new Authority(join(world.root, 'authority'))),
  opened: async ({ task: _task }, use) => {
    const all: Closed[] = [];
    await use((server) => {
      all.push(server);
      return server;
    });
    for (const server of all) server.close();
  },
});

const PASSWORD = 'hush-word';

/** A `[[notify]]` of one try. */
const notify = (name: string, way: string): string =>
  `[[notify]]\nname = "${name}"\n${way}\nretries = 0\ntimeout = "20s"\non = ["fatal"]\n`;

const webhook = (name: string, { url }: Hook, more = ''): string =>
  notify(name, `webhook = { url = "${url}/hook"${more} }`);

const trusting = ({ path }: Authority): string => `, ca-file = "${path}"`;

function mail(name: string, server: MailServer, tls: string, more = ''): string {
  const login = `user = "pm", password-file = "password"`;
  return notify(name, `mail = { to = "ops@example.com", smtp = "${server.place}", tls = "${tls}", ${login}${more} }`);
}

async function begun(world: World, notifies: readonly string[], env: Record<string, string> = {}): Promise<void> {
  writeFileSync(join(world.root, 'password'), `${PASSWORD}\n`, { mode: 0o600 });
  world.configure([service('web', 'steady')]);
  appendFileSync(world.config, notifies.join('\n'));
  await world.startDaemon({ env });
}

/** What became of a test by each, by name: `sent`, or why not. */
async function outcomes(world: World): Promise<Record<string, string>> {
  const { json, stdout } = await world.ctl('notify-test', '--json');
  expect(stdout).not.toContain(PASSWORD);
  const { results } = json as NotifyTestResult;
  return Object.fromEntries(results.map(({ name, message }) => [name, message]));
}

const UNTRUSTED =
  "the server's certificate is not accepted: unable to verify the first certificate; name the authority that signed it in ca-file";

describe.concurrent('webhooks by https', () => {
  test('take a certificate of an authority in ca-file, and say of every other what is wrong', async ({
    world,
    authority,
    opened,
  }) => {
    const hooks = {
      good: await opened(new Hook(authority.certificate())).listen(),
      expired: await opened(new Hook(authority.certificate({ isExpired: true }))).listen(),
      misnamed: await opened(new Hook(authority.certificate({ names: 'DNS:chat.example.com' }))).listen(),
      plain: await opened(new Hook()).listen(),
    };
    const other = new Authority(join(world.root, 'other'));
    writeFileSync(join(world.root, 'empty.pem'), 'no certificate\n');
    writeFileSync(join(world.root, 'damaged.pem'), '-----BEGIN CERTIFICATE-----\nTUlJ\n-----END CERTIFICATE-----\n');
    const https = hooks.plain.url.replace('http:', 'https:');
    await begun(world, [
      webhook('good', hooks.good, trusting(authority)),
      webhook('unknown', hooks.good),
      webhook('other', hooks.good, trusting(other)),
      webhook('expired', hooks.expired, trusting(authority)),
      webhook('misnamed', hooks.misnamed, trusting(authority)),
      notify('plain', `webhook = { url = "${https}/hook"${trusting(authority)} }`),
      webhook('missing', hooks.good, ', ca-file = "missing.pem"'),
      webhook('empty', hooks.good, ', ca-file = "empty.pem"'),
      webhook('damaged', hooks.good, ', ca-file = "damaged.pem"'),
    ]);
    expect(await outcomes(world)).toEqual({
      good: 'sent',
      unknown: UNTRUSTED,
      other: `the server's certificate is not accepted: unable to verify the first certificate; it is not signed by an authority in ${other.path}`,
      expired: "the server's certificate is not accepted: certificate has expired; it has to be renewed on the server",
      misnamed: expect.stringMatching(
        /^the server's certificate is not accepted: .*127\.0\.0\.1.*; call the server by a name that is in it$/,
      ) as string,
      plain: 'the server does not speak TLS: is its URL one of http?',
      missing: `the ca-file cannot be read: ENOENT: no such file or directory, stat '${world.root}/missing.pem'`,
      empty: `there is no certificate in ${world.root}/empty.pem: ca-file takes certificates in PEM`,
      damaged: `a certificate in ${world.root}/damaged.pem is damaged`,
    });
    // Nobody else got to see a message.
    expect(hooks.good.messages.map(({ notify: name }) => name)).toEqual(['good']);
    for (const { requests } of [hooks.expired, hooks.misnamed, hooks.plain]) expect(requests).toEqual([]);
    const told = (await eventsOf(world, { types: ['notify'] })).map(({ message }) => message);
    expect(told).toContain(`unknown: test not sent: ${UNTRUSTED}`);
  });

  test('take a certificate of an authority that NODE_EXTRA_CA_CERTS names', async ({ world, authority, opened }) => {
    const hook = await opened(new Hook(authority.certificate())).listen();
    const mails = await opened(tlsMail('implicit', authority)).listen();
    const ways = [webhook('hook', hook), mail('mail', mails, 'implicit')];
    await begun(world, ways, { NODE_EXTRA_CA_CERTS: authority.path });
    expect(await outcomes(world)).toEqual({ hook: 'sent', mail: 'sent' });
  });

  test('take an authority that was renewed without a reload; a failure of a real notice names its table', async ({
    world,
    authority,
    opened,
  }) => {
    const hook = await opened(new Hook(authority.certificate())).listen();
    const other = new Authority(join(world.root, 'other'));
    const file = join(world.root, 'ca.pem');
    copyFileSync(other.path, file);
    world.configure([service('web', 'exits 3', 'start-retries = 0')]);
    appendFileSync(
      world.config,
      `[[notify]]\nname = "ops"\nwebhook = { url = "${hook.url}/hook", ca-file = "ca.pem" }\nretries = 0\ngroup-interval = 0\nrepeat-interval = "3s"\n`,
    );
    const daemon = await world.startDaemon();
    const { message } = await waitForEvent(world, 'the failure', ({ type }) => type === 'notify');
    expect(message).toMatch(/^ops: not sent \(fatal web\): the server's certificate is not accepted: .*ca\.pem$/);
    expect(daemon.log()).toMatch(/! notify ops: not sent .*certificate.* \[webhook https:\/\/127\.0\.0\.1:\d+\]\n/);
    copyFileSync(authority.path, file);
    await world.waitFor('the message', () => hook.requests.length > 0);
    expect(hook.messages[0]).toMatchObject({ undelivered: expect.any(Number) as number });
    expect(hook.messages[0]?.undelivered).toBeGreaterThan(0);
  });
});

function tlsMail(kind: MailTls['kind'], authority: Authority, isExpired = false): MailServer {
  return new MailServer({ kind, certificate: authority.certificate({ isExpired }) });
}

describe.concurrent('mail', () => {
  test.for(['starttls', 'implicit'] as const)(
    'by %s takes a trusted certificate; no other server gets the password',
    async (kind, { world, authority, opened }) => {
      const tls = kind === 'implicit' ? 'implicit' : 'required';
      const good = await opened(tlsMail(kind, authority)).listen();
      const strange = await opened(tlsMail(kind, authority)).listen();
      const expired = await opened(tlsMail(kind, authority, true)).listen();
      const plain = await opened(new MailServer()).listen();
      await begun(world, [
        mail('good', good, tls, trusting(authority)),
        mail('unknown', strange, tls),
        mail('expired', expired, tls, trusting(authority)),
        mail('plain', plain, tls, trusting(authority)),
      ]);
      expect(await outcomes(world)).toEqual({
        good: 'sent',
        unknown: UNTRUSTED,
        expired:
          "the server's certificate is not accepted: certificate has expired; it has to be renewed on the server",
        plain:
          kind === 'implicit'
            ? 'the server does not speak TLS from the first byte: with STARTTLS it is tls = "required"'
            : (expect.stringMatching(/nothing is sent; .*"implicit" .*502 not here\)$/) as string),
      });
      expect(good.mails).toMatchObject([{ login: `pm:${PASSWORD}`, isSecure: true }]);
      for (const server of [good, strange, expired, plain]) {
        // No login, no sender, no word of the message: at most what asks for encryption.
        expect(server.inTheClear.filter((line) => !/^(EHLO .*|STARTTLS|QUIT)$/.test(line) && isText(line))).toEqual([]);
        if (server !== good) expect(server.mails).toEqual([]);
      }
    },
  );

  test('with a wrong password fails, and shows the password in no form that a server may send back', async ({
    world,
    authority,
    opened,
  }) => {
    const mails = await opened(tlsMail('starttls', authority)).listen();
    mails.mode = 'refuses-login';
    await begun(world, [mail('ops', mails, 'required', trusting(authority))]);
    expect(await outcomes(world)).toEqual({ ops: 'Invalid login: 535 no: AUTH PLAIN ***, which is pm:***' });
    expect(mails.mails).toEqual([]);
  });

  test('with tls = "auto" encrypts where it can; on this very machine with any certificate, unless ca-file names one', async ({
    world,
    authority,
    opened,
  }) => {
    const offering = await opened(tlsMail('starttls', authority)).listen();
    const pinned = await opened(tlsMail('starttls', authority)).listen();
    const plain = await opened(new MailServer()).listen();
    const other = new Authority(join(world.root, 'other'));
    await begun(world, [
      mail('offering', offering, 'auto'),
      mail('pinned', pinned, 'auto', trusting(other)),
      mail('plain', plain, 'auto'),
    ]);
    expect(await outcomes(world)).toMatchObject({
      offering: 'sent',
      pinned: expect.stringContaining('is not accepted') as string,
      plain: 'sent',
    });
    expect(offering.mails).toMatchObject([{ isSecure: true, login: `pm:${PASSWORD}` }]);
    expect(plain.mails).toMatchObject([{ isSecure: false }]);
    expect(pinned.mails).toEqual([]);
  });

  test('with tls = "auto" sends a password to another machine encrypted or not at all', async ({
    world,
    authority,
    opened,
  }) => {
    const plain = await opened(new MailServer()).listen();
    const strange = await opened(tlsMail('starttls', authority)).listen();
    const good = await opened(tlsMail('starttls', authority)).listen();
    // Linux connects it to 127.0.0.1; as an address it counts as another machine's.
    const elsewhere = (way: string): string => way.replace('127.0.0.1:', '0.0.0.0:');
    const names = authority.certificate({ names: 'IP:0.0.0.0' });
    const far = await opened(new MailServer({ kind: 'starttls', certificate: names })).listen();
    await begun(
      world,
      [
        mail('plain', plain, 'auto'),
        mail('strange', strange, 'auto'),
        mail('misnamed', good, 'auto', trusting(authority)),
        mail('good', far, 'auto', trusting(authority)),
      ].map(elsewhere),
    );
    expect(await outcomes(world)).toEqual({
      plain: expect.stringMatching(/^the server offers no STARTTLS, and without it nothing is sent; /) as string,
      strange: UNTRUSTED,
      misnamed: expect.stringContaining('call the server by a name that is in it') as string,
      good: 'sent',
    });
    for (const { mails, inTheClear } of [plain, strange, good]) {
      expect(mails).toEqual([]);
      expect(inTheClear.join()).toMatch(/^EHLO [^,]*,STARTTLS(?:,QUIT)?$/);
    }
    expect(far.mails).toMatchObject([{ isSecure: true, login: `pm:${PASSWORD}` }]);
  });
});

/** A first message of TLS is no line of text. */
const isText = (line: string): boolean => /^[\x20-\x7e]+$/.test(line);
