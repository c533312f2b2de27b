/** The screen of `tui` without a terminal: how long it takes from a key to what is written for it. Bundled by `figures/tui.mjs`. */
import { manyRows, Scene } from '@procman/ctl/tui/testing/scene';
import { Screen } from '@procman/ctl/tui/effects/screen';
import { Frame, inputHandler } from '@procman/ctl/tui/effects/view';
import { frameOf } from '@procman/ctl/tui/view/frame';
import type { Key } from '@procman/ctl/tui/model/inputs';
import { render } from 'ink';
import { createElement, type ReactElement } from 'react';
import { PassThrough } from 'node:stream';

const KEYS: readonly Key[] = ['down', 'down', 'pagedown', 'end', 'up', 'home', 'x', '/', 's', 'e', 'r', 'escape', '?', 'escape', 'F', 'F']; // prettier-ignore

/** @returns milliseconds for each key, reducer, frame, layout and writing included */
export function keyTimes(processes: number, columns: number, rows: number, rounds: number): number[] {
  let written = 0;
  const screen = new Screen({ out: (text) => void (written += text.length), columns: () => columns, rows: () => rows });
  const scene = new Scene({ size: { columns, rows }, color: true }).connected(manyRows(processes));
  const onInput = inputHandler(() => undefined);
  const element = (): ReactElement => createElement(Frame, { tokens: screen.tokensOf(frameOf(scene.state)), onInput });
  screen.enter();
  const ink = render(element(), {
    stdout: screen as unknown as NodeJS.WriteStream,
    stdin: keyboard(),
    debug: true,
    exitOnCtrlC: false,
    patchConsole: false,
  });
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    for (const key of KEYS) {
      const before = performance.now();
      scene.press(key);
      ink.rerender(element());
      times.push(performance.now() - before);
    }
  }
  ink.unmount();
  if (written === 0) throw new Error('nothing was drawn');
  return times;
}

/** Nobody types on it. */
function keyboard(): NodeJS.ReadStream {
  const silent = { isTTY: true, setRawMode: () => undefined, ref: () => undefined, unref: () => undefined };
  return Object.assign(new PassThrough(), silent) as unknown as NodeJS.ReadStream;
}
