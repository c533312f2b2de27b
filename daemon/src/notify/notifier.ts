/**
 * Tells people: asks the core what is to be sent, sends it, and remembers what was told. Everything here happens outside of the
 * supervisor's turns, and nothing of it is waited for.
 */
import { Describer } from '../core/describe.ts';
import type { Happening } from '../core/happenings.ts';
import type { Now } from '../core/model.ts';
import { textOfView, troublesOf } from '../core/notify/kinds.ts';
import { messageOf, testMessage, type MessageContext } from '../core/notify/message.ts';
import { CONFIGURATION, DAEMON, type Notice, type NoticeSubject, type Notify, type NotifyState, type Sighting } from '../core/notify/model.ts'; // prettier-ignore
import { NOTHING_YET, sight } from '../core/notify/sight.ts';
import { delivered, reruled, step, tidied } from '../core/notify/step.ts';
import type { Survey } from '../core/survey.ts';
import type { Target } from '../core/targets.ts';
import type { System } from '../effects/system.ts';
import type { TimeText } from '../time-text.ts';
import { targetText, type Courier, type Outcome } from './courier.ts';
import { NotifyFile, type Life } from './notify-file.ts';

export interface NotifierOptions {
  readonly system: System;
  readonly stateDirectory: string;
  readonly uid: string;
  readonly host: string;
  readonly pid: number;
  readonly courier: Courier;
  readonly survey: () => Survey;
  readonly time: () => TimeText;
  /** What is wrong with the file on disk; undefined: nothing. */
  readonly configError: () => string | undefined;
  readonly log: (level: 'info' | 'warning', text: string, mark?: 'important') => void;
  readonly record: (happening: Happening) => void;
}

/** What became of a test, for one `[[notify]]`. */
export interface TestResult {
  readonly name: string;
  readonly target: string;
  readonly ok: boolean;
  readonly message: string;
  readonly seconds: number;
}

interface Entry {
  readonly notify: Notify;
  readonly state: NotifyState;
  /** Gives up what is on its way. */
  readonly underWay?: AbortController;
}

/** Node's timers hold no more. */
const LONGEST_TIMER = 2 ** 31 - 1;
/** In a line of the log. */
const MOST_NAMED = 5;

