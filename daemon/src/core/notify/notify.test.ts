import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { troublesOf } from './kinds.ts';
import { messageOf } from './message.ts';
import { CONFIGURATION, DAEMON, DEFAULT_KINDS, noticeKinds, type Notice, type NotifyRule, type NotifyState, type Sighting, type TroubleKind } from './model.ts'; // prettier-ignore
import { restored, saved } from './saved.ts';
import { MOST_TROUBLES, NOTHING_YET, sight } from './sight.ts';
import { delivered, HOUR, reruled, step, tidied } from './step.ts';

const MINUTE = 60_000;

const RULE: NotifyRule = {
  name: 'ops',
  on: DEFAULT_KINDS,
  processes: ['all'],
  groupInterval: 10_000,
  repeatInterval: HOUR,
  recoveredAfter: MINUTE,
  maxPerHour: 20,
};

const subjectOf = (name: string): Sighting['subject'] =>
  name === 'configuration' ? CONFIGURATION : name === 'daemon' ? DAEMON : { key: `${name}.0`, name, id: name };

const found = (name: string, kind?: TroubleKind): Sighting => ({
  subject: subjectOf(name),
  kinds: kind === undefined ? [] : [kind, 'problem'],
  text: kind ?? 'RUNNING (wanted)',
  isNews: true,
});

/** Drives one `[[notify]]` as the daemon does, with a clock of its own. */
class Driver {
  now = 0;
  state: NotifyState = NOTHING_YET;
  rule: NotifyRule;
  /** What went off, and when. */
  readonly sent: { readonly at: number; readonly notices: readonly Notice[] }[] = [];
  /** How the next messages end; those beyond are told. */
  outcomes: boolean[] = [];
  /** How long a message is on its way. */
  readonly delay: number;
  #arrives: number | undefined;

  constructor(rule: Partial<NotifyRule> = {}, delay = 0) {
    this.rule = { ...RULE, ...rule };
    this.delay = delay;
  }

  see(...sightings: Sighting[]): void {
    this.state = sight(tidied(this.state, this.rule, this.now), this.rule, sightings, this.now);
    this.#step();
  }

  /** Lets time pass, waking when it was asked for. */
  pass(time: number): void {
    const until = this.now + time;
    for (;;) {
      const wakeAt = this.#step() ?? Infinity;
      const next = Math.min(this.#arrives ?? Infinity, wakeAt);
      if (next > until) break;
      this.now = Math.max(this.now, next);
      if (this.#arrives !== undefined && this.#arrives <= this.now) this.#arrive();
    }
    this.now = until;
  }

  #arrive(): void {
    this.#arrives = undefined;
    this.state = delivered(this.state, this.rule, this.outcomes.shift() ?? true, this.now);
  }

  #step(): number | undefined {
    this.state = tidied(this.state, this.rule, this.now);
    const { state, message, wakeAt } = step(this.state, this.rule, this.now);
    this.state = state;
    if (message !== undefined) {
      expect(message).not.toEqual([]);
      this.sent.push({ at: this.now, notices: message });
      this.#arrives = this.now + this.delay;
    }
    return wakeAt;
  }

  get told(): string[] {
    return this.sent.map(
      ({ at, notices }) =>
        `${at / 1000}: ${notices.map(({ kind, subject, count, isAgain }) => `${kind} ${subject.name ?? subject.key}${isAgain ? ' again' : ''} ${count}`).join(', ')}`,
    );
  }
}

