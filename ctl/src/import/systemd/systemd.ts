/** Reads unit files of systemd: services, and timers with the services that they start. */
import { dirname, join } from 'node:path';
import { ProcessTable } from '../draft.ts';
import { idOf, type Reader, type Reading } from '../reading.ts';
import { readDependencies } from './dependencies.ts';
import { readRestart } from './restart.ts';
import { readCommand, readHook, remarkReload, type ServiceContext } from './service-commands.ts';
import { readEnvironment, readWorkDir, SERVICE_KEYS, spanOf } from './service-keys.ts';
import { readTimer, serviceOf } from './timer.ts';
import { durationText, timeSpan, Unit } from './units.ts';

export const systemd: Reader = {
  read: (sources, reading) => {
    const units = sources.map((source) => new Unit(source, reading));
    const services = units.filter(({ file }) => file.endsWith('.service'));
    const timers = new Map(
      units.filter(({ file }) => file.endsWith('.timer')).map((timer) => [serviceOf(timer), timer]),
    );
    refuseOthers(units, reading);
    for (const [name, timer] of timers) {
      if (services.some((service) => service.name.full === name)) continue;
      const message = `starts ${name}, which is not among the files`;
      reading.error({ file: timer.file, line: 1 }, message, {
        hint: `name both: import --from systemd ${timer.name.full} ${name}`,
      });
    }
    // systemd's processes inherit next to nothing.
    reading.draft.defaults.set('inherit-env', ['PATH', 'LANG']);
    const ids = new Map(services.map(({ name }) => [name.full, idOf(name.bare)]));
    for (const unit of services) readService(unit, timers.get(unit.name.full), { ids, reading });
  },
};

function refuseOthers(units: readonly Unit[], reading: Reading): void {
  for (const { file } of units) {
    if (/\.(?:service|timer)$/.test(file)) continue;
    const hint = 'the name says what it is: systemctl cat web > web.service';
    reading.error({ file }, 'is no unit that can be imported', { allowed: 'NAME.service, NAME.timer', hint });
  }
}

/** procman's own, in seconds. */
const STANDARD_SHUTDOWN = 45;
/** systemd's own, in seconds. */
const STANDARD_TIMEOUT = 90;

interface Surroundings {
  readonly ids: ReadonlyMap<string, string>;
  readonly reading: Reading;
}

function readService(unit: Unit, timer: Unit | undefined, { ids, reading }: Surroundings): void {
  const place = { file: unit.file, line: 1 };
  const table = new ProcessTable(idOf(unit.name.bare), place);
  const context: ServiceContext = { unit, table, reading };
  const description = unit.last('Unit', 'Description');
  if (description !== undefined) table.comment(`# ${description.text}`);
  if (reading.machine.exists(join(dirname(unit.file), `${unit.name.full}.d`)))
    table.remark(
      place,
      `${unit.name.full}.d`,
      `has changes that were not read: give "systemctl cat ${unit.name.full}" instead`,
    );
  const type = typeOf(context);
  readCommand(context, type);
  if (timer !== undefined) readTimer(timer, context);
  else if (type === 'oneshot') table.set('one-shot', 'boot');
  readTimeouts(context, type);
  readRestart(context, type === 'oneshot' || timer !== undefined);
  readWorkDir(context);
  readEnvironment(context);
  for (const [key, read] of Object.entries(SERVICE_KEYS)) {
    const field = unit.last('Service', key);
    if (field !== undefined) read(field, context);
  }
  readDependencies(context, ids);
  remarkRest(context, timer !== undefined);
  if (reading.claim(table.id, place)) reading.draft.add(table);
}

const NOTED_TYPES: Readonly<Record<string, string>> = {
  notify: 'no counterpart for READY=1: see start-health-check',
  'notify-reload': 'no counterpart for READY=1: see start-health-check',
  dbus: 'no counterpart for the name on the bus: see start-health-check',
  idle: 'it is started like any other',
};

