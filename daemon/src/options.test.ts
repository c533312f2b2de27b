import { afterEach, describe, expect, test, vi } from 'vitest';
import { parseOptions } from './options.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

const run = (...argv: string[]) => parseOptions(argv, '1.2.3');

describe('the command line of procmand', () => {
  test.each([[['-d', '/f.toml']], [['run', '-d', '/f.toml']], [['run', '/f.toml', '-d']], [['-c', '/f.toml', '-d']]])(
    '%j',
    (argv) => {
      expect(run(...argv)).toMatchObject({ kind: 'run', options: { config: '/f.toml', daemonize: true } });
    },
  );

  test.each([['--help'], ['-h'], ['help'], ['run --help']])('%s lists all options', (line) => {
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    expect(run(...line.split(' '))).toEqual({ kind: 'done', exitCode: 0 });
    const text = write.mock.calls.map(([chunk]) => String(chunk)).join('');
    for (const option of ['--config', '--daemonize', '--state-dir', '--on-exit', '--last-good', '--version']) {
      expect(text).toContain(option);
    }
  });

  test.each(['-k', '--no-cleanup', '--nocleanup'])('%s keeps the logs of what is gone', (flag) => {
    expect(run(flag)).toMatchObject({ kind: 'run', options: { overrides: { noCleanup: true } } });
  });

  test('the configuration says whether they are kept where no flag does', () => {
    expect(run('/f.toml')).not.toHaveProperty('options.overrides.noCleanup');
  });

  test('an unknown option is a usage error', () => {
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    expect(run('--bogus')).toEqual({ kind: 'done', exitCode: 2 });
  });
});
