import { clientExit } from '@procman/protocol/exit-codes';
import { basename, dirname, join, resolve } from 'node:path';
import type { Backups } from '../backups.ts';
import type { Command } from '../command.ts';
import { UsageError } from '../failure.ts';
import { printable } from '../text/width.ts';

type Plan = ReturnType<Backups['nextStart']>;

export const restore: Command = {
  name: 'restore',
  summary: 'bring back what "backup" saved, and show what the next start would do; starts and stops nothing',
  operands: [{ label: 'FILE', kind: 'file' }],
  options: [
    {
      long: 'config-dir',
      value: 'DIR',
      valueKind: 'file',
      summary: 'put the configuration into DIR, not where it was',
    },
    { long: 'state-dir', value: 'DIR', valueKind: 'file', summary: 'put the state into DIR, not where it was' },
    { long: 'outside', summary: "also write files that lie outside of the configuration's folder" },
    { long: 'force', summary: 'replace what is there; it is set aside' },
  ],
  details: [
    'All of the archive is checked before anything is changed. Refused while a daemon of that uid or state folder runs: "shutdown --leave-running" ends it without its services.',
    'Holds hold again, and a one-shot that ran does not run again. Nothing is taken as living because the backup says so: the next daemon looks for itself. Runs, locks and logs of services are not touched.',
  ],
  examples: [
    'restore procman.toml.tar.gz',
    'restore shop.tar.gz --config-dir /etc/shop --state-dir /var/lib/procman/shop',
  ],
  run: async (context, given) => {
    const { read, restore: bringBack, nextStart } = await context.io.backups();
    if (['socket', 'uid', 'config'].some((name) => given.values.has(name)))
      throw new UsageError(
        'restore: the backup says whose it is: take -s, -u and -c out; see --config-dir and --state-dir',
      );
    const file = resolve(given.operands[0] ?? '');
    const archive = read(file);
    const { manifest } = archive;
    const configDir = resolve(given.values.get('config-dir') ?? dirname(manifest.config));
    const stateDir = resolve(given.values.get('state-dir') ?? manifest.stateDir);
    const { surroundings, io } = context;
    const done = bringBack(file, archive, {
      configDir,
      stateDir,
      surroundings,
      now: io.now(),
      force: given.switches.has('force'),
      outside: given.switches.has('outside'),
    });
    const config = join(configDir, basename(manifest.config));
    const plan = nextStart(manifest.uid, config, stateDir);
    const { uid, at, host } = manifest;
    const setAside = [...done.setAside];
    context.print({ uid, at, host, config, stateDir, written: done.written, setAside, plan }, () => {
      const lines = [
        ...setAside.map(({ path, to }) => `set aside: ${path} is now ${to}`),
        `restored uid ${uid} as of ${at} (${printable(host)}): ${config}, state in ${stateDir}`,
        ...planLines(plan),
      ];
      return lines.map((line) => `${line}\n`).join('');
    });
    return plan.ok ? clientExit.ok : clientExit.config;
  },
};

const WORDS = {
  start: 'would start',
  stop: 'would stop',
  adopt: 'would go on with',
  wait: 'would leave',
  blocked: 'would block',
};

function planLines(plan: Plan): readonly string[] {
  if (!plan.ok) return ['the configuration cannot be loaded here, so there is no plan yet:', ...plan.problems];
  return [
    ...plan.notes,
    'the next start of the daemon:',
    ...plan.steps.map(({ name, action, why }) => `  ${WORDS[action]} ${printable(name)}: ${printable(why)}`),
    `nothing was started or stopped; start the daemon with: ${plan.command}`,
  ];
}
