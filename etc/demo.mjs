// npm run demo: runs the example in a private folder, kills the daemon with -9 while its services run, starts it again, and shows
// that the very same processes go on. On a terminal it stays until Enter or Ctrl-C. It leaves nothing behind.
import { spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const procmand = join(root, 'daemon/bin/procmand');
const procmanctl = join(root, 'ctl/bin/procmanctl');
/** How long anything here may take, in milliseconds. */
const LIMIT = 30_000;

const isTerminal = process.stdin.isTTY === true && process.stdout.isTTY === true;
const home = realpathSync(mkdtempSync(join(tmpdir(), 'procman-demo-')));
const uid = basename(home);
const config = join(home, 'procman.example.toml');
const socket = join(home, 'socket');
const stateDirectory = join(home, 'state');
/** For the operator of the demo; the last one is the interactive shell. */
const TO_TRY = [
  'status',
  'logs worker:worker_00 -f',
  'restart server',
  'stop worker',
  'start worker',
  'unblock flapping',
  '',
];
/** The daemon that runs now. */
let daemon;
let isInterrupted = false;

const say = (text = '') => console.log(text);
const title = (text) => say(`\n== ${text}`);

/** The command as one would type it here. */
const typed = (words) => `${relative(process.cwd(), procmanctl) || procmanctl} -s ${socket} ${words}`;

/* ---------------------------------------------------------------- the pieces */

/** A copy of the example with a uid and a port of its own, so that it disturbs nothing that runs here. */
async function copyExample() {
  cpSync(join(root, 'etc/example'), join(home, 'example'), { recursive: true });
  const text = readFileSync(join(root, 'etc/procman.example.toml'), 'utf8');
  const own = text.replace('uid = "procman-example"', `uid = "${uid}"`).replace('8086', String(await freePort()));
  writeFileSync(config, own, { mode: 0o644 });
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

async function startDaemon() {
  const log = openSync(join(home, 'procmand.log'), 'a');
  const words = ['run', config, '--state-dir', stateDirectory, '--socket', socket];
  // In a session of its own: Ctrl-C is for this script, which then ends everything in good order.
  daemon = spawn(procmand, words, { detached: true, stdio: ['ignore', log, log] });
  const ended = new Promise((resolve) => daemon.once('exit', resolve));
  daemon.ended = ended;
  await until('the daemon answers', () => (client('ping').status === 0 ? true : undefined));
}

function client(...words) {
  return spawnSync(process.execPath, [procmanctl, '-s', socket, ...words], { encoding: 'utf8' });
}

function rows() {
  const { stdout } = client('status', '--json');
  try {
    return JSON.parse(stdout).processes ?? [];
  } catch {
    return [];
  }
}

/** Asks again and again, `LIMIT` at most. */
async function until(what, ask) {
  const deadline = Date.now() + LIMIT;
  for (;;) {
    const answer = ask();
    if (answer !== undefined) return answer;
    if (isInterrupted) throw new Error('interrupted');
    if (daemon.exitCode !== null) throw new Error(`the daemon has ended with code ${daemon.exitCode}`);
    if (Date.now() > deadline) throw new Error(`not within ${LIMIT / 1000} seconds: ${what}`);
    await pause(100);
  }
}

/** Server and workers run, the migration has finished, and the broken service has shown what it is. */
function isUp() {
  const state = new Map(rows().map((row) => [row.name, row.state]));
  const running = ['server', 'worker:worker_00', 'worker:worker_01'];
  const isBad = ['BACKOFF', 'BLOCKED'].includes(state.get('flapping'));
  return isBad && state.get('migrate') === 'EXITED' && running.every((name) => state.get(name) === 'RUNNING');
}

const pids = () =>
  new Map(
    rows()
      .filter((row) => row.state === 'RUNNING')
      .map(({ name, pid }) => [name, pid]),
  );

function showStatus() {
  say(`$ ${typed('status')}`);
  const words = isTerminal ? ['--color'] : [];
  say(client('status', ...words).stdout.trimEnd());
}

/* ---------------------------------------------------------------- the story */

async function killAndAdopt() {
  const before = pids();
  title(`The daemon, pid ${daemon.pid}, is killed: kill -9 ${daemon.pid}`);
  daemon.kill('SIGKILL');
  await daemon.ended;
  const alive = [...before].filter(([, pid]) => isAlive(pid));
  say(`Services that go on without it: ${alive.map(([name, pid]) => `${name} (${pid})`).join(', ')}`);
  title('The daemon is started again');
  await startDaemon();
  await until('all run', () => (isUp() ? true : undefined));
  showStatus();
  const after = pids();
  const isSame = before.size > 0 && [...before].every(([name, pid]) => after.get(name) === pid);
  if (!isSame) throw new Error('the services are not the same processes as before');
  say(
    `\nThe new daemon, pid ${daemon.pid}, has taken over the same ${before.size} processes: none was stopped, none runs twice.`,
  );
}

function explainTerminal() {
  const here = (path) => relative(process.cwd(), path) || path;
  title('Now it is your turn. In another terminal, in this folder:');
  say(`  export PROCMAN_SOCKET=${socket}`);
  for (const words of TO_TRY) say(`  ${here(procmanctl)} ${words}`.trimEnd());
  say('\nKill a service, or the daemon, and look what happens:');
  say(`  kill -9 $(${here(procmanctl)} pid server)`);
  say(`  kill -9 $(${here(procmanctl)} pid)`);
  say(`  ${here(procmand)} -d ${config} --state-dir ${stateDirectory} --socket ${socket}`);
  say(`\nChange ${config}, then: ${here(procmanctl)} update`);
  say('\nEnter or Ctrl-C, here, ends everything.');
}

function enterOrInterrupt() {
  return new Promise((resolve) => {
    process.stdin.once('data', resolve);
    process.stdin.once('end', resolve);
    const look = setInterval(() => {
      if (!isInterrupted) return;
      clearInterval(look);
      resolve();
    }, 50);
    process.stdin.once('close', () => clearInterval(look));
  });
}

/* ---------------------------------------------------------------- the end */

function isAlive(pid) {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** Whatever carries this demo's mark: services, their children, and their launchers. */
function marked() {
  const mark = new RegExp(`(^|\\0)PROCMAN_(RUN|LAUNCHER)=${uid}/`);
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return mark.test(readFileSync(`/proc/${name}/environ`, 'latin1'));
    } catch {
      return false;
    }
  });
}

