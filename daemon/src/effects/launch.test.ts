import { spawn, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LaunchGround, SHELLS, until } from './launch-ground.ts';
import script from './launch.sh';
import { closeInheritedDescriptors } from './inherited-descriptors.ts';
import { signalName } from './signals.ts';

const KEY = 'web~0';
const isRoot = process.getuid?.() === 0;

describe('launch.sh', () => {
  it('passes shellcheck, and so does the text of its child', () => {
    const child = /child='\n(.*?)\n {2}'\n/s.exec(script)?.[1];
    const beforeTerminal = /setsid sh -c '\n(.*?)\n {4}' sh /s.exec(script)?.[1];
    const withinTerminal = /exec script -qefc "\n(.*?)\n {6}" /s
      .exec(beforeTerminal ?? '')?.[1]
      ?.replaceAll('\\"', '"');
    const inner = [child, beforeTerminal, withinTerminal?.replaceAll('\\$', '$')].map((text) => {
      expect(text).toBeDefined();
      return `#!/bin/sh\n# shellcheck disable=SC2086,SC1090,SC2154\n${text!}\n`;
    });
    for (const text of [script, ...inner]) {
      const { stdout, status, error } = spawnSync('shellcheck', ['-s', 'sh', '-'], { input: text, encoding: 'utf8' });
      expect(error).toBeUndefined();
      expect(stdout).toBe('');
      expect(status).toBe(0);
    }
  });

  it('is one block that ends the shell, so that nothing is read on after it', () => {
    const code = script.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(code[0]).toBe('{');
    expect(code.slice(-2)).toEqual(['  exit 0', '}']);
  });
});