describe('what goes off', () => {
  test('one message with all that comes within the group interval', () => {
    const ops = new Driver();
    ops.see(found('web', 'fatal'));
    ops.pass(9_000);
    ops.see(found('db', 'blocked'), found('configuration', 'reload-failed'));
    ops.pass(HOUR);
    expect(ops.told).toEqual(['10: fatal web 1, blocked db 1, reload-failed configuration 1']);
  });

  test('what is not asked for is not told', () => {
    const ops = new Driver({ on: ['fatal'], processes: ['web'] });
    ops.see(found('db', 'fatal'), found('web', 'blocked'), found('daemon', 'daemon-restarted'));
    ops.pass(HOUR);
    expect(ops.told).toEqual([]);
  });

  test('groups and patterns choose instances by their names', () => {
    const ops = new Driver({ processes: ['crew:*', 'w*'] });
    const member: Sighting = { ...found('x', 'fatal'), subject: { key: 'x.1', name: 'crew:x_01', id: 'x' } };
    ops.see(member, found('web', 'fatal'), found('db', 'fatal'));
    ops.pass(HOUR);
    expect(ops.told).toEqual(['10: fatal crew:x_01 1, fatal web 1']);
  });

  test('`problem` is told of what has no other name that is asked for', () => {
    const ops = new Driver({ on: ['problem', 'fatal'] });
    ops.see(found('web', 'backoff'));
    ops.pass(MINUTE);
    ops.see(found('web', 'fatal'));
    ops.pass(MINUTE);
    expect(ops.told).toEqual(['10: problem web 1', '70: fatal web 1']);
  });

  test('a recovery once it has stayed well, once for all that was wrong', () => {
    const ops = new Driver({ on: ['problem', 'fatal', 'recovered'] });
    ops.see(found('web', 'backoff'));
    ops.see(found('web', 'fatal'));
    ops.pass(MINUTE);
    ops.see(found('web'));
    ops.pass(59_000);
    expect(ops.told).toEqual(['10: problem web 1, fatal web 1']);
    ops.pass(1_000);
    const message = messageOf(ops.sent[1]?.notices ?? [], { ...CONTEXT, now: ops.now });
    expect(message.notices).toMatchObject([{ kind: 'recovered', name: 'web', from: 'problem', count: 0 }]);
    ops.pass(10 * HOUR);
    expect(ops.sent).toHaveLength(2);
    expect(tidied(ops.state, ops.rule, ops.now).troubles).toEqual([]);
  });

  test('flapping is one message, then a count with the recovery', () => {
    const ops = new Driver();
    for (let round = 0; round < 200; round += 1) {
      ops.see(found('web', 'fatal'));
      ops.pass(5_000);
      ops.see(found('web'));
      ops.pass(5_000);
    }
    expect(ops.told).toEqual(['10: fatal web 1']);
    ops.pass(MINUTE);
    expect(ops.told.slice(1)).toEqual(['2055: recovered web again 199']);
  });

  test('each relapse makes the recovery wait twice as long', () => {
    const ops = new Driver();
    // Two minutes well between failures: after some rounds that is too short to call it recovered.
    for (let round = 0; round < 100; round += 1) {
      ops.see(found('web', 'fatal'));
      ops.pass(20_000);
      ops.see(found('web'));
      ops.pass(2 * MINUTE + 1);
    }
    const firstHour = ops.sent.filter(({ at }) => at < HOUR);
    expect(firstHour.map(({ notices }) => notices.map(({ kind }) => kind))).toEqual([
      ['fatal'], ['recovered'], ['fatal'], ['recovered'], ['fatal'],
    ]); // prettier-ignore
    expect(ops.sent.length).toBeLessThan(firstHour.length + 5);
  });

  test('what comes again while it is wrong is told after the repeat interval, with how often', () => {
    const ops = new Driver({ on: ['fatal'] });
    ops.see(found('web', 'fatal'));
    ops.pass(MINUTE);
    for (let round = 0; round < 3; round += 1) {
      ops.see(found('web'));
      ops.see(found('web', 'fatal'));
    }
    ops.pass(2 * HOUR);
    expect(ops.told).toEqual(['10: fatal web 1', '3610: fatal web again 3']);
  });

  test('what stays wrong is told once', () => {
    const ops = new Driver();
    ops.see(found('web', 'fatal'));
    ops.pass(100 * HOUR);
    expect(ops.told).toEqual(['10: fatal web 1']);
  });

  test('a daemon that crashes again and again is one message an hour', () => {
    const ops = new Driver();
    for (let round = 0; round < 120; round += 1) {
      ops.see(found('daemon', 'daemon-restarted'));
      ops.pass(MINUTE);
    }
    // The count of a message is that of the time before it.
    expect(ops.told).toEqual(['10: daemon-restarted daemon 1', '3610: daemon-restarted daemon again 60']);
    ops.pass(3 * HOUR);
    expect(ops.told.slice(2)).toEqual(['7210: daemon-restarted daemon again 59']);
    expect(tidied(ops.state, ops.rule, ops.now).troubles).toEqual([]);
  });

  test('no more messages than allowed; what waits is told in the next', () => {
    const ops = new Driver({ maxPerHour: 2, groupInterval: 0 });
    for (let n = 0; n < 30; n += 1) {
      ops.see(found(`s${n}`, 'fatal'));
      ops.pass(MINUTE);
    }
    expect(ops.sent.map(({ at }) => at)).toEqual([0, MINUTE]);
    ops.pass(HOUR);
    expect(ops.sent.map(({ at, notices }) => [at, notices.length])).toEqual([[0, 1], [MINUTE, 1], [HOUR, 28]]); // prettier-ignore
  });

  test('while a message is on its way the next ones are gathered', () => {
    const ops = new Driver({ groupInterval: 0 }, 5 * MINUTE);
    ops.see(found('a', 'fatal'));
    ops.see(found('b', 'fatal'));
    ops.pass(MINUTE);
    ops.see(found('c', 'fatal'));
    ops.pass(HOUR);
    expect(ops.told).toEqual(['0: fatal a 1', '300: fatal b 1, fatal c 1']);
  });

  test('what comes back while its recovery is on its way is told anew', () => {
    const ops = new Driver({ groupInterval: 0 }, 30_000);
    ops.see(found('web', 'fatal'));
    ops.pass(MINUTE);
    ops.see(found('web'));
    ops.pass(MINUTE + 10_000);
    ops.see(found('web', 'fatal'));
    ops.pass(HOUR);
    expect(ops.told).toEqual(['0: fatal web 1', '120: recovered web again 0', '150: fatal web 1']);
  });

  test('a message that was not delivered is sent again later, and said so', () => {
    const ops = new Driver();
    ops.outcomes = [false, false];
    ops.see(found('web', 'fatal'));
    ops.pass(10_000);
    ops.see(found('db', 'fatal'));
    ops.pass(HOUR);
    expect(ops.told).toEqual(['10: fatal web 1', '610: fatal web 1, fatal db 1', '1210: fatal web 1, fatal db 1']);
    expect(ops.state.undelivered).toBe(0);
  });

  test('beyond all reason it is only counted', () => {
    const ops = new Driver();
    ops.see(...Array.from({ length: MOST_TROUBLES + 5 }, (_, n) => found(`s${n}`, 'fatal')));
    expect(ops.state).toMatchObject({ left: 5 });
    ops.pass(MINUTE);
    expect(ops.state.left).toBe(0);
  });

  test('a reload that asks for less forgets the rest', () => {
    const ops = new Driver();
    ops.see(found('web', 'fatal'), found('db', 'blocked'));
    ops.rule = { ...ops.rule, on: ['blocked'] };
    ops.state = reruled(ops.state, ops.rule);
    ops.pass(MINUTE);
    expect(ops.told).toEqual(['10: blocked db 1']);
  });
});

