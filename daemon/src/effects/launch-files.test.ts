import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatRecord, parseExit, parsePid, parseRecord, type RunRecord } from './launch-files.ts';
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

  it.each<[string, (path: string) => void]>([
    ['a damaged record', (path) => fs.writeFileSync(path, formatRecord(record).replace('34', '35'))],
    ['a folder', (path) => fs.mkdirSync(`${path}/within`, { recursive: true })],
    ['a pipe', (path) => spawnSync('mkfifo', [path])],
  ])('puts %s out of the way of a launch, and keeps it', (_what, put) => {
    const { files, runs } = ground;
    put(`${runs}/record/${KEY}`);
    const movedTo = files.prepare(KEY, 'L1', 'exit\n');
    expect(movedTo).toContain(`${runs}/record-${KEY}.broken-`);
    expect(fs.lstatSync(movedTo ?? '')).toBeDefined();
    expect(fs.readdirSync(`${runs}/record`)).toEqual([]);
    expect(files.prepare(KEY, 'L2', 'exit\n')).toBeUndefined();
  });

  it('knows jobs by their stems', () => {
    const { files } = ground;
    files.prepare('b~1.health-check', 'L3', 'exit\n', { capture: true });
    files.writeRecord('b~1.health-check', { ...record, launchId: 'L3' });
    expect(files.launches()).toEqual([{ key: 'b~1.health-check', launchId: 'L3' }]);
    expect(files.records()).toEqual(['b~1.health-check']);
    expect(files.readRecord('b~1.health-check')?.launchId).toBe('L3');
    expect(files.readRecord('b~1')).toBeUndefined();
  });

  it('keeps a plan as long as its launch is not forgotten', () => {
    const { files } = ground;
    expect(files.readPlan(KEY, 'L1')).toBeUndefined();
    files.prepare(KEY, 'L1', 'exit\n');
    expect(files.readPlan(KEY, 'L1')).toBe('exit\n');
  });

  it('reads the last of captured output, in whole characters', () => {
    const { files, runs } = ground;
    files.prepare(KEY, 'L1', 'exit\n', { capture: true });
    const path = `${runs}/launch/${KEY}.L1.out`;
    expect(fs.statSync(path).mode & 0o777).toBe(0o600);
    expect(files.readOutput(KEY, 'L1')).toBe('');
    fs.writeFileSync(path, `${'x'.repeat(5000)}end`);
    expect(files.readOutput(KEY, 'L1')).toBe(`${'x'.repeat(4093)}end`);
    fs.writeFileSync(path, 'aä😀');
    expect([1, 3, 4, 5, 6, 7, 9].map((limit) => files.readOutput(KEY, 'L1', limit))).toEqual([
      '',
      '',
      '😀',
      '😀',
      'ä😀',
      'aä😀',
      'aä😀',
    ]);
    fs.writeFileSync(path, Buffer.from([0x80, 0x80, 0x80, 0x80, 0x61]));
    expect(files.readOutput(KEY, 'L1', 4)).toBe('a');
    expect(files.readOutput(KEY, 'L1')).toBe('\ufffd\ufffd\ufffd\ufffda');
    files.forget(KEY, 'L1');
    expect(fs.existsSync(path)).toBe(false);
    expect(files.readOutput(KEY, 'L1')).toBe('');
  });

  it('reads a pid file once it holds a number, and removes it with its launch', () => {
    const { files } = ground;
    const path = files.pidFile(KEY, 'L1');
    expect(path).toBe(`${ground.runs}/pid/${KEY}.L1`);
    const written = (text: string): number | undefined => {
      fs.writeFileSync(path, text);
      return files.readPid(KEY, 'L1');
    };
    expect(files.readPid(KEY, 'L1')).toBeUndefined();
    expect(written('')).toBeUndefined();
    expect(written('4321\n')).toBe(4321);
    expect(written(`${' '.repeat(80)}4321`)).toBeUndefined();
    files.forget(KEY, 'L1');
    expect(fs.existsSync(path)).toBe(false);
  });

  it('never waits for what has been put in place of a pid file', () => {
    const path = ground.files.pidFile(KEY, 'L1');
    spawnSync('mkfifo', [path]);
    expect(ground.files.readPid(KEY, 'L1')).toBeUndefined();
    fs.rmSync(path);
    fs.mkdirSync(path);
    expect(ground.files.readPid(KEY, 'L1')).toBeUndefined();
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

describe('parsePid', () => {
  it.each<[string, number]>([
    ['1', 1],
    [' 4194304\n', 4194304],
    ['0012\r\n\n', 12],
  ])('reads %j', (text, pid) => {
    expect(parsePid(text)).toBe(pid);
  });

  it.each(['', ' ', '0', '-1', '+1', '1.5', '0x1f', '1e3', '12 34', '12\n34', 'pid: 12', '١٢', '12345678901', '12\0'])(
    'takes %j for no pid',
    (text) => {
      expect(parsePid(text)).toBeUndefined();
    },
  );
});

describe('parseRecord', () => {
  const line = formatRecord(record);
  /** As launchers of the versions before wrote it. */
  const once = '12 34 L7 boot pid:[1] 11 33 end\n';

  it('reads a whole line, also an earlier and a later version of it', () => {
    expect(line).toBe('12 34 L7 boot pid:[1] 11 33 12 34 L7 boot pid:[1] 11 33 end\n');
    for (const text of [line, once, line.replace('end', 'more end')]) expect(parseRecord(text)).toEqual(record);
  });

  it('takes no part of one', () => {
    for (const text of [line, once])
      for (let length = 0; length < text.length; length += 1)
        expect(parseRecord(text.slice(0, length))).toBeUndefined();
    expect(parseRecord('x 34 L7 boot pid:[1] 11 33 end\n')).toBeUndefined();
  });

  it('is never misled by a damaged byte', () => {
    const bytes = Buffer.from(line);
    for (let at = 0; at < bytes.length; at += 1) {
      for (let byte = 0; byte < 256; byte += 1) {
        const damaged = Buffer.from(bytes);
        damaged[at] = byte;
        if (byte !== bytes[at]) expect([at, byte, parseRecord(damaged.toString())]).toEqual([at, byte, undefined]);
      }
    }
  });
});
