import { expect, test } from 'vitest';
import { launchEnvironment } from './environment.ts';

test('services inherit everything but what is the daemon’s own', () => {
  const env = {
    PATH: '/bin',
    PWD: '/root',
    OLDPWD: '/',
    NODE_OPTIONS: '--inspect',
    NOTIFY_SOCKET: '/run/notify',
    PROCMAN_RUN: 'u/a~0/x',
    PROCMAND_COMMAND: 'procmand',
    PROCMAND_OWN: 'MALLOC_ARENA_MAX',
    MALLOC_ARENA_MAX: '1',
    MALLOC_PERTURB_: '7',
    EMPTY: '',
    SHLVL: '3',
    _: '/usr/bin/npm',
    ABSENT: undefined,
  };
  expect(launchEnvironment(env)).toEqual({ PATH: '/bin', MALLOC_PERTURB_: '7', EMPTY: '' });
});

test('what the operator has set of these goes on to the services', () => {
  expect(launchEnvironment({ MALLOC_ARENA_MAX: '4', PROCMAND_OWN: '' })).toEqual({ MALLOC_ARENA_MAX: '4' });
});
