/** A frame as Ink's components, a token for each of its lines, and the keys that Ink reads. */
import { Box, Text, useInput } from 'ink';
import { createElement, type ReactElement } from 'react';
import type { Key } from '../model/inputs.ts';
import { keysOf } from './key-names.ts';

export interface FrameProps {
  /** From the screen that they are drawn on. */
  readonly tokens: readonly string[];
  /** The same function each time: Ink listens anew where it is another one. */
  readonly onInput: Parameters<typeof useInput>[0];
}

export function inputHandler(onKey: (key: Key) => void): FrameProps['onInput'] {
  return (input, key) => keysOf(input, key).forEach(onKey);
}

export function Frame({ tokens, onInput }: FrameProps): ReactElement {
  useInput(onInput);
  const texts = tokens.map((token, index) => createElement(Text, { key: index }, token));
  return createElement(Box, { flexDirection: 'column' }, texts);
}
