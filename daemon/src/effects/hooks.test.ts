import * as fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { belongsToRun, jobStem, runMark } from '../core/identity.ts';
import type { RunRecord } from './launch-files.ts';
import { LaunchGround, SHELLS, until } from './launch-ground.ts';
import { groundOf, hookPlan, planText, type HookCommand, type LaunchGround as Ground } from './launch-plan.ts';
import { ProcessScanner, type ProcessInfo } from './process-table.ts';

const KEY = 'web~0';
const STEM = jobStem(KEY, 'before');
const MARK = runMark('u', STEM, 'L1');

let ground: LaunchGround;
afterEach(() => ground.dispose());

const log = () => ({ path: `${ground.root}/log`, auto: true });
const logged = (): string => fs.readFileSync(log().path, 'utf8');

/** A hook on the ground of a service, with its output in the log. */
function hook(command: string, more: Partial<HookCommand> = {}, service: Partial<Ground> = {}): string {
  const shared = {
    workDir: ground.root,
    environment: { PATH: '/usr/bin:/bin', PROCMAN_RUN: 'u/web~0/L0' },
    ...service,
  };
  const environment = { PROCMAN_HOOK: MARK, ...more.environment };
  return planText(hookPlan(shared, { command, stdout: log(), stderr: 'stdout', ...more, environment }));
}

const recorded = async (stem: string): Promise<RunRecord> =>
  until(`the record of ${stem}`, () => ground.files.readRecord(stem));

/** Live processes of a hook, found as those of a run are: by its mark, and by its session while that is its own. */
function members({ process: main }: RunRecord): ProcessInfo[] {
  const proof = { mark: MARK, main, endedTicks: ground.system.ticks() + 1 };
  return new ProcessScanner(ground.system).scan().filter((process) => {
    const { run: runMark, hook: hookMark, launcher } = process.marks;
    const marks = { ...(runMark !== undefined && { runMark }), ...(hookMark !== undefined && { hookMark }) };
    return !process.ended && launcher === undefined && belongsToRun({ ...process, ...marks }, proof);
  });
}