export class Notifier {
  readonly #o: NotifierOptions;
  readonly #file: NotifyFile;
  readonly #entries = new Map<string, Entry>();
  readonly #tests = new Map<string, Promise<TestResult>>();
  /** Instances to look at, and what is no instance's. */
  readonly #changed = new Set<string>();
  #others: Sighting[] = [];
  #life: Life;
  #looking: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(options: NotifierOptions) {
    this.#o = options;
    this.#life = { pid: options.pid, bootId: options.system.bootId() };
    this.#file = new NotifyFile(options.system, options.stateDirectory, (text) => options.log('warning', text));
  }

  /** @param isStart - of the daemon, not of a reload that brought the first `[[notify]]` */
  begin(notifies: readonly Notify[], isStart: boolean): void {
    const now = this.#now();
    const { life, states } = this.#file.read(now);
    for (const notify of notifies) {
      const state = states.get(notify.name);
      this.#entries.set(notify.name, { notify, state: state === undefined ? NOTHING_YET : reruled(state, notify) });
    }
    if (isStart && life !== undefined) this.#others.push(this.#restarted(life));
    this.#lookAtAll();
  }

  /** What is not news is found again here: nothing that was not told before a crash is lost. */
  #lookAtAll(): void {
    const survey = this.#o.survey();
    const error = this.#o.configError();
    const sightings = [
      ...sightingsOf(survey, survey.targets, false),
      ...this.#gone(survey),
      configurationSighting(error, false),
      ...this.#others,
    ];
    this.#others = [];
    this.#changed.clear();
    this.#take(sightings);
    this.#save();
  }

  /** What something is remembered of, and what is neither in the configuration any more nor alive. */
  #gone(survey: Survey): readonly Sighting[] {
    const subjects = [...this.#entries.values()].flatMap(({ state }) => state.troubles.map(({ subject }) => subject));
    const known = new Map(subjects.filter(({ name }) => name !== undefined).map((subject) => [subject.key, subject]));
    if (known.size > 0) for (const { key } of survey.targets) known.delete(key);
    return [...known.values()].map((subject) => goneSighting(subject));
  }

  #restarted({ pid, bootId, ended }: Life): Sighting {
    const by = ended?.by === undefined ? '' : ` (${ended.by})`;
    const text =
      bootId !== this.#life.bootId
        ? 'started after a boot of the machine'
        : ended === undefined
          ? `started again after a crash: the daemon before (pid ${pid}) was killed, or broke down`
          : `started again: the daemon before (pid ${pid}) ended with code ${ended.code}${by}`;
    return { subject: DAEMON, kinds: ['daemon-restarted'], text, isNews: true };
  }

  /** Another configuration is in force; what has changed takes effect at once. */
  configure(notifies: readonly Notify[]): void {
    const wanted = new Map(notifies.map((notify) => [notify.name, notify]));
    for (const [name, { underWay }] of [...this.#entries]) {
      if (wanted.has(name)) continue;
      underWay?.abort();
      this.#entries.delete(name);
    }
    for (const notify of notifies) this.#entries.set(notify.name, this.#reconfigured(notify));
    this.#lookAtAll();
  }

  #reconfigured(notify: Notify): Entry {
    const known = this.#entries.get(notify.name);
    if (known === undefined) return { notify, state: NOTHING_YET };
    const state = reruled(known.state, notify);
    const isSameWay = JSON.stringify(known.notify.delivery) === JSON.stringify(notify.delivery);
    if (isSameWay || known.underWay === undefined) return { ...known, notify, state };
    // Perhaps it hangs, and that is why it was changed.
    known.underWay.abort();
    const { underWay: _givenUp, ...rest } = state;
    return { notify, state: rest };
  }

  /** Something has happened; looked at after the turn. */
  note({ type, about }: Happening): void {
    if (about === undefined || (type !== 'state' && type !== 'problem' && type !== 'recovered')) return;
    this.#changed.add(about.key);
    this.#lookSoon();
  }

  /** A configuration was refused, and why. */
  noteRefusal(error: string): void {
    this.#others.push(configurationSighting(error, true));
    this.#lookSoon();
  }

  #lookSoon(): void {
    if (!this.#isOver && this.#entries.size > 0) this.#looking ??= setImmediate(() => this.#look());
  }

  #look(): void {
    this.#looking = undefined;
    const survey = this.#o.survey();
    const targets = survey.targets.filter(({ key }) => this.#changed.has(key));
    const sightings = [...sightingsOf(survey, targets, true), ...this.#gone(survey), ...this.#others];
    this.#changed.clear();
    this.#others = [];
    this.#take(sightings);
  }

  #take(sightings: readonly Sighting[]): void {
    const now = this.#now().mono;
    for (const [name, { notify, state, ...rest }] of this.#entries) {
      const seen = sight(tidied(state, notify, now), notify, sightings, now);
      this.#entries.set(name, { notify, state: seen, ...rest });
    }
    this.#step();
  }

  /** Sends what is due, and sees to it that it is asked again in time. */
  #step(): void {
    if (this.#isOver) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const now = this.#now().mono;
    let wakeAt = Infinity;
    for (const [name, entry] of this.#entries) {
      const { notify } = entry;
      const next = step(tidied(entry.state, notify, now), notify, now);
      this.#entries.set(name, { ...entry, state: next.state });
      if (next.message !== undefined) this.#send(name, notify, next.state, next.message);
      wakeAt = Math.min(wakeAt, next.wakeAt ?? Infinity);
    }
    if (wakeAt === Infinity) return;
    const pause = Math.min(LONGEST_TIMER, Math.max(1, Math.ceil(wakeAt - now)));
    this.#timer = setTimeout(() => this.#step(), pause).unref();
  }

  #send(name: string, notify: Notify, state: NotifyState, notices: readonly Notice[]): void {
    const underWay = new AbortController();
    this.#entries.set(name, { notify, state, underWay });
    const { left, undelivered } = state;
    const message = messageOf(notices, { ...this.#context(name), left, undelivered });
    const brief = briefly(notices);
    void this.#o.courier.deliver(notify, message, underWay.signal).then((outcome) => {
      const entry = this.#entries.get(name);
      // Given up meanwhile: another is on its way, or the table is gone.
      if (entry?.underWay !== underWay || this.#isOver) return;
      const now = this.#now();
      this.#entries.set(name, {
        notify: entry.notify,
        state: delivered(entry.state, entry.notify, outcome.ok, now.mono),
      });
      this.#tell(notify, brief, outcome);
      if (outcome.ok) this.#save();
      this.#step();
    });
  }

  #tell(notify: Notify, brief: string, outcome: Outcome): void {
    const { name, retries } = notify;
    const tries = retries === 0 ? '' : ` after ${retries + 1} tries`;
    const message = outcome.ok ? `${name}: sent (${brief})` : `${name}: not sent (${brief})${tries}: ${outcome.text}`;
    this.#o.record({ at: this.#now().wall, type: 'notify', message });
    if (outcome.ok) this.#o.log('info', `notify ${message}`);
    else this.#o.log('warning', `notify ${message} [${targetText(notify)}]`, 'important');
  }

  /** Sends a test to those, all of them unless told. Names have been checked. */
  test(names?: readonly string[]): Promise<readonly TestResult[]> {
    const entries = [...this.#entries].filter(([name]) => names?.includes(name) ?? true);
    return Promise.all(entries.map(([name, { notify }]) => this.#testOne(name, notify)));
  }

  /** Whoever asks for it while it is under way gets the same. */
  #testOne(name: string, notify: Notify): Promise<TestResult> {
    const known = this.#tests.get(name);
    if (known !== undefined) return known;
    const test = this.#doTest(name, notify).finally(() => this.#tests.delete(name));
    this.#tests.set(name, test);
    return test;
  }

  async #doTest(name: string, notify: Notify): Promise<TestResult> {
    const since = this.#now().mono;
    const message = testMessage(this.#context(name));
    const outcome = await this.#o.courier.tryOnce(notify, message, new AbortController().signal);
    const now = this.#now();
    const text = outcome.ok ? 'sent' : outcome.text;
    this.#o.record({
      at: now.wall,
      type: 'notify',
      message: `${name}: test ${outcome.ok ? 'sent' : `not sent: ${text}`}`,
    });
    const seconds = Math.round(now.mono - since) / 1000;
    return { name, target: targetText(notify), ok: outcome.ok, message: text, seconds };
  }

  #context(notify: string): Omit<MessageContext, 'left' | 'undelivered'> {
    const now = this.#now();
    const time = (mono: number): string => this.#o.time().format(now.wall - (now.mono - mono));
    return { notify, uid: this.#o.uid, host: this.#o.host, now: now.mono, time };
  }

  /** The daemon ends: what was not told yet is found again by the next one. */
  end(code: number, by: string | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    clearImmediate(this.#looking);
    this.#life = { ...this.#life, ended: { at: this.#now().wall, code, ...(by === undefined ? {} : { by }) } };
    this.#save();
  }

  #save(): void {
    const states = new Map([...this.#entries].map(([name, { state }]) => [name, state]));
    this.#file.write(this.#life, states, this.#now());
  }

  #now(): Now {
    return this.#o.system.now();
  }
}

