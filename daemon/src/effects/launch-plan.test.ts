import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SHELLS } from './launch-ground.ts';
import { groundOf, hookPlan, planText, quote, type LaunchPlan } from './launch-plan.ts';

let folder: string;
beforeAll(() => {
  folder = fs.mkdtempSync(`${tmpdir()}/procman-plan-`);
  for (const shell of SHELLS) {
    const { stdout } = spawnSync('which', [shell], { encoding: 'utf8' });
    fs.mkdirSync(`${folder}/${shell}`);
    fs.symlinkSync(stdout.trim(), `${folder}/${shell}/sh`);
  }
});
afterAll(() => fs.rmSync(folder, { recursive: true }));

const nasty = fc.oneof(
  fc.string({ unit: 'binary' }).filter((text) => !/[\0\ud800-\udfff]/.test(text)),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom(
    "'",
    "''",
    '\n',
    '$HOME',
    '`id`',
    '$(id)',
    '\\',
    '-n',
    '*',
    '~',
    'a\n\n',
    '\x81\x82\x88',
    'ā',
    '!',
    '"',
  ),
);
const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/);
const owned = fc.constantFrom(
  'UID',
  'PPID',
  'RANDOM',
  'OPTIND',
  'LINENO',
  'SHELLOPTS',
  'IFS',
  'dir',
  'stem',
  'PWD',
  'LC_ALL',
  'ENV',
);
const environments = fc.dictionary(fc.oneof(name, owned), nasty).filter((each) => !('PATH' in each));