/** The running daemon: ours, or one that was started by hand after ours had been killed. */
function daemonPid() {
  return Number(client('pid').stdout) || undefined;
}

async function endEverything() {
  const pid = daemonPid() ?? (daemon?.exitCode === null && daemon.signalCode === null ? daemon.pid : undefined);
  if (client('shutdown', '-y').status !== 0) {
    for (const each of marked()) if (isAlive(each)) process.kill(Number(each), 'SIGKILL');
  }
  for (let tries = 0; pid !== undefined && isAlive(pid) && tries < 50; tries += 1) await pause(100);
  if (pid !== undefined && isAlive(pid)) process.kill(pid, 'SIGKILL');
  for (let tries = 0; marked().length > 0 && tries < 50; tries += 1) {
    for (const each of marked()) if (isAlive(each)) process.kill(Number(each), 'SIGKILL');
    await pause(100);
  }
  // The daemon's entry in `procmanctl list`, and its lock; nobody uses this uid again.
  for (const end of ['json', 'lock']) rmSync(join(runtimeFolder(), `${uid}.${end}`), { force: true });
  rmSync(home, { recursive: true, force: true });
}

function runtimeFolder() {
  const { XDG_RUNTIME_DIR: base } = process.env;
  if (process.geteuid() === 0) return '/run/procman';
  return base ? join(base, 'procman') : `/tmp/procman-${process.geteuid()}`;
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => (isInterrupted = true));
try {
  if (!existsSync(join(root, 'daemon/dist/procmand.cjs'))) throw new Error('build it first: npm ci, or npm run build');
  await copyExample();
  title(`Starting the example in ${home}`);
  await startDaemon();
  await until('all run', () => (isUp() ? true : undefined));
  showStatus();
  await killAndAdopt();
  if (isTerminal) {
    explainTerminal();
    await enterOrInterrupt();
  }
  title('Ending everything');
} catch (error) {
  if (!isInterrupted) {
    console.error(`demo: ${error.message}`);
    const log = join(home, 'procmand.log');
    if (existsSync(log)) console.error(readFileSync(log, 'utf8').trimEnd());
    process.exitCode = 1;
  }
} finally {
  await endEverything();
  say('Nothing is left running.');
  process.stdin.destroy();
}