describe('over the end of the daemon', () => {
  const again = (ops: Driver, later: number): NotifyState | undefined => {
    const text = JSON.stringify(saved(ops.state, { mono: ops.now, wall: 1_000_000_000 + ops.now }));
    return restored(JSON.parse(text), { mono: 77, wall: 1_000_000_000 + ops.now + later });
  };

  test('nothing is told twice, and what was well meanwhile recovers', () => {
    const ops = new Driver();
    ops.see(found('web', 'fatal'), found('db', 'fatal'));
    ops.pass(MINUTE);
    const next = new Driver();
    next.now = 77;
    next.state = again(ops, 5_000) ?? NOTHING_YET;
    next.see({ ...found('web', 'fatal'), isNews: false }, { ...found('db'), isNews: false });
    next.pass(HOUR);
    expect(next.told).toEqual([`${(77 + MINUTE) / 1000}: recovered db again 0`]);
  });

  test('the limit of messages holds', () => {
    const ops = new Driver({ maxPerHour: 1, groupInterval: 0 });
    ops.see(found('web', 'fatal'));
    const state = again(ops, 1_000);
    expect(state?.sent).toEqual([77 - 1_000]);
    // A clock that was set back: not in the future.
    expect(again(ops, -HOUR)?.sent).toEqual([77]);
  });

  test.each([[null], [[]], [{}], [{ troubles: [1], sent: [] }], [{ troubles: [], sent: ['x'] }], [{ troubles: [{ key: 'a', text: '', since: 1, kind: 'recovered' }], sent: [] }]])(
    'a spoilt file is none: %j',
    (value) => expect(restored(value, { mono: 0, wall: 0 })).toBeUndefined(),
  ); // prettier-ignore
});

