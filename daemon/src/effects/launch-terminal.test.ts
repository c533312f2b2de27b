/** Launches with a terminal of their own: whoever of launcher, `script` and child dies when, no second copy, and a true exit file. */
import * as fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LaunchGround, SHELLS, until } from './launch-ground.ts';
import { terminalText } from './launch-plan.ts';
import { closeInheritedDescriptors } from './inherited-descriptors.ts';

const KEY = 'web~0';

describe.each(SHELLS)('a launch with a terminal under %s', (shell) => {
  let ground: LaunchGround;
  beforeEach(() => {
    ground = new LaunchGround(shell);
  });
  afterEach(() => ground.dispose());

  const run = async (line: string) => ground.ended(KEY, ground.launchOnTerminal(KEY, line).id);
  const output = (): string => fs.readFileSync(`${ground.root}/out`, 'utf8');
  const recorded = async () => until('the run record', () => ground.files.readRecord(KEY));
  /** The `script` between launcher and service. */
  const scriptOf = (launcher: number): number | undefined =>
    ground.system.pids().find((pid) => ground.system.stat(pid)?.parent === launcher);
  const isGone = (pid: number): boolean => ground.system.stat(pid)?.ended !== false;

  it('gives the service a terminal, and its log plain lines', async () => {
    fs.writeFileSync(`${ground.root}/out`, 'before\n');
    await run(
      'for fd in 0 1 2; do [ -t $fd ] && echo "$fd is a terminal"; done; echo error >&2; stty size; read -r x || echo end',
    );
    expect(output()).toBe('before\n0 is a terminal\n1 is a terminal\n2 is a terminal\nerror\n24 80\nend\n');
  });

  it('puts the service on record, which leads its session', async () => {
    const { launcher, id } = ground.launchOnTerminal(KEY, 'exec sleep 60');
    const record = await recorded();
    await until('exec', () => ground.system.commandLine(record.process.pid).startsWith('sleep') || undefined);
    const { pid } = record.process;
    expect(record).toMatchObject({ launchId: id, launcher: { pid: launcher.pid } });
    expect(ground.system.stat(pid)).toMatchObject({ session: pid, processGroup: pid });
    expect(ground.files.probeLock(KEY)).toBe('held');
    expect(ground.system.marks(pid)).toEqual({});
  });

  it('starts it with clean signals, three descriptors, and nothing of the launcher in its environment', async () => {
    closeInheritedDescriptors();
    await run('grep "^Sig[BI]" /proc/self/status; ls -1 /proc/$$/fd; tr "\\0" "\\n" </proc/$$/environ');
    const lines = output()
      .split('\n')
      .filter((line) => line !== '' && !/^(SHLVL|_|PWD|OLDPWD)=/.test(line));
    expect(lines).toEqual([
      'SigBlk:\t0000000000000000',
      'SigIgn:\t0000000000000000',
      '0',
      '1',
      '2',
      'PATH=/usr/bin:/bin',
    ]);
  });

  it.each<[string, object]>([
    ['exit 0', { kind: 'code', code: 0 }],
    ['exit 7', { kind: 'code', code: 7 }],
    ['kill -9 $$', { kind: 'signal', signal: 'KILL' }],
    ['kill -15 $$; sleep 9', { kind: 'signal', signal: 'TERM' }],
    ['kill -10 $$; sleep 9', { kind: 'signal', signal: 'USR1' }],
    // The limit of `script -e`: nothing tells it from the signal.
    ['exit 137', { kind: 'signal', signal: 'KILL' }],
    ['exit 200', { kind: 'code', code: 200 }],
  ])('tells how it ended: %s', async (line, exit) => {
    expect(await run(line)).toMatchObject({ kind: 'ended', exit });
  });

  it('tells a log that cannot be written, and a program that is missing', async () => {
    fs.mkdirSync(`${ground.root}/out`);
    expect(await run('exit 0')).toMatchObject({
      why: 'failed',
      text: `stdout cannot append to ${ground.root}/out`,
    });
    fs.rmdirSync(`${ground.root}/out`);
    fs.writeFileSync(`${ground.root}/bin/stty`, '#!/bin/dash\nexit 1\n', { mode: 0o755 });
    expect(await run('exit 0')).toMatchObject({ why: 'failed', text: 'pty stty cannot set the terminal' });
  });

  it('tells that no terminal could be made', async () => {
    const says = '#!/bin/dash\necho "script: failed to create pseudo-terminal: No space left on device" >&2; exit 1\n';
    fs.writeFileSync(`${ground.root}/bin/script`, says, { mode: 0o755 });
    const text = 'pty script: failed to create pseudo-terminal: No space left on device';
    expect(await run('exit 0')).toMatchObject({ kind: 'not-started', why: 'failed', text });
    fs.writeFileSync(`${ground.root}/bin/script`, '#!/bin/dash\nexit 0\n', { mode: 0o755 });
    expect(await run('exit 0')).toMatchObject({ why: 'failed', text: 'pty script ended with code 0' });
  });

  it('is adopted when its launcher is killed, and nothing runs beside it', async () => {
    const { launcher } = ground.launchOnTerminal(KEY, 'exec sleep 60');
    const record = await recorded();
    launcher.kill('SIGKILL');
    await until('the launcher to end', () => launcher.signalCode ?? undefined);
    const second = ground.launchOnTerminal(KEY, 'exit 0');
    await ground.ended(KEY, second.id);
    expect(ground.exitText(KEY, second.id)).toMatch(/^refused (lock|alive) end$/);
    expect(ground.files.readRecord(KEY)).toEqual(record);
    ground.system.kill(record.process.pid, 'KILL');
    await until('the lock to be free', () => ground.files.probeLock(KEY) === 'free' || undefined);
  });

  it('keeps the lock until the record is in place, also with launcher and script killed', async () => {
    const held = ground.hold('mv', '[ "${2##*.}" = record ]');
    const { launcher } = ground.launchOnTerminal(KEY, 'trap "" HUP; echo ran; exec sleep 60');
    await held.reached();
    const script = scriptOf(launcher.pid!)!;
    launcher.kill('SIGKILL');
    ground.system.kill(script, 'KILL');
    await until('script to end', () => isGone(script) || undefined);
    // The hang-up ends the child, or it goes on with the lock: never neither.
    held.release();
    await until('a proof', () => ground.files.probeLock(KEY) === 'free' || undefined);
    expect(ground.files.readRecord(KEY) === undefined || isGone(ground.files.readRecord(KEY)!.process.pid)).toBe(true);
    expect(await run('exit 3')).toMatchObject({ exit: { code: 3 } });
  });

  it('says that nothing ran where script is killed before the record', async () => {
    const held = ground.hold('mv', '[ "${2##*.}" = record ]');
    const { launcher, id } = ground.launchOnTerminal(KEY, 'echo ran; exec sleep 60');
    await held.reached();
    ground.system.kill(scriptOf(launcher.pid!)!, 'KILL');
    held.release();
    const exit = await ground.ended(KEY, id);
    const record = ground.files.readRecord(KEY);
    // `mv` may outlive its shell, which the hang-up ended: then the record comes after the launcher's word, and is of the dead.
    if (record === undefined || exit.kind === 'not-started') expect(exit).toMatchObject({ why: 'failed' });
    else expect(exit).toMatchObject({ kind: 'aborted' });
    if (record !== undefined) expect(isGone(record.process.pid)).toBe(true);
    expect(fs.existsSync(`${ground.root}/out`) ? output() : '').not.toContain('ran');
  });

  it('gives the service a hang-up when script is killed, and its end is not known', async () => {
    const { launcher, id } = ground.launchOnTerminal(
      KEY,
      `trap "echo hup >>${ground.root}/hup; exit 5" HUP; echo up; while :; do sleep 0.01; done`,
    );
    await until('the trap', () => (fs.existsSync(`${ground.root}/out`) && output().includes('up')) || undefined);
    ground.system.kill(scriptOf(launcher.pid!)!, 'KILL');
    expect(await ground.ended(KEY, id)).toMatchObject({ kind: 'aborted' });
    await until('the hang-up', () => fs.existsSync(`${ground.root}/hup`) || undefined);
  });

  it('refuses to run beside a service that outlived its script', async () => {
    const { launcher, id } = ground.launchOnTerminal(KEY, `trap "" HUP; echo up; while :; do sleep 0.1; done`);
    const record = await recorded();
    await until('the trap', () => (fs.existsSync(`${ground.root}/out`) && output().includes('up')) || undefined);
    ground.system.kill(scriptOf(launcher.pid!)!, 'KILL');
    expect(await ground.ended(KEY, id)).toMatchObject({ kind: 'aborted' });
    expect(isGone(record.process.pid)).toBe(false);
    const second = ground.launchOnTerminal(KEY, 'exit 0');
    await ground.ended(KEY, second.id);
    expect(ground.exitText(KEY, second.id)).toBe('refused alive end');
  });
});

it('takes no plan for a terminal that asks for none', () => {
  const plan = { argv: ['/bin/true'], workDir: '/', environment: {}, stdout: null, stderr: null };
  expect(terminalText(plan)).toBeUndefined();
  expect(terminalText({ ...plan, terminal: true })).toBe('exec 1>/dev/null\n');
});
