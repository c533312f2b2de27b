import * as fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseExit, parseRecord, type RunRecord } from './launch-files.ts';
import { LaunchGround } from './launch-ground.ts';

const KEY = 'a%20b~0';
const record: RunRecord = {
  launchId: 'L7',
  process: { pid: 12, startTicks: 34, bootId: 'boot', pidNamespace: 'pid:[1]' },
  launcher: { pid: 11, startTicks: 33, bootId: 'boot', pidNamespace: 'pid:[1]' },
};

describe('LaunchFiles', () => {
  let ground: LaunchGround;
  beforeEach(() => {
    ground = new LaunchGround('dash');
  });
  afterEach(() => ground.dispose());

  it('lets one rename decide over an intent', () => {
    const { files, runs } = ground;
    expect(files.voidIntent(KEY, 'L1')).toBe('absent');
    files.prepare(KEY, 'L1', 'exit\n');
    expect(files.voidIntent(KEY, 'L1')).toBe('voided');
    expect(files.voidIntent(KEY, 'L1')).toBe('voided');
    files.prepare(KEY, 'L2', 'exit\n');
    fs.renameSync(`${runs}/launch/${KEY}.L2.intent`, `${runs}/launch/${KEY}.L2.claimed`);
    expect(files.voidIntent(KEY, 'L2')).toBe('claimed');
  });

  it('finds launches by whatever they left, and forgets them', () => {
    const { files, runs } = ground;
    files.prepare(KEY, 'L1', 'exit\n');
    files.prepare('b~1', 'L2', 'exit\n');
    fs.unlinkSync(`${runs}/exit/b~1.L2`);
    expect(files.launches()).toEqual([
      { key: KEY, launchId: 'L1' },
      { key: 'b~1', launchId: 'L2' },
    ]);
    expect(files.readExit(KEY, 'L1')).toEqual({ kind: 'pending' });
    expect(files.readExit('b~1', 'L2')).toEqual({ kind: 'missing' });
    files.forget(KEY, 'L1');
    files.forget('b~1', 'L2');
    expect(files.launches()).toEqual([]);
    expect(['exit', 'launch'].flatMap((name) => fs.readdirSync(`${runs}/${name}`))).toEqual([]);
  });

  it('removes the exit file last, so that an interrupted forgetting is found again', () => {
    ground.files.prepare(KEY, 'L1', 'exit\n');
    const removed: string[] = [];
    const system = ground.system;
    system.remove = (path) => removed.push(path.replace(/.*L1\.?/, ''));
    ground.files.forget(KEY, 'L1');
    expect(removed[0]).toBe('intent');
    expect(removed.at(-1)).toBe('');
  });

  it('writes records as the launcher does, and removes only its own', () => {
    const { files } = ground;
    files.writeRecord(KEY, record);
    expect(files.readRecord(KEY)).toEqual(record);
    expect(files.records()).toEqual([KEY]);
    files.removeRecord(KEY, 'L6');
    expect(files.readRecord(KEY)).toEqual(record);
    files.removeRecord(KEY, 'L7');
    expect(files.readRecord(KEY)).toBeUndefined();
  });

  it('says that a lock nobody made is free', () => {
    expect(ground.files.probeLock(KEY)).toBe('free');
    expect(fs.existsSync(`${ground.runs}/lock/${KEY}`)).toBe(false);
  });
});

describe('parseExit', () => {
  it.each<[string, object]>([
    ['exit 3', { kind: 'ended', exit: { kind: 'code', code: 3 }, at: 5 }],
    ['signal 9', { kind: 'ended', exit: { kind: 'signal', signal: 'KILL' }, at: 5 }],
    ['refused void', { kind: 'not-started', why: 'refused', text: 'void', at: 5 }],
    [
      'failed cd cannot change to /a  b end',
      { kind: 'not-started', why: 'failed', text: 'cd cannot change to /a  b end', at: 5 },
    ],
    ['aborted 2', { kind: 'aborted', at: 5 }],
  ])('reads %s', (text, expected) => {
    expect(parseExit(`${text.padEnd(60)} end\n`, 5)).toEqual(expected);
  });

  it.each(['', ' '.repeat(64), 'exit 3', `${'exit 3'.padEnd(60)} en`, 'nonsense 1 end\n', 'exit x end\n'])(
    'waits on %j',
    (text) => {
      expect(parseExit(text, 5)).toEqual({ kind: 'pending' });
    },
  );
});

describe('parseRecord', () => {
  const line = '12 34 L7 boot pid:[1] 11 33 end\n';

  it('reads a whole line, also a later version of it', () => {
    expect(parseRecord(line)).toEqual(record);
    expect(parseRecord(line.replace('end', 'more end'))).toEqual(record);
  });

  it('takes no part of one', () => {
    for (let length = 0; length < line.length; length += 1) expect(parseRecord(line.slice(0, length))).toBeUndefined();
    expect(parseRecord('x 34 L7 boot pid:[1] 11 33 end\n')).toBeUndefined();
  });
});
