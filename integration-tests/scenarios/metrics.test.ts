/** Figures for Prometheus: what it says of them itself, and what a real one makes of a real daemon. */
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { processTable, service } from '../harness/config.ts';
import { portFor } from '../harness/ports.ts';
import { signal } from '../harness/processes.ts';
import { promtool, withPrometheus, type Prometheus } from '../harness/prometheus.ts';
import { rpcCall } from '../harness/rpc.ts';
import { describe, expect, test } from '../harness/test.ts';
import type { World } from '../harness/world.ts';

const root = new URL('../../', import.meta.url);

/** `[metrics]` stands before the processes. */
function configure(world: World, processes: readonly string[], metrics: readonly string[], daemon = ''): void {
  const table = metrics.length === 0 ? '' : `\n[metrics]\n${metrics.join('\n')}\n`;
  world.configure(processes, `${daemon}\n${table}`);
}

const listen = (port: number, host = '127.0.0.1'): string => `listen = "${host}:${port}"`;
const targets = (port: number): string => `static_configs: [{ targets: ["127.0.0.1:${port}"] }]`;

const read = (port: number, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`http://127.0.0.1:${port}/metrics`, { headers });

/** Whether nobody listens there. */
async function isFree(port: number): Promise<boolean> {
  return read(port).then(
    () => false,
    (error: unknown) => String((error as { cause?: unknown }).cause).includes('ECONNREFUSED'),
  );
}

async function valueOf(world: World, series: string): Promise<number | undefined> {
  const { stdout } = await world.ctl('metrics');
  const line = stdout.split('\n').find((each) => each.startsWith(series));
  return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ')));
}

describe('what promtool says', () => {
  test('of the figures: nothing, whatever processes are called', async ({ world }) => {
    const odd = 'a "b" \\ {c="d"} ü';
    world.configure([
      service('web', 'steady'),
      processTable(odd, 'sleep 1000'),
      processTable('once', 'exit 3', 'one-shot = true'),
      processTable('killed', 'kill -9 $$', 'autorestart = "never"'),
    ]);
    await world.startDaemon();
    await world.waitForAll('RUNNING', ['web', odd]);
    await world.waitForAll('EXITED', ['once', 'killed']);
    const { stdout, code } = await world.ctl('metrics');
    expect(code).toBe(0);
    expect(promtool(['check', 'metrics'], stdout)).toEqual({ code: 0, said: '' });
    expect(stdout).toContain(`procman_instance_exits_total{name="once",process="once",code="3",uid="${world.uid}"} 1`);
    expect(stdout).toContain(`procman_instance_last_exit_code{name="killed",process="killed",uid="${world.uid}"} 137`);
    expect(stdout).toContain('name="a \\"b\\" \\\\ {c=\\"d\\"} ü"');
  });

  test('of figures that are wrong, so that its silence means something', () => {
    const wrong = '# HELP a_count b\n# TYPE a_count counter\na_count 1\n';
    expect(promtool(['check', 'metrics'], wrong)).toMatchObject({ code: 3 });
    expect(promtool(['check', 'metrics'], 'nonsense{ 1\n').code).not.toBe(0);
  });

  test('of the alerts: they are right, and fire when they should', () => {
    expect(promtool(['check', 'rules', 'etc/alerts.yml'])).toMatchObject({ code: 0 });
    const { code, said } = promtool(['test', 'rules', 'integration-tests/prometheus/alerts.test.yml']);
    expect([code, said]).toEqual([0, expect.stringContaining('SUCCESS')]);
  });
});

