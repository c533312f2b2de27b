// npm run soak -- --minutes N [--services 200] [--svg FILE] [--json]: many services with churn, for as long as is asked for. What the daemon
// holds is sampled, drawn, and its slope told: ends with 1 where something grows.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { endAll, memory, onGround, pause } from './harness.mjs';
import { drawCharts } from './soak-charts.mjs';
import { trendOf } from './soak-trend.mjs';

/** A sample so often, in milliseconds. */
const EVERY = 2_000;
/** What comes first is left out: caches fill, code is compiled. */
const WARM_UP_SHARE = 0.25;

const MEASURES = [
  { key: 'pss', name: 'memory (PSS)', unit: 'MiB', floor: 1 },
  { key: 'heap', name: 'heap in use', unit: 'MiB', floor: 0.5 },
  { key: 'descriptors', name: 'descriptors', unit: '', floor: 2 },
  { key: 'watches', name: 'inotify watches', unit: '', floor: 1 },
  { key: 'timers', name: 'timers', unit: '', floor: 2 },
  { key: 'files', name: 'files in the state directory', unit: '', floor: 60 },
  { key: 'loop', name: 'longest stretch of the event loop', unit: 'ms', floor: 10 },
];

function options(words) {
  const given = { minutes: 1, services: 200, svg: undefined, json: false };
  for (let at = 0; at < words.length; at += 1) {
    const name = words[at].replace(/^--/, '');
    if (name === 'json') given.json = true;
    else if (name === 'svg') given.svg = words[(at += 1)];
    else if (name === 'minutes' || name === 'services') given[name] = Number(words[(at += 1)]);
    else given.minutes = NaN;
  }
  if (given.minutes > 0 && given.services >= 20) return given;
  console.error('usage: npm run soak -- [--minutes N] [--services N, 20 at least] [--svg FILE] [--json]');
  process.exit(2);
}

/* ---------------------------------------------------------------- churn */

/** Most only run; some end all the time, write much, fail, are checked, or run each minute. */
function processes(count) {
  const flapping = Math.round(count / 10);
  const writing = Math.round(count / 40);
  const jobs = Math.round(count / 20);
  return [
    { id: 'steady', command: 'sleep infinity', numprocs: count - flapping - 2 * writing - jobs },
    {
      id: 'flap', numprocs: flapping, command: 'sleep 0.$(( ($$ % 7) + 2 )); echo "ends $$" >&2; exit $(( $$ % 3 ))', 'restart-delay': '500ms',
    },
    {
      id: 'writer', numprocs: writing, command: 'while :; do head -c 20000 /dev/zero | tr "\\\\0" x; echo; sleep 0.2; done',
      'log-max-bytes': '1MB', 'log-backups': 2,
    },
    { id: 'checked', numprocs: writing, command: 'sleep infinity', 'health-check': { command: 'true', interval: '2s' } },
    { id: 'job', numprocs: jobs, 'one-shot': true, schedule: { cron: '* * * * *' }, command: 'sleep 1' },
  ]; // prettier-ignore
}

/** What people and their tools do meanwhile, one thing after the other. */
async function operate(daemon, until) {
  const acts = [
    () => daemon.call('status', { resources: true }),
    () => daemon.call('restart', { names: ['steady:steady_0*'] }),
    () => daemon.call('timeline', {}),
    () => daemon.call('update', {}),
    () => daemon.call('stop', { names: ['writer'] }),
    () => daemon.call('start', { names: ['writer'] }),
    () => daemon.call('no-such-method').catch(() => undefined),
    () => daemon.call('logs', { name: 'flap:flap_00', stream: 'stderr' }),
  ];
  for (let turn = 0; performance.now() < until; turn += 1) {
    await acts[turn % acts.length]();
    await pause(700);
  }
}

/* ---------------------------------------------------------------- samples */

function sample(daemon, stateDirectory, probe, since) {
  const folder = `/proc/${daemon.pid}`;
  const descriptors = readdirSync(`${folder}/fd`);
  const watches = descriptors.flatMap((fd) => textOf(`${folder}/fdinfo/${fd}`).match(/^inotify /gm) ?? []);
  const lines = textOf(probe)
    .trim()
    .split('\n')
    .slice(-(EVERY / 1000));
  const [heap, , timers] = (lines.at(-1) ?? '').split(' ').map(Number);
  return {
    minutes: (performance.now() - since) / 60_000,
    pss: memory(daemon.pid) / 1024,
    heap: heap / 2 ** 20,
    descriptors: descriptors.length,
    watches: watches.length,
    timers,
    files: readdirSync(stateDirectory, { recursive: true }).length,
    loop: Math.max(...lines.map((line) => Number(line.split(' ')[1]))),
  };
}

function textOf(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

async function soak({ minutes, services }) {
  return onGround(async (ground) => {
    const probe = join(ground.home, 'probe');
    const daemon = ground.daemon(processes(services));
    process.env.NODE_OPTIONS = `--import=${new URL('./soak-probe.mjs', import.meta.url).href}`;
    process.env.SOAK_PROBE = probe;
    daemon.start();
    delete process.env.NODE_OPTIONS;
    delete process.env.SOAK_PROBE;
    await daemon.until(
      'status',
      ({ processes: rows }) => rows.filter(({ state }) => state === 'RUNNING').length > services / 2,
    );
    const begin = performance.now();
    const end = begin + minutes * 60_000;
    const operator = daemon.unlessEnded(operate(daemon, end));
    const samples = [];
    while (performance.now() < end) {
      await Promise.race([pause(EVERY), operator.then(() => pause(EVERY))]);
      if (existsSync(probe)) samples.push(sample(daemon, join(ground.home, 'state'), probe, begin));
      if (process.stderr.isTTY) process.stderr.write(`\r${samples.length} samples`);
    }
    await operator;
    const { processes: rows } = await daemon.call('status');
    return { samples, restarts: rows.reduce((sum, { restarts }) => sum + restarts, 0) };
  });
}

/* ---------------------------------------------------------------- the end */

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.once(signal, () => void endAll().finally(() => process.exit(1)));
const given = options(process.argv.slice(2));
const { samples, restarts } = await soak(given);
const steady = samples.filter(({ minutes }) => minutes >= given.minutes * WARM_UP_SHARE);
const trends = MEASURES.map((measure) => ({
  ...measure,
  ...trendOf(steady.map((each) => ({ at: each.minutes, value: each[measure.key] })), measure.floor),
})); // prettier-ignore
if (given.svg !== undefined) writeFileSync(given.svg, drawCharts(samples, trends));
const text = (value) => value.toFixed(Math.abs(value) >= 100 ? 0 : 2);
console.error(
  `\n${given.services} services, ${given.minutes} minutes, ${samples.length} samples, ${restarts} restarts`,
);
if (given.json) console.log(JSON.stringify({ ...given, restarts, trends, samples }));
else {
  for (const { name, unit, first, last, perHour, error, grows } of trends) {
    const slope = `${text(perHour)} +- ${text(error)} ${unit} per hour`;
    console.log(
      `${name.padEnd(34)} ${`${text(first)} -> ${text(last)} ${unit}`.padEnd(26)} ${slope.padEnd(36)} ${grows ? 'GROWS' : 'flat'}`,
    );
  }
}
if (trends.some(({ grows }) => grows)) process.exitCode = 1;