/** `fatal web, recovered db`: without what checks printed, so that anybody may read it. */
function briefly(notices: readonly Notice[]): string {
  const named = notices.slice(0, MOST_NAMED).map(({ kind, subject }) => `${kind} ${subject.name ?? subject.key}`);
  return notices.length > MOST_NAMED ? `${named.join(', ')} and ${notices.length - MOST_NAMED} more` : named.join(', ');
}

function sightingsOf(survey: Survey, targets: readonly Target[], isNews: boolean): readonly Sighting[] {
  const describer = new Describer(survey);
  return targets.flatMap((target) => {
    const view = describer.view(target);
    const kinds = troublesOf(view, (target.effective?.version ?? target.effective?.shown)?.oneShot === true);
    const { key, name, id } = target;
    return kinds === undefined ? [] : [{ subject: { key, name, id }, kinds, text: textOfView(view), isNews }];
  });
}

function configurationSighting(error: string | undefined, isNews: boolean): Sighting {
  return error === undefined
    ? { subject: CONFIGURATION, kinds: [], text: 'applied', isNews }
    : { subject: CONFIGURATION, kinds: ['reload-failed'], text: error, isNews };
}

const goneSighting = (subject: NoticeSubject): Sighting => ({
  subject,
  kinds: [],
  text: 'not in the configuration any more',
  isNews: false,
});