describe('a real Prometheus', () => {
  test('sees states, restarts, exits, what is used, and a daemon that goes and comes back', async ({ world }) => {
    const port = await portFor(world, 'metrics');
    const processes = [
      service('web', 'steady'),
      processTable('busy', 'while :; do :; done'),
      processTable('flaps', 'sleep 0.3; exit 7', 'max-runs = 0;start-secs = 0'),
      processTable('once', 'sleep 0.2', 'one-shot = true'),
      processTable('gone', 'exit 9', 'start-retries = 0'),
    ];
    configure(world, processes, [listen(port)]);
    const daemon = await world.startDaemon();
    await withPrometheus(world, [targets(port)], async (prometheus) => {
      const one = valueIn(world, prometheus);
      await one('procman_instance_state{name="web",state="RUNNING"}', (value) => value === 1);
      await one('sum(procman_instance_state{name="web"})', (value) => value === 1);
      await one('procman_instance_verdict{name="gone",verdict="problem"}', (value) => value === 1);
      await one('procman_instance_state{name="gone",state="FATAL"}', (value) => value === 1);
      await one('increase(procman_instance_restarts_total{name="flaps"}[1m])', (value) => value > 0);
      await one('procman_instance_exits_total{name="flaps",code="7"}', (value) => value >= 2);
      await one('procman_instance_last_run_duration_seconds{name="once"}', (value) => value > 0.1 && value < 15);
      await one('procman_instance_last_start_duration_seconds{name="web"}', (value) => value >= 0.2 && value < 15);
      await one('rate(procman_instance_cpu_seconds_total{name="busy"}[1m])', (value) => value > 0.02 && value < 1.5);
      await one('procman_instance_resident_memory_bytes{name="web"}', (value) => value > 100_000);
      await one('procman_instance_open_files{name="web"}', (value) => value >= 3);
      await one('procman_instance_uptime_seconds{name="web"}', (value) => value > 0);
      await one('procman_daemon_resident_memory_bytes', (value) => value > 10_000_000);
      await one('procman_config_reloads_total{result="refused"}', (value) => value === 0);

      // What stands in the files for Prometheus and Grafana is understood.
      await world.waitFor('the alerts to be weighed', async () => {
        const { groups } = await prometheus.get<Rules>('/api/v1/rules');
        const rules = groups.flatMap((group) => group.rules);
        return rules.length > 8 && rules.every(({ health }) => health === 'ok');
      });
      const asked = expressionsOf(JSON.parse(readFileSync(new URL('etc/grafana-dashboard.json', root), 'utf8')));
      expect(asked.length).toBeGreaterThan(25);
      for (const expression of asked) await prometheus.query(expression);

      writeFileSync(world.config, 'uid = ');
      signal(daemon.pid, 'SIGHUP');
      await one('procman_config_last_reload_successful', (value) => value === 0);
      await one('procman_config_reloads_total{result="refused"}', (value) => value === 1);
      configure(world, processes, [listen(port)]);
      signal(daemon.pid, 'SIGHUP');
      await one('procman_config_last_reload_successful', (value) => value === 1);
      await one('procman_config_reloads_total{result="applied"}', (value) => value === 1);
      await one('procman_config_last_good_reload_age_seconds', (value) => value >= 0 && value < 15);
      // A reload sets nothing back.
      await one('procman_instance_exits_total{name="flaps",code="7"}', (value) => value >= 2);

      const before = await one('procman_instance_restarts_total{name="flaps"}', (value) => value > 0);
      await world.killDaemon(daemon);
      await one('up{job="procman"}', (value) => value === 0);
      await world.startDaemon();
      await one('up{job="procman"}', (value) => value === 1);
      await one('procman_instance_restarts_total{name="flaps"}', (value) => value >= before);
      await one('procman_daemon_adopted_runs', (value) => value >= 2);
      await one('changes(procman_daemon_start_time_seconds[5m])', (value) => value === 1);
    });
  });

  test('reads with a token what is open to others, and nobody does without', async ({ world }) => {
    const port = await portFor(world, 'metrics');
    const [token, file] = ['Zt5hush0123456789hush+/=', join(world.root, 'token')];
    writeFileSync(file, `${token}\n`, { mode: 0o600 });
    configure(world, [service('web', 'steady')], [listen(port, '0.0.0.0')]);
    const open = await world.ctl('check', world.config);
    expect(open.code).toBe(6);
    expect(open.stdout).toContain('others than this machine could read the figures, and there is no token-file');
    configure(world, [service('web', 'steady')], [listen(port, '0.0.0.0'), `token-file = "${file}"`]);
    const daemon = await world.startDaemon();
    await world.waitFor('an answer', async () => (await read(port)).status === 401);
    expect((await read(port, { authorization: 'Bearer wrong' })).status).toBe(401);
    expect((await read(port, { authorization: `Bearer ${token}` })).status).toBe(200);
    const job = [`authorization: { credentials_file: ${file} }`, targets(port)];
    await withPrometheus(world, job, async (prometheus) => {
      await valueIn(world, prometheus)('procman_instance_held{name="web"}', (value) => value === 0);
    });
    const told = [await world.rpc('status'), await world.rpc('plan'), await world.rpc('explain', { names: ['web'] }), await world.rpc('metrics')]; // prettier-ignore
    expect(JSON.stringify(told) + daemon.log()).not.toContain(token);
  });
});

