import { describe, expect, it } from 'vitest';
import { sequenceOf } from './sequence.ts';

const always = (...words: string[]) => ({ words, onlyAfterSuccess: false });
const after = (...words: string[]) => ({ words, onlyAfterSuccess: true });

describe('several commands on one line', () => {
  it.each([
    ['', []],
    ['# only a comment; nothing', []],
    ['status', [always('status')]],
    ['stop web; start web', [always('stop', 'web'), always('start', 'web')]],
    ['stop web;start web;', [always('stop', 'web'), always('start', 'web')]],
    [';; status', [always('status')]],
    ['check a.toml&&update; status', [always('check', 'a.toml'), after('update'), always('status')]],
    ['start "a;b" c\\;d \'e && f\'', [always('start', 'a;b', 'c;d', 'e && f')]],
    ['status # ; stop all', [always('status')]],
  ])('%j', (line, steps) => expect(sequenceOf(line)).toEqual({ steps }));

  it.each([
    ['start "a', 'the quote " is not closed'],
    ['status &&', 'a command is missing beside &&'],
    ['&& status', 'a command is missing beside &&'],
    ['status && ; pid', 'a command is missing beside &&'],
    ['status | grep web', 'there is no | in this shell'],
    ['status > file', 'there is no > in this shell'],
    ['status || pid', 'there is no || in this shell'],
    ['stop web &', 'there is no & in this shell'],
  ])('%j is refused', (line, problem) => {
    expect(sequenceOf(line)).toHaveProperty('problem', expect.stringContaining(problem));
  });
});