describe('whatever happens', () => {
  const NAMES = ['web', 'db', 'configuration', 'daemon'];
  const KINDS: readonly TroubleKind[] = ['fatal', 'blocked', 'unhealthy', 'problem'];
  const kindFor = (name: string, kind: TroubleKind): TroubleKind =>
    name === 'configuration' ? 'reload-failed' : name === 'daemon' ? 'daemon-restarted' : kind;
  const happening = fc.record({
    name: fc.constantFrom(...NAMES),
    kind: fc.option(fc.constantFrom(...KINDS), { nil: undefined }),
    pause: fc.oneof(fc.integer({ min: 0, max: 20_000 }), fc.integer({ min: 0, max: 2 * HOUR })),
    isTold: fc.boolean(),
  });
  const rules = fc.record({
    maxPerHour: fc.integer({ min: 1, max: 5 }),
    groupInterval: fc.constantFrom(0, 10_000, 2 * MINUTE),
    recoveredAfter: fc.constantFrom(0, MINUTE, 2 * HOUR),
    repeatInterval: fc.constantFrom(MINUTE, HOUR),
    on: fc.subarray([...noticeKinds], { minLength: 1 }),
  });

  test('no more messages than allowed, and what is wrong at the end is known', () => {
    fc.assert(
      fc.property(
        rules,
        fc.array(happening, { maxLength: 60 }),
        fc.constantFrom(0, 3_000, 5 * MINUTE),
        (rule, happenings, delay) => {
          const ops = new Driver(rule, delay);
          const wrong = new Map<string, TroubleKind>();
          for (const { name, kind, pause, isTold } of happenings) {
            ops.outcomes = [isTold];
            const given = kind === undefined ? undefined : kindFor(name, kind);
            if (name !== 'daemon' && given === undefined) wrong.delete(name);
            if (name !== 'daemon' && given !== undefined) wrong.set(name, given);
            if (name !== 'daemon' || given !== undefined) ops.see(found(name, given));
            ops.pass(pause);
          }
          ops.outcomes = [];
          // Long enough for all limits, and some more: then nothing waits.
          ops.pass(12 * HOUR);
          const before = ops.sent.length;
          ops.pass(100 * HOUR);
          expect(ops.sent).toHaveLength(before);
          for (const { at } of ops.sent) {
            const within = ops.sent.filter((other) => other.at >= at && other.at < at + HOUR);
            expect(within.length).toBeLessThanOrEqual(ops.rule.maxPerHour);
          }
          // What a reader believes: the last that was said of each kind.
          const believed = new Map<string, Set<string>>();
          for (const { subject, kind, from, isOver } of ops.sent.flatMap(({ notices }) => notices)) {
            const kinds = believed.get(subject.key) ?? new Set();
            believed.set(subject.key, kinds);
            if (kind === 'recovered' || isOver) kinds.delete(from ?? kind);
            else kinds.add(kind);
          }
          for (const [name, kind] of wrong) {
            const asked = [kind, 'problem' as const].find((each) => ops.rule.on.includes(each));
            if (asked !== undefined) expect(believed.get(subjectOf(name).key)).toContain(asked);
          }
          // And who is told of recoveries believes nothing wrong of what is well.
          if (!ops.rule.on.includes('recovered')) return;
          for (const name of ['web', 'db', 'configuration'])
            if (!wrong.has(name)) expect([...(believed.get(subjectOf(name).key) ?? [])]).toEqual([]);
        },
      ),
      { numRuns: 1_000 },
    );
  }, 60_000);
});