describe.each(SHELLS)('a plan under %s', (shell) => {
  /** What a program wrote that was run by a plan. */
  const run = (argv: string[], environment: Record<string, string>): string => {
    const out = `${folder}/out`;
    fs.rmSync(out, { force: true });
    const text = planText({ argv, workDir: folder, environment, stdout: { path: out, auto: true }, stderr: null });
    fs.writeFileSync(`${folder}/plan`, text);
    const child = ['-c', '. "$3"', 'sh', `${folder}/exit`, '', `${folder}/plan`];
    const { status } = spawnSync(`${folder}/${shell}/sh`, child, { env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' } });
    expect(status).toBe(0);
    return fs.readFileSync(out, 'utf8');
  };

  /** bash adds two variables that describe itself, unless they are set. */
  const environmentSeen = (environment: Record<string, string>): Record<string, string> => {
    const entries = run(['/usr/bin/env', '-0'], environment).split('\0').slice(0, -1);
    const pairs = entries.map((entry) => [entry.split('=', 1)[0]!, entry.slice(entry.indexOf('=') + 1)] as const);
    return Object.fromEntries(pairs.filter(([key]) => key in environment || (key !== '_' && key !== 'SHLVL')));
  };

  it('is not disturbed by the ground on its first line', () => {
    fc.assert(
      fc.property(nasty, (value) => {
        const workDir = `/nowhere/${value}`;
        const text = planText({ argv: ['/bin/true'], workDir, environment: { V: value }, stdout: null, stderr: null });
        const [line] = text.split('\n', 1);
        fs.writeFileSync(`${folder}/plan`, `${line!}\nprintf done\n`);
        const { stdout, stderr } = spawnSync(`${folder}/${shell}/sh`, ['-c', '. "$1"', 'sh', `${folder}/plan`], {
          env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
          encoding: 'utf8',
        });
        expect({ stdout, stderr }).toEqual({ stdout: 'done', stderr: '' });
      }),
    );
  });

  it('hands over arguments exactly', () => {
    fc.assert(
      fc.property(fc.array(nasty, { minLength: 1 }), (args) => {
        expect(
          run(['/usr/bin/printf', '%s\\0', ...args], {})
            .split('\0')
            .slice(0, -1),
        ).toEqual(args);
      }),
    );
  });

  it('hands over the environment exactly', () => {
    fc.assert(
      fc.property(environments, (environment) => {
        expect(environmentSeen(environment)).toEqual(environment);
      }),
    );
  });

  it('leaves out what is no shell variable, and what the launcher has', () => {
    expect(environmentSeen({ 'a.b': '1', 'A-B': '2', '1A': '3', A: '4' })).toEqual({ A: '4' });
  });

  it('finds programs in the PATH of the service, by their bare name', () => {
    const bin = `${folder}/bin of ${shell}'s`;
    fs.mkdirSync(bin);
    // Named like a builtin: the file counts.
    fs.symlinkSync('/bin/dash', `${bin}/printf`);
    expect(run(['printf', '-c', 'echo "$0" $dir', 'x'], { PATH: `/nowhere:${bin}` })).toBe('x\n');
    expect(run(['dash', '-c', 'echo "$0" $dir', 'x'], { dir: 'd' })).toBe('x d\n');
  });
});

describe('planText', () => {
  const plan: LaunchPlan = { argv: ['/bin/true'], workDir: '/', environment: {}, stdout: null, stderr: null };

  it('is never cut by what is in it', () => {
    expect(quote("it's")).toBe("'it'\\''s'");
    const text = planText({ ...plan, argv: [`/bin/${'x'.repeat(1000)}\n\x1b[31m`] });
    const failures = text.split('\n').filter((line) => line.startsWith('set -- "$1"'));
    for (const line of failures) expect(line.length).toBeLessThan(500);
  });

  it('tells its ground on its first line, whatever the values hold', () => {
    const values = fc.oneof(nasty, fc.string({ unit: 'binary' }));
    const ground = fc.record(
      {
        workDir: values,
        environment: fc.dictionary(fc.oneof(name, fc.constant('__proto__'), values), values, { noNullPrototype: true }),
        umask: fc.nat(0o777),
        nice: fc.integer({ min: -20, max: 19 }),
      },
      { requiredKeys: ['workDir', 'environment'] },
    );
    fc.assert(
      fc.property(ground, (each) => {
        // As the file has it: a lone surrogate is no UTF-8, and is escaped in JSON.
        const text = Buffer.from(planText({ ...plan, ...each })).toString();
        expect(groundOf(text)).toEqual(each);
      }),
    );
  });

  it.each([
    '',
    '#',
    '# ',
    '# {',
    'set -- x',
    '# null',
    '# []',
    '# "text"',
    '# {"workDir":"/"}',
    '# {"workDir":1,"environment":{}}',
    '# {"workDir":"/","environment":[]}',
    '# {"workDir":"/","environment":{"A":1}}',
    '# {"workDir":"/","environment":{},"umask":"22"}',
    '# {"workDir":"/","environment":{},"nice":1.5}',
  ])('tells no ground where there is none: %s', (text) => {
    expect(groundOf(`${text}\nexit\n`)).toBeUndefined();
  });

  it('sets umask and priority only where they are configured', () => {
    expect(planText(plan)).not.toMatch(/umask|renice/);
    expect(planText({ ...plan, umask: 0o22, nice: -5 })).toMatch(/^umask 0022 [^]*^renice -5 -p \$\$/m);
  });
});

describe('hookPlan', () => {
  const ground = {
    workDir: '/srv',
    environment: { A: '1', PROCMAN_ID: 'web', PROCMAN_RUN: 'u/web~0/L1' },
    umask: 0o27,
  };
  const log = { path: '/log', auto: true };

  it('runs sh on the ground of the run, with the mark of a hook in place of the run’s', () => {
    const plan = hookPlan(ground, {
      command: 'echo "$A"',
      environment: { A: '2', PROCMAN_HOOK: 'u/web~0.stop/L2', PROCMAN_PID: '77' },
      stdout: log,
      stderr: 'stdout',
    });
    expect(plan).toEqual({
      argv: ['/bin/sh', '-c', 'echo "$A"'],
      workDir: '/srv',
      umask: 0o27,
      environment: { A: '2', PROCMAN_ID: 'web', PROCMAN_HOOK: 'u/web~0.stop/L2', PROCMAN_PID: '77' },
      stdout: log,
      stderr: 'stdout',
    });
    expect(ground.environment.PROCMAN_RUN).toBe('u/web~0/L1');
  });
});
