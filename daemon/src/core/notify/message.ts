/** What a message says, for people and for programs. */
import type { MonotonicTime } from '../model.ts';
import { CONFIGURATION, type Notice, type NoticeKind } from './model.ts';

/** One message as programs get it: JSON on stdin of a command, or the body of a webhook. */
export interface MessageView {
  /** Name of the `[[notify]]`. */
  readonly notify: string;
  /** Sent by `notify-test`. */
  readonly test: boolean;
  /** Of the configuration. */
  readonly uid: string;
  readonly host: string;
  /** ISO 8601. */
  readonly at: string;
  /** One line. */
  readonly summary: string;
  /** All of it, for people. */
  readonly text: string;
  readonly notices: readonly NoticeView[];
  /** What there was no room for. */
  readonly left: number;
  /** Messages before this one that could not be delivered; what they told is told again as far as it is still so. */
  readonly undelivered: number;
}

export interface NoticeView {
  readonly kind: NoticeKind;
  /** Of the instance, and its process; absent where it is about the daemon or the configuration. */
  readonly name?: string;
  readonly id?: string;
  /** Of `recovered`: what it has recovered from. */
  readonly from?: NoticeKind;
  /** ISO 8601: when it began. */
  readonly since: string;
  readonly message: string;
  /** How often it came, since it was told last. */
  readonly count: number;
  /** It was told before. */
  readonly again: boolean;
  /** It is over, for now. */
  readonly over: boolean;
}

export interface MessageContext {
  readonly notify: string;
  readonly uid: string;
  readonly host: string;
  readonly now: MonotonicTime;
  /** ISO 8601. */
  readonly time: (at: MonotonicTime) => string;
  readonly left: number;
  readonly undelivered: number;
}

/** More lines than this are only counted. */
const MOST_NOTICES = 100;
/** In the summary. */
const MOST_NAMED = 5;
/** What checks print is bounded already; this is for the whole line. */
const LONGEST_LINE = 1_000;

export function messageOf(all: readonly Notice[], context: MessageContext): MessageView {
  const notices = withoutDoubles(all);
  const shown = notices.slice(0, MOST_NOTICES);
  const left = context.left + notices.length - shown.length;
  const summary = summaryOf(notices);
  const { notify, uid, host, now, time, undelivered } = context;
  const lines = [
    ...shown.map((notice) => lineOf(notice, time)),
    ...(left > 0 ? [`and ${left} more`] : []),
    ...(undelivered > 0
      ? [`${undelivered} earlier ${undelivered === 1 ? 'message' : 'messages'} could not be delivered`]
      : []),
  ];
  const text = `${lines.join('\n')}\n`;
  const views = shown.map((notice) => viewOf(notice, time));
  return { notify, test: false, uid, host, at: time(now), summary, text, notices: views, left, undelivered };
}

export function testMessage(context: Omit<MessageContext, 'left' | 'undelivered'>): MessageView {
  const { notify, uid, host, now, time } = context;
  const summary = `test of [[notify]] ${JSON.stringify(notify)}`;
  const text = `This is a test, asked for with \`procmanctl notify-test\`. Nothing has happened.\n`;
  return { notify, test: true, uid, host, at: time(now), summary, text, notices: [], left: 0, undelivered: 0 };
}

/** A process that was wrong in several ways has recovered once. */
function withoutDoubles(notices: readonly Notice[]): readonly Notice[] {
  const recovered = new Set<string>();
  return notices.filter(({ kind, subject }) => {
    if (kind !== 'recovered') return true;
    if (recovered.has(subject.key)) return false;
    recovered.add(subject.key);
    return true;
  });
}

function summaryOf(notices: readonly Notice[]): string {
  const [only] = notices;
  if (only !== undefined && notices.length === 1)
    return shortened(`${only.kind}: ${subjectOf(only)}: ${plain(only.text)}`);
  const named = notices.slice(0, MOST_NAMED).map((notice) => `${notice.kind} ${subjectOf(notice)}`);
  const more = notices.length > MOST_NAMED ? ` and ${notices.length - MOST_NAMED} more` : '';
  return shortened(`${notices.length} notices: ${named.join(', ')}${more}`);
}

const subjectOf = ({ subject }: Notice): string =>
  subject.name ?? (subject.key === CONFIGURATION.key ? 'the configuration' : 'the daemon');

/** `fatal: web: FATAL (exit: exited with code 3), 12 times since 2026-03-01 08:00:00; it is over for now`. */
function lineOf(notice: Notice, time: (at: MonotonicTime) => string): string {
  const { kind, text, count, isAgain, isOver, since, from } = notice;
  const after = kind === 'recovered' ? ` after ${from ?? 'trouble'}` : '';
  const often =
    count > 1 || (isAgain && count > 0) ? `, ${isAgain ? 'again ' : ''}${count === 1 ? 'once' : `${count} times`}` : '';
  const over = isOver && kind !== 'recovered' ? '; it is over, for now' : '';
  return `${kind}: ${subjectOf(notice)}: ${shortened(plain(text))}${after}${often} (since ${time(since)})${over}`;
}

function viewOf(notice: Notice, time: (at: MonotonicTime) => string): NoticeView {
  const { kind, subject, from, since, text, count, isAgain, isOver } = notice;
  return {
    kind,
    ...(subject.name === undefined ? {} : { name: subject.name }),
    ...(subject.id === undefined ? {} : { id: subject.id }),
    ...(from === undefined ? {} : { from }),
    since: time(since),
    message: shortened(text),
    count,
    again: isAgain,
    over: isOver,
  };
}

/** One line, nothing that moves a cursor or begins another header. */
const plain = (text: string): string => text.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]+/g, ' ');

const shortened = (text: string): string => (text.length <= LONGEST_LINE ? text : `${text.slice(0, LONGEST_LINE)}...`);