function typeOf({ unit, table, reading }: ServiceContext): string {
  const field = unit.last('Service', 'Type');
  if (field === undefined) return 'simple';
  const known = ['simple', 'exec', 'forking', 'oneshot', ...Object.keys(NOTED_TYPES)];
  const type = reading.choice(field, Object.fromEntries(known.map((word) => [word, word])));
  const why = NOTED_TYPES[type ?? ''];
  if (why !== undefined) reading.leaveOut(table, field, why);
  return type ?? 'simple';
}

function readTimeouts(context: ServiceContext, type: string): void {
  const { unit, table } = context;
  const both = unit.last('Service', 'TimeoutSec');
  const start = unit.last('Service', 'TimeoutStartSec') ?? both;
  const stop = unit.last('Service', 'TimeoutStopSec') ?? both;
  const finite = (span: number | undefined): number =>
    span === undefined || span === Infinity || span === 0 ? STANDARD_TIMEOUT : span;
  const startSpan = start === undefined ? undefined : spanOf(start, context);
  const stopSpan = finite(stop === undefined ? undefined : spanOf(stop, context));
  if (type === 'oneshot' && startSpan !== undefined && startSpan !== Infinity && startSpan !== 0)
    table.set('max-run-time', durationText(startSpan));
  if (type === 'forking' && startSpan !== undefined && startSpan !== Infinity && startSpan !== 0)
    table.set('pid-file-timeout', durationText(startSpan));
  table.set('stop-timeout', durationText(stopSpan));
  allowShutdown(stopSpan, context);
  readHook({ key: 'ExecStartPre', hook: 'before', timeout: finite(startSpan) }, context);
  readHook({ key: 'ExecStartPost', hook: 'init', timeout: finite(startSpan) }, context);
  readHook({ key: 'ExecStop', hook: 'stop', timeout: stopSpan }, context);
  readHook({ key: 'ExecStopPost', hook: 'after-stop', timeout: stopSpan }, context);
  remarkReload(context);
}

/** Stopping everything may take as long as the slowest of them. */
function allowShutdown(stopSpan: number, { reading: { draft } }: ServiceContext): void {
  const known = draft.daemon.get('shutdown-timeout');
  const seconds = typeof known === 'string' ? (timeSpan(known) ?? 0) : STANDARD_SHUTDOWN;
  if (stopSpan > seconds) draft.daemon.set('shutdown-timeout', durationText(stopSpan));
}

/** Of no consequence here. */
const SILENT: ReadonlySet<string> = new Set([
  'Description',
  'Documentation',
  'RemainAfterExit',
  'DefaultDependencies',
  'SyslogIdentifier',
]);

const WITHOUT: Readonly<Record<string, string>> = {
  WatchdogSec: 'no counterpart for WATCHDOG=1: see health-check',
  RestartPreventExitStatus: 'no counterpart: codes in exit-codes count as success',
  SupplementaryGroups: 'the groups of "user" are set; no further ones',
  PassEnvironment: 'no counterpart by unit: see inherit-env',
  MemoryMax: 'no counterpart: procman sets no cgroup limits; see limits.memory',
  CPUQuota: 'no counterpart: procman sets no cgroup limits',
  OnFailure: 'no counterpart: "procmanctl events -f" tells it',
  PartOf: 'no counterpart: see depends-on with on-loss = "stop"',
};

const SANDBOX =
  /^(?:Protect|Private|Restrict|ReadWrite|ReadOnly|Inaccessible|Capability|Ambient|SystemCall|NoNewPriv|Memory|Lock|Delegate)/;

function remarkRest({ unit, table, reading }: ServiceContext, hasTimer: boolean): void {
  for (const { section, ...field } of unit.unused) {
    if (SILENT.has(field.key)) continue;
    if (section === 'Install') continue;
    const why =
      WITHOUT[field.key] ?? (SANDBOX.test(field.key) ? 'no counterpart: procman has no sandbox' : 'no counterpart');
    reading.leaveOut(table, field, why);
  }
  const isInstalled = ['WantedBy', 'RequiredBy', 'Alias', 'Also'].some((key) => unit.all('Install', key).length > 0);
  if (!isInstalled && !hasTimer)
    table.remark(
      { file: unit.file, line: 1 },
      '[Install]',
      'has none, so systemd does not start it by itself; here it starts unless autostart = false',
    );
}
