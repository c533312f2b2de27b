/** The lines of a frame as Ink's components, and the keys that Ink reads. */
import { Box, Text, useInput } from 'ink';
import { createElement, type ReactElement } from 'react';
import type { Key } from '../model/inputs.ts';
import { keysOf } from './key-names.ts';

export interface FrameProps {
  readonly lines: readonly string[];
  /** The same function each time: Ink listens anew where it is another one. */
  readonly onInput: Parameters<typeof useInput>[0];
}

export function inputHandler(onKey: (key: Key) => void): FrameProps['onInput'] {
  return (input, key) => keysOf(input, key).forEach(onKey);
}

export function Frame({ lines, onInput }: FrameProps): ReactElement {
  useInput(onInput);
  const texts = lines.map((line, index) =>
    createElement(Text, { key: index, wrap: 'truncate' }, line === '' ? ' ' : line),
  );
  return createElement(Box, { flexDirection: 'column' }, texts);
}
