/** A real Prometheus, from Debian's package, for one test: its own folder and port; and `promtool`. */
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { portFor } from './ports.ts';
import type { World } from './world.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));

/** One series of an answer. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Prometheus {
  /** The answer to an instant query. */
  query(expression: string): Promise<readonly Series[]>;
  /** Of any of its addresses, such as `/api/v1/rules`. */
  get<T>(path: string): Promise<T>;
}

/**
 * Runs a Prometheus while the work lasts.
 *
 * @param job - lines of the scrape job, below its `job_name: procman`
 */
export async function withPrometheus(
  world: World,
  job: readonly string[],
  work: (prometheus: Prometheus) => Promise<void>,
): Promise<void> {
  const folder = join(world.root, 'prometheus');
  mkdirSync(folder, { recursive: true });
  const port = await portFor(world, 'prometheus');
  writeFileSync(join(folder, 'prometheus.yml'), configOf(job));
  const log = openSync(join(folder, 'log'), 'a');
  const child = spawn(
    'prometheus',
    [
      `--config.file=${folder}/prometheus.yml`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { cwd: folder, env: { PATH: process.env['PATH'] }, stdio: ['ignore', log, log] },
  );
  closeSync(log);
  const ended = new Promise<string>((resolve) => {
    child.on('error', ({ message }) => resolve(message));
    child.on('exit', (code) => resolve(`ended with ${code ?? 'a signal'}`));
  });
  let end: string | undefined;
  void ended.then((how) => (end = how));
  try {
    const address = `http://127.0.0.1:${port}`;
    // On a busy machine it takes its time.
    await world.waitFor('Prometheus to be ready', async () => end !== undefined || (await fetch(`${address}/-/ready`)).ok, 60_000); // prettier-ignore
    if (end !== undefined) throw new Error(`prometheus: ${end}\n${readFileSync(join(folder, 'log'), 'utf8')}`);
    await work(clientOf(address));
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
}

function configOf(job: readonly string[]): string {
  return [
    'global:',
    '  scrape_interval: 1s',
    '  scrape_timeout: 1s',
    '  evaluation_interval: 1s',
    'rule_files:',
    `  - ${repository}etc/alerts.yml`,
    'scrape_configs:',
    '  - job_name: procman',
    ...job.map((line) => `    ${line}`),
    '',
  ].join('\n');
}

function clientOf(address: string): Prometheus {
  const get = async <T>(path: string): Promise<T> => {
    const response = await fetch(`${address}${path}`);
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
    return (JSON.parse(text) as { data: T }).data;
  };
  return {
    get,
    query: async (expression) => {
      const { result } = await get<{ result: { metric: Record<string, string>; value: [number, string] }[] }>(
        `/api/v1/query?query=${encodeURIComponent(expression)}`,
      );
      return result.map(({ metric, value: [, value] }) => ({ labels: metric, value: Number(value) }));
    },
  };
}

/** @returns what it said, with its exit code; a missing promtool is an error */
export function promtool(args: readonly string[], input = ''): { readonly code: number | null; readonly said: string } {
  const { error, status, stdout, stderr } = spawnSync('promtool', args, { input, encoding: 'utf8', cwd: repository });
  if (error !== undefined) throw error;
  return { code: status, said: `${stdout}${stderr}` };
}