describe.each(SHELLS)('a hook launched by %s', (shell) => {
  beforeEach(() => {
    ground = new LaunchGround(shell);
  });

  it.each([0, 1, 125, 126, 255])('tells its exit code %i', async (code) => {
    expect(await ground.run(STEM, hook(`exit ${code}`))).toMatchObject({ kind: 'ended', exit: { kind: 'code', code } });
  });

  it('tells by which signal its session was ended', async () => {
    const { id } = ground.launch(STEM, hook('echo begun; sleep 60; echo never'));
    const { process: main } = await recorded(STEM);
    await until('its beginning', () => (fs.existsSync(log().path) && logged() !== '') || undefined);
    ground.system.killGroup(main.pid, 'KILL');
    expect(await ground.ended(STEM, id)).toMatchObject({ exit: { kind: 'signal', signal: 'KILL' } });
    expect(logged()).toBe('begun\n');
  });

  it('appends to the log of its process, and has nothing on stdin', async () => {
    fs.writeFileSync(log().path, 'service\n');
    await ground.run(STEM, hook('echo out; echo err >&2; cat; echo end'));
    expect(logged()).toBe('service\nout\nerr\nend\n');
  });

  it('is silent where its process has no log', async () => {
    expect(await ground.run(STEM, hook('echo x; echo y >&2', { stdout: null, stderr: null }))).toMatchObject({
      exit: { code: 0 },
    });
    expect(fs.existsSync(log().path)).toBe(false);
  });

  it('says what failed before its command', async () => {
    const exit = await ground.run(STEM, hook('exit 0', {}, { workDir: '/nowhere' }));
    expect(exit).toMatchObject({ kind: 'not-started', why: 'failed', text: 'cd cannot change to /nowhere' });
  });

  describe('whose output is captured', () => {
    it('leaves both streams, in their order', async () => {
      const plan = hook('echo one; echo two >&2; echo three; exit 3', { stdout: 'capture' });
      const { id } = ground.launch(STEM, plan, { capture: true });
      expect(await ground.ended(STEM, id)).toMatchObject({ exit: { code: 3 } });
      expect(ground.files.readOutput(STEM, id)).toBe('one\ntwo\nthree\n');
      expect(fs.existsSync(log().path)).toBe(false);
      ground.files.forget(STEM, id);
      expect(ground.files.readOutput(STEM, id)).toBe('');
    });

    it('leaves stdout alone, with stderr in the log', async () => {
      const plan = hook('echo 0123abc; echo pulling >&2', { stdout: 'capture', stderr: log() });
      const { id } = ground.launch(STEM, plan, { capture: true });
      await ground.ended(STEM, id);
      expect(ground.files.readOutput(STEM, id)).toBe('0123abc\n');
      expect(logged()).toBe('pulling\n');
    });

    it('is written where the daemon looks, whatever work-dir and umask say, and for nobody else', async () => {
      const plan = hook('echo x; umask', { stdout: 'capture' }, { workDir: '/', umask: 0 });
      const { id } = ground.launch(STEM, plan, { capture: true });
      await ground.ended(STEM, id);
      expect(ground.files.readOutput(STEM, id)).toMatch(/^x\n0+\n$/);
      expect(fs.statSync(`${ground.runs}/launch/${STEM}.${id}.out`).mode & 0o777).toBe(0o600);
    });

    it('has no hole where it empties its own output', async () => {
      const plan = hook('echo lost; echo a >/dev/stderr; echo b', { stdout: 'capture' });
      const { id } = ground.launch(STEM, plan, { capture: true });
      await ground.ended(STEM, id);
      expect(ground.files.readOutput(STEM, id)).toBe('a\nb\n');
    });
  });

  it('stands on the ground of its run as that was launched, with its own mark', async () => {
    const environment = {
      PATH: '/usr/bin:/bin',
      PROCMAN_RUN: 'u/web~0/L0',
      A: "it's\n# two \\ lines ",
      B: '$(exit 9)`exit 9`\u2028ä',
    };
    const run = ground.launch(KEY, ground.plan('sleep 60', { environment, umask: 0o027, nice: 5 }));
    await recorded(KEY);
    const shared = groundOf(ground.files.readPlan(KEY, run.id)!);
    expect(shared).toEqual({ workDir: ground.root, environment, umask: 0o027, nice: 5 });
    const command = 'umask; nice; pwd -P; env -0 | sort -z';
    const plan = hookPlan(shared!, {
      command,
      environment: { PROCMAN_HOOK: MARK, PROCMAN_PID: '77' },
      stdout: 'capture',
      stderr: 'stdout',
    });
    const { id } = ground.launch(STEM, planText(plan), { capture: true });
    expect(await ground.ended(STEM, id)).toMatchObject({ exit: { code: 0 } });
    const text = ground.files.readOutput(STEM, id);
    const head = `0027\n5\n${fs.realpathSync(ground.root)}\n`;
    expect(text.startsWith(head)).toBe(true);
    const entries = text.slice(head.length).split('\0').slice(0, -1);
    expect(entries.filter((entry) => !/^(?:_|PWD|OLDPWD|SHLVL)=/.test(entry))).toEqual([
      `A=${environment.A}`,
      `B=${environment.B}`,
      'PATH=/usr/bin:/bin',
      `PROCMAN_HOOK=${MARK}`,
      'PROCMAN_PID=77',
    ]);
    // The run goes on beside it, under a lock of its own.
    expect(ground.files.readExit(KEY, run.id)).toEqual({ kind: 'pending' });
  });

  describe('that leaves something behind', () => {
    const left = async (command: string): Promise<{ record: RunRecord; child: ProcessInfo }> => {
      const { id } = ground.launch(STEM, hook(`${command} & echo started`));
      expect(await ground.ended(STEM, id)).toMatchObject({ exit: { code: 0 } });
      const record = await recorded(STEM);
      const found = await until('what it left', () =>
        members(record).find(({ pid }) => /^\S*sleep 61$/.test(ground.system.commandLine(pid))),
      );
      // Looked at once more: it was perhaps on its way to its program, and out of the session, when it was seen.
      const child = members(record).find(({ pid }) => pid === found.pid) ?? found;
      return { record, child };
    };

    it('is found by its session, which the record names', async () => {
      const { record, child } = await left('sleep 61');
      expect(child).toMatchObject({ session: record.process.pid, marks: { hook: MARK } });
      expect(child.marks.run).toBeUndefined();
      expect(ground.system.killGroup(child.processGroup, 'KILL')).toBe('sent');
      await until('its end', () => members(record).length === 0 || undefined);
    });

    it('is found also without a mark', async () => {
      const { record, child } = await left('env -i /usr/bin/sleep 61');
      expect(child).toMatchObject({ session: record.process.pid, marks: {} });
      ground.system.killGroup(child.processGroup, 'KILL');
    });

    it('is found by its mark where it left the session', async () => {
      const { record, child } = await left('setsid sleep 61');
      expect(child.session).not.toBe(record.process.pid);
      expect(child.marks.hook).toBe(MARK);
      ground.system.kill(child.pid, 'KILL');
      await until('its end', () => members(record).length === 0 || undefined);
    });

    it('frees its lock all the same: whoever starts the next one has to look first', async () => {
      const { record, child } = await left('sleep 61');
      await until('the lock', () => ground.files.probeLock(STEM) === 'free' || undefined);
      expect(members(record)).toHaveLength(1);
      ground.system.kill(child.pid, 'KILL');
    });
  });

  describe('while another one lives', () => {
    it('is refused by the lock if it is the same hook, and only then', async () => {
      const first = ground.launch(STEM, hook('sleep 60'));
      await recorded(STEM);
      const second = ground.launch(STEM, hook('echo twice'));
      const others = ['web~0.init', 'web~1.before', KEY].map((stem) => ground.run(stem, hook('exit 4')));
      for (const other of await Promise.all(others)) expect(other).toMatchObject({ exit: { code: 4 } });
      expect(await ground.ended(STEM, second.id)).toMatchObject({ kind: 'not-started', why: 'refused', text: 'lock' });
      expect(ground.files.voidIntent(STEM, second.id)).toBe('voided');
      expect(ground.files.readRecord(STEM)?.launchId).toBe(first.id);
    });

    it('is refused also where the launcher of the first was killed', async () => {
      const first = ground.launch(STEM, hook('exec sleep 60'));
      const record = await recorded(STEM);
      first.launcher.kill('SIGKILL');
      await until('the lock', () => ground.files.probeLock(STEM) === 'free' || undefined);
      expect(await ground.run(STEM, hook('echo twice'))).toMatchObject({ why: 'refused', text: 'alive' });
      ground.system.kill(record.process.pid, 'KILL');
      expect(await ground.run(STEM, hook('exit 5'))).toMatchObject({ exit: { code: 5 } });
    });
  });
});

describe('a hook that prints 100 MB', () => {
  beforeEach(() => {
    ground = new LaunchGround('dash');
  });
  const LOUD = 'yes 0123456789abcde | head -c 104857600; printf end; exit 6';

  it('has it all in the log', async () => {
    expect(await ground.run(STEM, hook(LOUD))).toMatchObject({ exit: { code: 6 } });
    expect(fs.statSync(log().path).size).toBe(104_857_603);
    expect(ground.system.readTail(log().path, 5)).toBe('e\nend');
  });

  it('costs the daemon 4 KiB where it is captured', async () => {
    const { id } = ground.launch(STEM, hook(LOUD, { stdout: 'capture' }), { capture: true });
    expect(await ground.ended(STEM, id)).toMatchObject({ exit: { code: 6 } });
    const text = ground.files.readOutput(STEM, id);
    expect(text).toHaveLength(4096);
    expect(text.endsWith('abcde\nend')).toBe(true);
    ground.files.forget(STEM, id);
    expect(fs.readdirSync(`${ground.runs}/launch`)).toEqual([]);
  });
});
