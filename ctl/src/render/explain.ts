/** `explain` for a person: what it is, why, what there is to know about it, and what to do. */
import type { Explanation, ExplainResult, Row } from '@procman/protocol/views';
import { formatTime } from '../text/time.ts';
import { printable } from '../text/width.ts';
import { wrap } from '../text/wrap.ts';
import { adviceOn } from './explain-advice.ts';
import { blocksOf, type Block } from './explain-blocks.ts';
import { localTimes } from '../text/local-times.ts';
import { paint, type Style, VERDICT_PAINT } from './style.ts';

/** Columns of a block's title, so that all texts begin one below the other. */
const TITLE = 14;

/** Each instance with a headline, its reasons, and only those blocks that have something to say. */
export function renderExplanations({ processes }: ExplainResult, style: Style, now: Date): string {
  const texts = processes.map((each) =>
    explanationLines(each, style, now)
      .map((line) => `${line}\n`)
      .join(''),
  );
  return texts.join('\n');
}

function explanationLines(each: Explanation, style: Style, now: Date): string[] {
  const blocks = [...blocksOf(each, now), adviceBlock(each)].filter((block) => block.lines.length > 0);
  return [
    ...wrap(headline(each, now), style.columns, '', '  ').map((line, index) =>
      index === 0 ? paint(line, VERDICT_PAINT[each.verdict] ?? 'bold', style) : line,
    ),
    ...each.because.flatMap((cause, index) => becauseLines(cause, index, style, now)),
    ...blocks.flatMap((block) => blockLines(block, style)),
  ];
}

const EXPECTED: Readonly<Record<Row['expected'], string>> = {
  running: 'should be running',
  stopped: 'should be stopped',
  finished: 'should finish',
};

/** `web: BACKOFF since 03:12:05, should be running: PROBLEM` */
function headline({ name, state, phase, since, pid, expected, verdict, reason }: Explanation, now: Date): string {
  const step = phase === undefined ? '' : ` (${phase})`;
  const process = pid === undefined ? '' : `, pid ${pid}`;
  const isDone = expected === 'finished' && reason.code === 'finished';
  const should = isDone ? 'as it should be' : EXPECTED[expected];
  return `${printable(name)}: ${state}${step} since ${formatTime(since, now)}${process}, ${should}: ${verdict === 'ok' ? 'ok' : verdict.toUpperCase()}`;
}

function becauseLines(
  { message, since }: Explanation['because'][number],
  index: number,
  style: Style,
  now: Date,
): string[] {
  // The headline says since when the first holds.
  const when = index === 0 || since === undefined ? '' : ` (since ${formatTime(since, now)})`;
  const text = printable(`${localTimes(message, now)}${when}`);
  return wrap(text, style.columns, index === 0 ? '  ' : '  - ', index === 0 ? '  ' : '    ');
}

function adviceBlock(each: Explanation): Block {
  return { title: 'To do', lines: adviceOn(each).map((text) => ({ text })) };
}

function blockLines({ title, lines }: Block, style: Style): string[] {
  const blank = ' '.repeat(TITLE + 2);
  return lines.flatMap(({ text, isQuoted = false }, index) => {
    const head = index === 0 ? `  ${title.padEnd(TITLE)}` : blank;
    const indent = isQuoted ? '  ' : '';
    const wrapped = wrap(printable(text), style.columns, `${head}${indent}`, `${blank}${indent}`);
    return isQuoted ? wrapped.map((line) => paint(line, 'dim', style)) : wrapped;
  });
}