const CONTEXT = {
  notify: 'ops',
  uid: 'shop',
  host: 'box',
  now: 0,
  time: (at: number) => `T${at}`,
  left: 0,
  undelivered: 0,
};

describe('what a message says', () => {
  const notice = (name: string, more: Partial<Notice> = {}): Notice => ({
    subject: subjectOf(name),
    kind: 'fatal',
    since: 5,
    text: 'FATAL (exit: exited with code 3)',
    count: 1,
    isAgain: false,
    isOver: false,
    ...more,
  });

  test.each([
    [notice('web'), 'fatal: web: FATAL (exit: exited with code 3) (since T5)'],
    [notice('web', { count: 3 }), 'fatal: web: FATAL (exit: exited with code 3), 3 times (since T5)'],
    [notice('web', { count: 1, isAgain: true }), 'fatal: web: FATAL (exit: exited with code 3), again once (since T5)'],
    [notice('web', { isOver: true }), 'fatal: web: FATAL (exit: exited with code 3) (since T5); it is over, for now'],
    [notice('daemon', { kind: 'daemon-restarted', text: 'after a crash' }), 'daemon-restarted: the daemon: after a crash (since T5)'],
    [notice('configuration', { kind: 'reload-failed', text: 'refused' }), 'reload-failed: the configuration: refused (since T5)'],
    [notice('web', { kind: 'recovered', from: 'fatal', text: 'RUNNING (wanted)', count: 2, isAgain: true, isOver: true }), 'recovered: web: RUNNING (wanted) after fatal, again 2 times (since T5)'],
    [notice('web', { text: 'BLOCKED (\x1b[2J\r\nBcc: x@y)' }), 'fatal: web: BLOCKED ( [2J Bcc: x@y) (since T5)'],
  ])('%#', (one, line) => expect(messageOf([one], CONTEXT).text).toBe(`${line}\n`)); // prettier-ignore

  test('one is its own summary; of several their kinds and names', () => {
    expect(messageOf([notice('web')], CONTEXT).summary).toBe('fatal: web: FATAL (exit: exited with code 3)');
    const many = messageOf(
      'a b c d e f g'.split(' ').map((name) => notice(name)),
      CONTEXT,
    );
    expect(many.summary).toBe('7 notices: fatal a, fatal b, fatal c, fatal d, fatal e and 2 more');
  });

  test('what there is no room for, and what could not be delivered, is counted', () => {
    const all = Array.from({ length: 130 }, (_, n) => notice(`s${n}`));
    const message = messageOf(all, { ...CONTEXT, left: 4, undelivered: 1 });
    expect(message).toMatchObject({ left: 34, undelivered: 1 });
    expect(message.notices).toHaveLength(100);
    expect(message.text).toMatch(/\nand 34 more\n1 earlier message could not be delivered\n$/);
  });
});

test.each([
  ['FATAL', 'exit', 'problem', false, ['fatal', 'problem']],
  ['BLOCKED', 'too-many-runs', 'problem', false, ['blocked', 'problem']],
  ['BACKOFF', 'exit', 'problem', true, ['backoff', 'problem']],
  ['EXITED', 'exit', 'problem', true, ['one-shot-failed', 'problem']],
  ['EXITED', 'exit', 'problem', false, ['exited', 'problem']],
  ['EXITED', 'health-check', 'problem', false, ['unhealthy', 'problem']],
  ['STOPPING', 'health-check', 'problem', false, ['unhealthy', 'problem']],
  ['RUNNING', 'version-failed', 'problem', false, ['version-failed', 'problem']],
  ['STOPPED', 'missed', 'problem', true, ['missed', 'problem']],
  ['PENDING', 'dependency', 'problem', false, ['problem']],
  ['STARTING', 'wanted', 'pending', false, undefined],
  ['RUNNING', 'wanted', 'ok', false, []],
  ['EXITED', 'finished', 'ok', true, []],
] as const)('%s (%s), a %s: %j', (state, code, verdict, isOneShot, kinds) => {
  expect(troublesOf({ state, reason: { code, message: code }, verdict }, isOneShot)).toEqual(kinds);
});