describe.each(SHELLS)('launch.sh under %s', (shell) => {
  let ground: LaunchGround;
  beforeEach(() => {
    ground = new LaunchGround(shell);
  });
  afterEach(() => ground.dispose());

  describe('the exit file', () => {
    it('tells every exit code', async () => {
      await inBatches(range(0, 255), async (code) => {
        expect(await ground.run(`c~${code}`, ground.plan(`exit ${code}`))).toMatchObject(
          // Shells are silent for INT and PIPE, so these two cannot be told apart from the signals.
          code === 130 || code === 141
            ? { kind: 'ended', exit: { kind: 'signal', signal: signalName(code - 128) } }
            : { kind: 'ended', exit: { kind: 'code', code } },
        );
      });
    });

    it('tells every deadly signal', async () => {
      const harmless = ['CHLD', 'CONT', 'STOP', 'TSTP', 'TTIN', 'TTOU', 'URG', 'WINCH'];
      const deadly = [...range(1, 31), ...range(34, 64)].filter((number) => !harmless.includes(signalName(number)));
      await inBatches(deadly, async (number) => {
        const exit = await ground.run(`s~${number}`, ground.plan(`ulimit -c 0; kill -${number} $$; sleep 9`));
        expect(exit).toMatchObject({ kind: 'ended', exit: { kind: 'signal', signal: signalName(number) } });
      });
    });

    it('is not misled by what the service writes or by children that die of signals', async () => {
      const exit = await ground.run(
        KEY,
        ground.plan('echo Killed >&2; (kill -9 $(exec sh -c "echo \\$PPID")); exit 137'),
      );
      expect(exit).toMatchObject({ exit: { kind: 'code', code: 137 } });
    });

    it('is left alone by a launcher that comes twice', async () => {
      const first = ground.launch(KEY, ground.plan('exit 7'));
      await ground.ended(KEY, first.id);
      const again = ground.start(KEY, first.id);
      await gone(again);
      expect(ground.exitText(KEY, first.id)).toBe('exit 7 end');
    });

    it('is not made anew where nobody waits for it', async () => {
      const held = ground.hold('flock');
      const { id, launcher } = ground.launch(KEY, ground.plan('exit 0'));
      await held.reached();
      expect(ground.files.voidIntent(KEY, id)).toBe('voided');
      ground.files.forget(KEY, id);
      held.release();
      await gone(launcher);
      expect(ground.files.launches()).toEqual([]);
    });
  });

  describe('refuses', () => {
    it('while the lock is held', async () => {
      const lock = `${ground.runs}/lock/${KEY}`;
      const holder = spawn('flock', [lock, 'sleep', '30'], { stdio: 'ignore' });
      await until('the lock', () => (fs.existsSync(lock) && ground.files.probeLock(KEY) === 'held') || undefined);
      const { id } = ground.launch(KEY, ground.plan('exit 0'));
      await ground.ended(KEY, id);
      expect(ground.exitText(KEY, id)).toBe('refused lock end');
      expect(ground.files.voidIntent(KEY, id)).toBe('voided');
      process.kill(holder.pid!, 'SIGTERM');
    });

    it('when the lock file was replaced', async () => {
      const held = ground.hold('flock');
      const { id } = ground.launch(KEY, ground.plan('exit 0'));
      await held.reached();
      fs.unlinkSync(`${ground.runs}/lock/${KEY}`);
      fs.writeFileSync(`${ground.runs}/lock/${KEY}`, '');
      held.release();
      await ground.ended(KEY, id);
      expect(ground.exitText(KEY, id)).toBe('refused replaced end');
    });

    it('while the process on record lives, though its launcher was killed', async () => {
      const { launcher } = ground.launch(KEY, ground.plan('exec sleep 60'));
      const record = await recorded();
      launcher.kill('SIGKILL');
      await gone(launcher);
      // The child lets go of it just after its record.
      await until('the lock to be free', () => ground.files.probeLock(KEY) === 'free' || undefined);
      expect(ground.system.stat(record.process.pid)).toMatchObject({
        startTicks: record.process.startTicks,
        ended: false,
      });

      const second = ground.launch(KEY, ground.plan('exit 0'));
      await ground.ended(KEY, second.id);
      expect(ground.exitText(KEY, second.id)).toBe('refused alive end');
      expect(ground.files.readRecord(KEY)).toEqual(record);

      // Gone, or a zombie that nobody has fetched: no longer alive.
      ground.system.kill(record.process.pid, 'KILL');
      expect(await ground.run(KEY, ground.plan('exit 3'))).toMatchObject({ exit: { code: 3 } });
    });

    const recordOf = (pid: number): string[] => {
      const { startTicks } = ground.system.stat(pid)!;
      const where = [ground.system.bootId(), ground.system.pidNamespace()];
      return [pid, startTicks, 'L0', ...where, 1, 1].map(String);
    };
    const putOnRecord = (...words: string[]): void =>
      fs.writeFileSync(`${ground.runs}/record/${KEY}`, `${[...words, 'end'].join(' ')}\n`);

    it.each([
      ['another start time', (record: string[]) => (record[1] = '1')],
      ['another boot', (record: string[]) => (record[3] = 'other')],
      ['another pid namespace', (record: string[]) => (record[4] = 'pid:[1]')],
      ['no end', (record: string[]) => record.push('x')],
    ])('but not for a record of %s', async (_what, change) => {
      const once = recordOf(process.pid);
      for (const record of [once, [...once, ...once]]) {
        putOnRecord(...record);
        expect(await ground.run(KEY, ground.plan('exit 0'))).toMatchObject({ why: 'refused', text: 'alive' });
      }
      change(once);
      for (const record of [once, [...once, ...once]]) {
        putOnRecord(...record);
        expect(await ground.run(KEY, ground.plan('exit 0'))).toMatchObject({ kind: 'ended' });
      }
    });

    it('but not for a damaged record, of which nobody knows whom it names', async () => {
      const right = recordOf(process.pid);
      for (let at = 0; at < right.length; at += 1) {
        const wrong = right.with(at, `${right[at]!}0`);
        for (const record of [
          [...right, ...wrong],
          [...wrong, ...right],
        ]) {
          putOnRecord(...record);
          expect([at, await ground.run(KEY, ground.plan('exit 0'))]).toMatchObject([at, { kind: 'ended' }]);
        }
      }
    });

    it('no launch for ever: a pipe in the place of the record or of the lock holds nobody up', async () => {
      expect(spawnSync('mkfifo', [`${ground.runs}/lock/pipe~0`]).status).toBe(0);
      const { id } = ground.launch('pipe~0', ground.plan('exit 0'));
      expect(await ground.ended('pipe~0', id)).toMatchObject({ text: 'lock cannot open the lock file' });
      const held = ground.hold('flock');
      const second = ground.launch(KEY, ground.plan('exit 4'));
      await held.reached();
      spawnSync('mkfifo', [`${ground.runs}/record/${KEY}`]);
      held.release();
      expect(await ground.ended(KEY, second.id)).toMatchObject({ exit: { code: 4 } });
    });

    it('what was voided while it was frozen', async () => {
      const held = ground.hold('flock');
      const { id, launcher } = ground.launch(KEY, ground.plan('exit 0'));
      await held.reached();
      launcher.kill('SIGSTOP');
      held.release();
      expect(ground.files.voidIntent(KEY, id)).toBe('voided');
      launcher.kill('SIGCONT');
      await ground.ended(KEY, id);
      expect(ground.exitText(KEY, id)).toBe('refused void end');
      expect(fs.existsSync(`${ground.root}/out`)).toBe(false);
      expect(ground.files.readRecord(KEY)).toBeUndefined();
    });
  });

  describe('says what failed', () => {
    it.each<[string, RegExp, Parameters<LaunchGround['plan']>[1]]>([
      [
        'a log folder that is missing',
        /^failed stdout cannot append to \/nowhere\/out end$/,
        { stdout: { path: '/nowhere/out', auto: false } },
      ],
      [
        'an error log that is a folder',
        /^failed stderr cannot append to \/tmp end$/,
        { stderr: { path: '/tmp', auto: false } },
      ],
      ['a missing work-dir', /^failed cd cannot change to \/nowhere end$/, { workDir: '/nowhere' }],
      ['a missing program', /^failed exec \/bin\/nothing: not found end$/, { argv: ['/bin/nothing'] }],
      ['a missing program in PATH', /^failed exec nothing: not found in PATH end$/, { argv: ['nothing'] }],
      ['a builtin that is no file', /^failed exec export: not found in PATH end$/, { argv: ['export', 'A=1'] }],
      ['a file that may not be executed', /^failed exec \/etc\/passwd: not executable end$/, { argv: ['/etc/passwd'] }],
      ['a folder as program', /^failed exec \/etc: is a directory end$/, { argv: ['/etc'] }],
      ['no program', /^failed exec : not found end$/, { argv: [] }],
      ['an impossible character', /^failed plan a value holds a NUL character end$/, { argv: ['/bin/echo', '\0'] }],
    ])('%s', async (_what, text, change) => {
      const { id } = ground.launch(KEY, ground.plan('exit 0', change));
      await ground.ended(KEY, id);
      expect(ground.exitText(KEY, id)).toMatch(text);
    });

    it('an interpreter that is missing', async () => {
      const program = `${ground.root}/program`;
      fs.writeFileSync(program, '#!/no/such/interpreter\n', { mode: 0o755 });
      const exit = await ground.run(KEY, ground.plan('', { argv: [program] }));
      expect(exit).toMatchObject({ kind: 'not-started', why: 'failed' });
      expect(JSON.stringify(exit)).toMatch(/exec .*cannot be executed/);
    });

    it('a symbolic link in place of an auto log', async () => {
      fs.symlinkSync('/etc/passwd', `${ground.root}/out`);
      const exit = await ground.run(KEY, ground.plan('exit 0', { stdout: { path: `${ground.root}/out`, auto: true } }));
      expect(exit).toMatchObject({ why: 'failed', text: `stdout ${ground.root}/out is a symbolic link` });
    });

    it('a plan that is gone', async () => {
      const held = ground.hold('setsid');
      const { id } = ground.launch(KEY, ground.plan('exit 0'));
      await held.reached();
      fs.unlinkSync(`${ground.runs}/launch/${KEY}.${id}.plan`);
      held.release();
      expect(await ground.ended(KEY, id)).toMatchObject({ why: 'failed', text: 'plan cannot read the plan' });
    });

    it('a run record that cannot be written: nothing runs', async () => {
      fs.mkdirSync(`${ground.runs}/record/${KEY}/x`, { recursive: true });
      fs.chmodSync(`${ground.runs}/record/${KEY}`, 0o700);
      const held = ground.hold('mv', '[ "${2##*.}" = record ]');
      const { id } = ground.launch(KEY, ground.plan('exit 0'));
      await held.reached();
      fs.rmSync(`${ground.runs}/record`, { recursive: true });
      held.release();
      expect(await ground.ended(KEY, id)).toMatchObject({ why: 'failed', text: 'record cannot write the run record' });
      expect(fs.existsSync(`${ground.root}/out`)).toBe(false);
      ground.files.makeDirectories();
    });

    it('a folder in the place of the run record: nothing runs, and nothing is put into it', async () => {
      const folder = `${ground.runs}/record/${KEY}`;
      const held = ground.hold('mv', '[ "${2##*.}" = record ]');
      const { id } = ground.launch(KEY, ground.plan('exit 0'));
      await held.reached();
      fs.mkdirSync(folder);
      held.release();
      expect(await ground.ended(KEY, id)).toMatchObject({ why: 'failed', text: 'record cannot write the run record' });
      expect(fs.readdirSync(folder)).toEqual([]);
      expect(fs.existsSync(`${ground.root}/out`)).toBe(false);
      await until('the lock to be free', () => ground.files.probeLock(KEY) === 'free' || undefined);
      // The next launch puts it out of the way.
      expect(await ground.run(KEY, ground.plan('exit 5'))).toMatchObject({ exit: { code: 5 } });
    });

    it('a folder in the place of the claim: nothing runs, and the launch can be taken back', async () => {
      const held = ground.hold('flock');
      const { id, launcher } = ground.launch(KEY, ground.plan('exit 0'));
      await held.reached();
      fs.mkdirSync(`${ground.runs}/launch/${KEY}.${id}.claimed`);
      held.release();
      await gone(launcher);
      expect(fs.existsSync(`${ground.root}/out`)).toBe(false);
      expect(ground.exitText(KEY, id)).toBe('failed claim cannot rename the intent end');
      expect(ground.files.voidIntent(KEY, id)).toBe('voided');
    });

    it.each(['setsid', 'flock'])('%s that is missing', async (tool) => {
      fs.writeFileSync(`${ground.root}/bin/${tool}`, '#!/bin/dash\necho not found >&2; exit 127\n', { mode: 0o755 });
      expect(await ground.run(KEY, ground.plan('exit 0'))).toMatchObject({ kind: 'not-started', why: 'failed' });
    });

    it('but a service that ends with the same code is told as ended', async () => {
      expect(await ground.run(KEY, ground.plan('exit 125'))).toMatchObject({ exit: { code: 125 } });
      expect(await ground.run(KEY, ground.plan('exit 127'))).toMatchObject({ exit: { code: 127 } });
    });
  });

  describe('keeps the lock until the record is in place', () => {
    it('also when the launcher is killed before', async () => {
      const held = ground.hold('mv', '[ "${2##*.}" = record ]');
      const { id, launcher } = ground.launch(KEY, ground.plan('exec sleep 60'));
      await held.reached();
      launcher.kill('SIGKILL');
      await gone(launcher);
      expect(ground.files.voidIntent(KEY, id)).toBe('claimed');
      expect(ground.files.readRecord(KEY)).toBeUndefined();
      expect(ground.files.probeLock(KEY)).toBe('held');
      held.release();
      const record = await recorded();
      expect(record).toMatchObject({ launchId: id, launcher: { pid: launcher.pid } });
      await until('the lock to be free', () => ground.files.probeLock(KEY) === 'free' || undefined);
      expect(ground.files.readExit(KEY, id)).toEqual({ kind: 'pending' });
    });
  });

  describe('the launcher', () => {
    it('comes to its end also where pipes were put in the place of its files', async () => {
      const { launcher, id } = ground.launch(KEY, ground.plan('read -r line <fifo', { workDir: fifo(ground.root) }));
      const { process: main } = await recorded();
      await until('exec', () => ground.system.commandLine(main.pid).includes('<fifo') || undefined);
      for (const path of [`exit/${KEY}.${id}`, `launch/${KEY}.${id}.why`]) {
        fs.rmSync(`${ground.runs}/${path}`);
        expect(spawnSync('mkfifo', [`${ground.runs}/${path}`]).status).toBe(0);
      }
      fs.writeFileSync(`${ground.root}/fifo`, '\n');
      await gone(launcher);
      expect(ground.files.probeLock(KEY)).toBe('free');
    });

    it('holds the lock as long as the service runs, and is a process of its own session', async () => {
      const { launcher, id } = ground.launch(
        KEY,
        ground.plan('read -r line <fifo; exit 4', { workDir: fifo(ground.root) }),
      );
      const { process: main } = await recorded();
      await until('exec', () => ground.system.commandLine(main.pid).includes('<fifo') || undefined);
      expect(ground.files.probeLock(KEY)).toBe('held');
      expect(ground.system.stat(main.pid)).toMatchObject({ session: main.pid, processGroup: main.pid });
      expect(ground.system.stat(launcher.pid!)).toMatchObject({ session: launcher.pid });
      expect(ground.system.marks(launcher.pid!)).toEqual({ launcher: `ground/${KEY}/${id}` });
      expect(ground.system.marks(main.pid)).toEqual({});
      expect(ground.system.commandLine(launcher.pid!)).not.toContain('fifo');

      // Signals meant for others, and a script changed under its feet, do not disturb it.
      for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGUSR1'] as const) launcher.kill(signal);
      fs.writeFileSync(ground.script, 'echo changed; exit 99\n'.repeat(500));
      fs.writeFileSync(`${ground.root}/fifo`, '\n');
      expect(await ground.ended(KEY, id)).toMatchObject({ exit: { code: 4 } });
    });

    it('lets a service be launched again at once', async () => {
      for (let round = 0; round < 10; round += 1) {
        expect(await ground.run(KEY, ground.plan(`exit ${round}`))).toMatchObject({ exit: { code: round } });
      }
    });
  });

  describe('the service', () => {
    it('starts with clean signals, three descriptors and nothing on stdin', async () => {
      closeInheritedDescriptors();
      await ground.run(KEY, ground.plan('', { argv: ['/bin/grep', '^Sig[BI]', '/proc/self/status'] }));
      const masks = [...output().matchAll(/^(Sig\w+):\s*(\w+)$/gm)].map(([, name, mask]) => [name, Number(mask)]);
      expect(masks).toEqual(['SigBlk', 'SigIgn'].map((name) => [name, 0]));
      fs.unlinkSync(`${ground.root}/out`);
      await ground.run(KEY, ground.plan('', { argv: ['/bin/ls', '-l', '/proc/self/fd'] }));
      const open = [...output().matchAll(/ (\d+) -> (.*)$/gm)].map(([, fd, to]) => `${fd!} ${to!}`);
      expect(open.slice(0, 3)).toEqual(['0 /dev/null', `1 ${ground.root}/out`, `2 ${ground.root}/out`]);
      expect(open.slice(3)).toEqual([expect.stringMatching(/^3 \/proc\/\d+\/fd$/)]);
    });

    it('gets umask, priority, work-dir and environment as planned, and no protection from the OOM killer', async () => {
      const details = { umask: 0o027, nice: 5, environment: { PATH: '/usr/bin:/bin', LD_PRELOAD: '' } };
      const wasProtected = protectFromOom(-5);
      await ground.run(
        KEY,
        ground.plan(
          'umask; nice; pwd -P; cat /proc/self/oom_score_adj; tr "\\0" "\\n" </proc/$$/environ | sort',
          details,
        ),
      );
      if (wasProtected) protectFromOom(0);
      const lines = output()
        .trim()
        .split('\n')
        .filter((line) => !/^(SHLVL|_)=/.test(line));
      expect(lines).toEqual(['0027', '5', fs.realpathSync(ground.root), '0', 'LD_PRELOAD=', 'PATH=/usr/bin:/bin']);
    });

    it('cannot touch the launcher with its environment', async () => {
      const environment = {
        PATH: '/nowhere',
        IFS: 'x',
        LD_PRELOAD: '/nowhere.so',
        stem: 'x',
        dir: '/',
        code: '9',
        ENV: '/etc/passwd',
      };
      const exit = await ground.run(KEY, ground.plan('exit 6', { environment }));
      expect(exit).toMatchObject({ exit: { code: 6 } });
      const failing = await ground.run(KEY, ground.plan('', { environment, argv: ['/etc/passwd'] }));
      expect(failing).toMatchObject({ why: 'failed' });
    });
  });

  describe('limits and users', () => {
    it('sets all limits at once, a started second as a whole one', async () => {
      const limits = { nofile: 99, core: 0, memory: 2 ** 30, cpu: 1_500 };
      await ground.run(KEY, ground.plan('', { limits, argv: ['/bin/cat', '/proc/self/limits'] }));
      const row = (name: string): string[] | undefined =>
        output().split('\n').find((line) => line.startsWith(name))?.slice(26).trim().split(/\s+/).slice(0, 2); // prettier-ignore
      const names = ['Max open files', 'Max core file size', 'Max address space', 'Max cpu time'];
      expect(names.map(row)).toEqual([['99', '99'], ['0', '0'], ['1073741824', '1073741824'], ['2', '2']]); // prettier-ignore
    });

    it('says which limits could not be set', async () => {
      const limits = { nofile: 2 ** 31 };
      expect(await ground.run(KEY, ground.plan('exit 0', { limits }))).toMatchObject({
        why: 'failed',
        text: expect.stringContaining('limits cannot set the limits (nofile 2147483648)') as unknown,
      });
    });

    const account = { uid: 65534, gid: 65533, initGroups: false };
    const environment = { PATH: '/usr/bin:/bin', A: "it's", LD_PRELOAD: '', stem: 'x' };

    it.runIf(isRoot)('becomes the user, with what is left of root on no descriptor', async () => {
      closeInheritedDescriptors();
      fs.chmodSync(ground.root, 0o700);
      const line = 'id -u; id -g; id -G; umask; pwd; echo "$A"; ls /proc/$$/fd';
      const exit = await ground.run(KEY, ground.plan(line, { account, environment, umask: 0o27, nice: 3 }));
      expect(exit).toMatchObject({ exit: { code: 0 } });
      const lines = output().trimEnd().split('\n');
      const who = ['65534', '65533', '65533'];
      expect(lines).toEqual([...who, '0027', ground.root, "it's", '0', '1', '2']);
    });

    it.runIf(isRoot)('tells exit code, signal, and what the user may not execute', async () => {
      const ends = async (line: string) => ground.run(KEY, ground.plan(line, { account }));
      expect(await ends('exit 127')).toMatchObject({ exit: { code: 127 } });
      expect(await ends('kill -9 $$')).toMatchObject({ exit: { signal: 'KILL' } });
      fs.chmodSync(ground.root, 0o711);
      fs.writeFileSync(`${ground.root}/private`, '#!/bin/sh\n', { mode: 0o700 });
      fs.writeFileSync(`${ground.root}/broken`, '#!/no/such/interpreter\n', { mode: 0o755 });
      const fails = async (argv: string[]) => ground.run(KEY, ground.plan('', { account, argv }));
      expect(await fails([`${ground.root}/private`])).toMatchObject({ why: 'failed', text: expect.stringContaining('not executable') as unknown }); // prettier-ignore
      expect(await fails([`${ground.root}/broken`])).toMatchObject({ why: 'failed', text: expect.stringContaining('cannot be executed') as unknown }); // prettier-ignore
    });

    it.runIf(isRoot)('opens a log as the user where that is asked for', async () => {
      const stdout = { path: `${ground.root}/of-root`, auto: false, byUser: true };
      const { why, text } = (await ground.run(KEY, ground.plan('exit 0', { account, stdout }))) as { why?: string; text?: string }; // prettier-ignore
      expect([why, text]).toEqual(['failed', `stdout cannot append to ${ground.root}/of-root`]);
    });
  });

  it.runIf(isRoot)('tells the status on a full disk', async () => {
    const folder = fs.mkdtempSync(`${tmpdir()}/procman-full-`);
    expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', folder]).status).toBe(0);
    try {
      const full = new LaunchGround(shell, folder);
      fifo(folder);
      const killed = full.launch('killed~0', full.plan('read -r line <fifo; kill -9 $$', { stdout: null }));
      const ending = full.launch('ending~0', full.plan('read -r line <fifo; exit 9', { stdout: null }));
      for (const key of ['killed~0', 'ending~0']) {
        await until(key, () => {
          const record = full.files.readRecord(key);
          return (record && full.system.commandLine(record.process.pid).includes('fifo')) || undefined;
        });
      }
      expect(() => fs.writeFileSync(`${folder}/fill`, Buffer.alloc(2 ** 20))).toThrow('ENOSPC');
      const writer = fs.openSync(`${folder}/fifo`, 'w');
      fs.writeSync(writer, '\n\n');
      expect(await full.ended('killed~0', killed.id)).toMatchObject({ exit: { signal: 'KILL' } });
      expect(await full.ended('ending~0', ending.id)).toMatchObject({ exit: { code: 9 } });
      fs.closeSync(writer);
      await Promise.all([gone(killed.launcher), gone(ending.launcher)]);
    } finally {
      spawnSync('umount', ['-l', folder]);
      fs.rmdirSync(folder);
    }
  });

  const output = (): string => fs.readFileSync(`${ground.root}/out`, 'utf8');
  const recorded = async () => until('the run record', () => ground.files.readRecord(KEY));
});

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

async function inBatches<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let at = 0; at < items.length; at += 16) await Promise.all(items.slice(at, at + 16).map(work));
}

async function gone(launcher: ReturnType<LaunchGround['start']>): Promise<void> {
  await until('the launcher to end', () => launcher.exitCode ?? launcher.signalCode ?? undefined);
}

function fifo(folder: string): string {
  expect(spawnSync('mkfifo', [`${folder}/fifo`]).status).toBe(0);
  return folder;
}

/** Needs CAP_SYS_RESOURCE, which root in a container may lack. */
function protectFromOom(score: number): boolean {
  try {
    fs.writeFileSync('/proc/self/oom_score_adj', String(score));
    return true;
  } catch {
    return false;
  }
}