describe('[metrics]', () => {
  test('takes effect at once with each reload, and services do not notice', async ({ world }) => {
    const [first, second] = [await portFor(world, 'first'), await portFor(world, 'second')];
    const web = [service('web', 'steady')];
    configure(world, web, []);
    await world.startDaemon();
    const pid = await world.pidOf('web');
    expect(await isFree(first)).toBe(true);
    configure(world, web, [listen(first)]);
    expect((await world.ctl('update')).stdout).toBe('[metrics] listen: takes effect now\n');
    await world.waitFor('the port', async () => (await read(first)).ok);
    configure(world, web, [listen(second)]);
    await world.ctl('update');
    await world.waitFor('the other port', async () => (await read(second)).ok);
    expect(await isFree(first)).toBe(true);
    configure(world, web, [listen(second), 'token-file = "token"']);
    expect((await world.ctl('update')).stdout).toContain('token-file: there is no such file');
    expect((await read(second)).status).toBe(200);
    writeFileSync(join(world.root, 'token'), 'Zt5hush0123456789', { mode: 0o600 });
    expect((await world.ctl('update')).stdout).toBe('[metrics] token-file: takes effect now\n');
    await world.waitFor('the token to be asked for', async () => (await read(second)).status === 401);
    configure(world, web, []);
    await world.ctl('update');
    await world.waitFor('nobody to listen', () => isFree(second));
    expect([await world.pidOf('web'), world.starts('web')]).toEqual([pid, [pid]]);
  });

  test('stops nothing where the port is in use: it is taken once it is free', async ({ world }) => {
    const port = await portFor(world, 'metrics');
    const other = createServer().listen(port, '127.0.0.1');
    await once(other, 'listening');
    configure(world, [service('web', 'steady')], [listen(port)]);
    const daemon = await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    await world.waitFor('the warning', () => daemon.log().includes(`cannot listen on 127.0.0.1:${port}: the port is in use`)); // prettier-ignore
    expect((await world.ctl('metrics')).code).toBe(0);
    other.close();
    await once(other, 'close');
    await world.waitFor('the port', async () => (await read(port)).ok);
  });

  test('is loaded by nobody who does not ask for it', async ({ world }) => {
    world.configure([service('web', 'steady')]);
    // Node tells which modules it loads.
    const daemon = await world.startDaemon({ env: { NODE_DEBUG: 'module' } });
    await world.waitForState('web', 'RUNNING');
    await world.rpc('status', { resources: true });
    expect(daemon.log()).toContain('procmand.cjs');
    expect(daemon.log()).not.toContain('metrics.cjs');
    await world.ctl('metrics');
    expect(daemon.log()).toContain('metrics.cjs');
  });
});

describe('procmanctl metrics', () => {
  test('writes what the textfile collector reads, and leaves it where no daemon answers', async ({ world }) => {
    const file = join(world.root, 'procman.prom');
    world.configure([service('web', 'steady')]);
    const daemon = await world.startDaemon();
    await world.waitForState('web', 'RUNNING');
    expect(await world.ctl('metrics', '-o', file)).toMatchObject({ code: 0, stdout: '', stderr: '' });
    const text = readFileSync(file, 'utf8');
    expect(promtool(['check', 'metrics'], text)).toEqual({ code: 0, said: '' });
    await world.killDaemon(daemon);
    expect(await world.ctl('metrics', '-o', file)).toMatchObject({ code: 5 });
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  test('is answered by the monitor socket, too', async ({ world }) => {
    const monitor = join(world.root, 'monitor.sock');
    world.configure([service('web', 'steady')], `monitor-socket = "${monitor}"`);
    await world.startDaemon();
    expect(await rpcCall(monitor, 'metrics')).toMatchObject({
      contentType: expect.stringContaining('0.0.4') as string,
    });
    expect((await world.ctl('-s', monitor, 'metrics')).stdout).toContain('procman_instance_info{name="web"');
  });

  test('counts what ended while no daemon ran, and forgets what the configuration no longer has', async ({ world }) => {
    world.configure([service('web', 'steady'), processTable('late', 'while [ ! -e $PLAYGROUND/end ]; do sleep 0.05; done; exit 4', 'autorestart = "never"')]); // prettier-ignore
    const daemon = await world.startDaemon();
    await world.waitForAll('RUNNING');
    const late = await world.pidOf('late');
    await world.killDaemon(daemon);
    world.open('end');
    await world.waitForEnd(late);
    await world.startDaemon();
    await world.waitForState('late', 'EXITED');
    expect(await valueOf(world, 'procman_instance_exits_total{name="late",process="late",code="4"')).toBe(1);
    world.configure([service('web', 'steady')], 'reload-guard = "off"');
    await world.ctl('update', '-y');
    await world.waitFor(
      'its figures to be gone',
      async () => !(await world.ctl('metrics')).stdout.includes('name="late"'),
    );
  });
});

interface Rules {
  readonly groups: readonly { readonly rules: readonly { readonly health: string }[] }[];
}

/** Waits until an expression has exactly one value, and that is as wanted. */
function valueIn(world: World, prometheus: Prometheus) {
  return (expression: string, isWanted: (value: number) => boolean): Promise<number> => {
    let last: unknown;
    return world
      .waitFor(`${expression} in Prometheus`, async () => {
        const found = await prometheus.query(expression);
        last = found;
        const [series] = found;
        // 0 is an answer, too.
        return found.length === 1 && series !== undefined && isWanted(series.value) && [series.value];
      })
      .then(([value]) => value ?? NaN)
      .catch((error: unknown) => {
        throw new Error(`${String(error)}\nthe last answer: ${JSON.stringify(last)}`);
      });
  };
}

/** All that a dashboard asks for, its variables filled in. */
function expressionsOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'expr' && typeof inner === 'string'
      ? [inner.replaceAll('$__rate_interval', '1m').replaceAll(/\$(uid|process)/g, '.*')]
      : expressionsOf(inner),
  );
}
