/**
 * Bugs that the simulation has to find: what each breaks, and the changes of sources that make it (`file` as seen from
 * `daemon/src`; `find` has to be there exactly once). `stress`: what has to happen more often, or never, for it to come out soon,
 * and `odds`: what processes have more often; `steps`: for what needs longer histories than most, or shorter ones.
 *
 * The launcher is a shell script, and the daemon's lock a descriptor: in the simulation both are written once more, and that
 * is what is changed there.
 */

/** Daemons die, launchers are held up. */
const HELD_UP = { freeze: 12, thaw: 1, killDaemon: 6, startDaemon: 20, command: 15 };
/** Pids come back soon. */
const CROWDED = { strangers: 15, killProcess: 10, killDaemon: 6 };
/** The clock is set. */
const TIMELY = { jump: 3, killDaemon: 4, startDaemon: 15 };
/** The power fails, and nobody destroys files beside that. */
const POWER = { reboot: 8, startDaemon: 20, damage: 0 };
const BAD_DISK = { breakDisk: 6, mendDisk: 6, killDaemon: 5, startDaemon: 20, damage: 0 };
const DYING = { killDaemonSoon: 14, startDaemon: 25, damage: 0 };

/** Without its plan a launch goes no further: this protection would hide that another is missing. */
const PLANS_STAY = {
  file: 'effects/launch-files.ts',
  find: 'for (const suffix of SUFFIXES) this.#system.remove(this.#launchFile(stem, launchId, suffix));',
  put: "for (const suffix of SUFFIXES) if (suffix !== 'plan') this.#system.remove(this.#launchFile(stem, launchId, suffix));",
};
/** What is taken back is removed soon after, which would hide that it was not taken back. */
const INTENTS_STAY = {
  ...PLANS_STAY,
  put: "for (const suffix of SUFFIXES) if (!['plan', 'intent'].includes(suffix)) this.#system.remove(this.#launchFile(stem, launchId, suffix));",
};

export const mutants = [
  {
    name: 'a pid is trusted without its start time',
    stress: CROWDED,
    edits: [
      {
        file: 'supervision/evidence.ts',
        find: 'return stat !== undefined && stat.startTicks === startTicks && !stat.ended;',
        put: 'return stat !== undefined && startTicks >= 0 && !stat.ended;',
      },
    ],
  },
  {
    name: 'a signal goes to a main pid without its start time',
    stress: { ...CROWDED, stall: 40, signal: 5 },
    edits: [
      {
        file: 'supervision/members.ts',
        find: 'return this.#system.stat(pid)?.startTicks === startTicks;',
        put: 'return this.#system.stat(pid) !== undefined && startTicks >= 0;',
      },
    ],
  },
  {
    name: "a session is killed without proof that it is still the run's",
    stress: { ...CROWDED, stall: 20 },
    edits: [
      {
        file: 'core/identity.ts',
        find: 'return endedTicks === undefined || process.startTicks <= endedTicks;',
        put: 'return true;',
      },
    ],
  },
  {
    name: 'the hold is forgotten on recovery',
    edits: [
      {
        file: 'supervision/recovery.ts',
        find: 'if (instance !== undefined) instances.set(key, { ...instance, hold });',
        put: '',
      },
    ],
  },
  {
    name: 'a hold with an end is none',
    edits: [
      {
        file: 'core/deciders.ts',
        find: "if (instance.hold !== undefined) return { want: 'stop', code: 'manual', version };",
        put: "if (instance.hold !== undefined && instance.hold.until === undefined) return { want: 'stop', code: 'manual', version };",
      },
    ],
  },
  {
    name: 'a hold that has ended is back after a power cut',
    stress: {
      ...POWER,
      reboot: 12,
      command: 50,
      progress: 8,
      pass: 8,
      reload: 0,
      breakDisk: 0,
      killDaemonSoon: 1,
      jump: 0,
    },
    odds: { oneShot: 0 },
    steps: 30,
    edits: [{ file: 'effects/state-store.ts', find: 'this.#system.syncDirectory(this.#directory);', put: '' }],
  },
  {
    name: 'a hold is not synced',
    stress: POWER,
    edits: [
      {
        file: 'effects/state-store.ts',
        find: 'replaceFile(this.#system, this.#holdPath(key), `${text}\\n`, { sync: true });',
        put: 'replaceFile(this.#system, this.#holdPath(key), `${text}\\n`);',
      },
    ],
  },
  {
    name: 'a hold until the reboot outlives it',
    stress: { ...POWER, command: 25 },
    edits: [
      {
        file: 'effects/state-store.ts',
        find: "isOver: hold.until === 'reboot' && boot !== undefined && boot !== this.#bootId",
        put: 'isOver: boot === "never"',
      },
    ],
  },
  {
    name: "a one-shot's ledger is not synced",
    stress: POWER,
    edits: [
      { file: 'effects/state-store.ts', find: 'const sync = instance.ledger.length > 0;', put: 'const sync = false;' },
    ],
  },
  {
    name: 'the folder is not synced after a rename',
    stress: POWER,
    edits: [
      {
        file: 'effects/atomic-file.ts',
        find: "if (options.sync === true) system.syncDirectory(path.slice(0, path.lastIndexOf('/')));",
        put: '',
      },
    ],
  },
  {
    name: 'a one-shot cut off by the power runs again',
    stress: POWER,
    odds: { oneShot: 0.8 },
    edits: [
      {
        file: 'core/lifecycle/clear.ts',
        find: "return run.settings.oneShot && kind !== 'preparing' && neverRan !== true;",
        put: "return run.settings.oneShot && kind === 'preparing' && neverRan !== true;",
      },
    ],
  },
  {
    name: 'another boot is taken for the same',
    stress: POWER,
    edits: [
      {
        file: 'supervision/recovery.ts',
        find: 'const isThisBoot = bootId === system.bootId();',
        put: "const isThisBoot = bootId !== 'none';",
      },
      {
        file: 'supervision/evidence.ts',
        find: 'if (bootId !== this.#system.bootId() || pidNamespace !== this.#system.pidNamespace()) return false;\n    const stat',
        put: 'if (bootId === "none" || pidNamespace !== this.#system.pidNamespace()) return false;\n    const stat',
      },
    ],
  },
  {
    name: 'a launch happens before it is on record',
    stress: DYING,
    edits: [
      {
        file: 'supervision/supervisor.ts',
        find: 'const failed = this.#saver.save(acting, this.#world.instances);',
        put: 'const failed = new Map<InstanceKey, string>();',
      },
    ],
  },
  {
    name: 'what could not be saved is launched all the same',
    stress: BAD_DISK,
    edits: [
      {
        file: 'supervision/supervisor.ts',
        find: 'const performed = actions.filter((action) => !failed.has(action.key) || !needsState(action));',
        put: 'const performed = actions.filter((action) => !failed.has(action.key) || needsState(action));',
      },
      {
        file: 'supervision/supervisor.ts',
        find: 'for (const [key, why] of failed) this.#refuseLaunch(key, why, actions);',
        put: '',
      },
    ],
  },
  {
    name: 'an exit file goes before its ending is on disk',
    stress: BAD_DISK,
    edits: [
      {
        file: 'supervision/supervisor.ts',
        find: "    action.kind === 'launch' ||\n    isForgetting(action) ||",
        put: "    action.kind === 'launch' ||",
      },
    ],
  },
  {
    name: 'the state file before is not looked at',
    stress: DYING,
    edits: [
      {
        file: 'effects/state-store.ts',
        find: 'for (const path of [this.#path(key), `${this.#path(key)}.prev`]) {\n      const file',
        put: 'for (const path of [this.#path(key)]) {\n      const file',
      },
    ],
  },
  {
    name: 'what came due while a turn was writing is taken for seen to',
    edits: [
      {
        file: 'supervision/supervisor.ts',
        find: 'const now = this.#decidedAt;',
        put: 'const now = this.#o.system.now();',
      },
    ],
  },
  {
    name: 'a restart is counted for every launch',
    edits: [
      {
        file: 'core/lifecycle/start.ts',
        find: 'restarts: instance.restarts + (again ? 1 : 0),',
        put: 'restarts: instance.restarts + (again ? 2 : 1),',
      },
    ],
  },
  {
    name: 'an exit is counted twice',
    stress: DYING,
    edits: [
      {
        file: 'core/ending.ts',
        find: 'if (exits.some((known) => known.launchId === launchId)) return exits;',
        put: '',
      },
      {
        file: 'supervision/recovery.ts',
        find: 'ended?.launchId === launchId || exits.some((exit) => exit.launchId === launchId);',
        put: 'ended?.launchId === launchId && exits.length > 9;',
      },
    ],
  },
  {
    name: 'exit codes of signals are lost',
    edits: [
      {
        file: 'effects/launch-files.ts',
        find: "{ kind: 'ended', exit: { kind: 'signal', signal: signalName(Number(rest)) }, at }",
        put: "{ kind: 'ended', exit: { kind: 'code', code: Number(rest) }, at }",
      },
    ],
  },
  {
    name: 'leftovers of a run are forgotten',
    edits: [
      {
        file: 'core/lifecycle/clear.ts',
        find: 'if (event.remains.length === 0) return goneUnlessInDoubt',
        put: 'if (event.remains.length < 9) return goneUnlessInDoubt',
      },
    ],
  },
  {
    name: 'marks are not seen',
    edits: [
      {
        file: 'effects/process-table.ts',
        find: 'marks: stat.ended ? NO_MARKS : this.#system.marks(pid)',
        put: 'marks: NO_MARKS',
      },
    ],
  },
  {
    name: 'SIGKILL comes with the first look',
    edits: [
      {
        file: 'core/stop-plan.ts',
        find: 'const killAt = first + run.settings.stopTimeout;',
        put: 'const killAt = first;',
      },
    ],
  },
  {
    name: 'a stop is timed by the wall clock',
    stress: TIMELY,
    edits: [
      {
        file: 'core/engine.ts',
        find: 'current = applyAll(current, overdue(current, now), now, actions);',
        put: 'const timed = { ...now, mono: now.wall - (world.instances.values().next().value?.shown.since ?? 0) };\n  current = applyAll(current, overdue(current, timed), timed, actions);',
      },
    ],
  },
  {
    name: 'the clock guard is ignored',
    stress: TIMELY,
    edits: [
      {
        file: 'core/clock.ts',
        find: 'return BY_CLOCK.has(cause) && isGuarded(guard, now);',
        put: 'return BY_CLOCK.size === 0 && isGuarded(guard, now);',
      },
    ],
  },
  {
    name: 'windows of services never close',
    stress: TIMELY,
    edits: [
      {
        file: 'core/deciders.ts',
        find: 'if (standingAt(version, now.wall)?.active === false) return',
        put: 'if (standingAt(version, now.wall)?.active === undefined && version.oneShot) return',
      },
    ],
  },
  {
    name: 'a missed window is run, catch-up or not',
    stress: { killDaemon: 8, startDaemon: 4, pass: 40, command: 0 },
    odds: { oneShot: 1, schedule: 1 },
    edits: [
      {
        file: 'core/deciders.ts',
        find: "if (line?.outcome === 'missed') return { want: 'stop', code: 'missed', version };",
        put: "if (line?.outcome === 'missed') return { want: 'run', reason: 'catch-up', version };",
      },
    ],
  },
  {
    name: 'the hour that comes twice opens windows twice',
    stress: { killDaemon: 5, startDaemon: 20, pass: 70, jump: 0, reload: 0, command: 2 },
    odds: { oneShot: 0, schedule: 1 },
    edits: [
      {
        file: 'core/time/civil.ts',
        find: 'while (from > at - APART) {',
        put: 'while (from > at) {',
      },
    ],
  },
  {
    name: 'before is not waited for',
    odds: { hooks: 1 },
    edits: [
      {
        file: 'core/jobs.ts',
        find: 'const launched = { ...job, process: event.process, launcher: event.launcher };',
        put: "const launched = { ...job, process: event.process, launcher: event.launcher };\n      if (job.name === 'before') return removed(instance, { ...launched, result: { ok: true, text: '' } });",
      },
    ],
  },
  {
    name: "a hook's session is not waited for",
    stress: { killDaemonSoon: 1, reboot: 0, command: 20 },
    odds: { hooks: 1 },
    edits: [
      {
        file: 'supervision/job-runner.ts',
        find: 'return this.#killSession(key, job, endedAt) === 0 ? [cleared] : [];',
        put: 'return endedAt === 0 ? [] : [cleared];',
      },
    ],
  },
  {
    name: 'hooks may last for ever',
    stress: { killDaemon: 0, killDaemonSoon: 1, reboot: 0, command: 20 },
    odds: { hooks: 1 },
    edits: [
      {
        file: 'core/jobs.ts',
        find: "if (now.mono >= job.startedMono + job.timeout) return kill(instance, job, 'timeout', now);",
        put: '',
      },
    ],
  },
  {
    name: 'a held lock proves nothing',
    stress: HELD_UP,
    edits: [
      {
        file: 'effects/launch-files.ts',
        find: 'return this.#system.probeLock(`${this.#runs}/lock/${stem}`);',
        put: "return stem === '' ? 'held' : 'free';",
      },
      PLANS_STAY,
    ],
  },
  {
    name: 'the launcher skips the claim',
    edits: [
      {
        file: 'simulation/launcher.ts',
        find: 'if (flaws.skipsClaim !== true) {',
        put: 'if (flaws.skipsClaim === false) {',
      },
    ],
  },
  {
    name: "the launcher's child lets go of the lock before its record is there",
    stress: { ...HELD_UP, killProcess: 12 },
    edits: [
      {
        file: 'simulation/launcher.ts',
        find: '  self.session = self.pid;\n',
        put: '  machine.closeLock(lockOf(launch), self.pid);\n  self.session = self.pid;\n',
      },
      PLANS_STAY,
    ],
  },
  {
    name: 'the daemon skips its lock',
    edits: [
      {
        file: 'simulation/daemon-on-trial.ts',
        find: 'if (!this.#takeLock(process)) return;',
        put: 'this.#takeLock(process);',
      },
    ],
  },
  {
    name: 'an older state is taken for the newest',
    stress: DYING,
    edits: [
      {
        file: 'effects/state-store.ts',
        find: 'for (const path of [this.#path(key), `${this.#path(key)}.prev`]) {\n      const file',
        put: 'for (const path of [`${this.#path(key)}.prev`, this.#path(key)]) {\n      const file',
      },
      {
        file: 'effects/state-store.ts',
        find: "if (!path.endsWith('.prev')) this.#written.set(key, file.text);",
        put: 'this.#written.set(key, file.text);',
      },
    ],
  },
  {
    name: 'a launch is given up, but its intent is not taken back',
    stress: { ...HELD_UP, ...BAD_DISK },
    edits: [
      {
        file: 'effects/launch-files.ts',
        find: "if (this.#system.rename(this.#launchFile(stem, launchId, 'intent'), gone)) return 'voided';",
        put: "if (this.#system.exists(this.#launchFile(stem, launchId, 'intent'))) return 'voided';",
      },
      INTENTS_STAY,
    ],
  },
  {
    name: 'the launcher skips the lock',
    stress: HELD_UP,
    edits: [
      {
        file: 'simulation/launcher.ts',
        find: 'while (!machine.tryLock(lockOf(launch), self.pid)) {',
        put: 'while (machine.mono < 0) {',
      },
      PLANS_STAY,
    ],
  },
  {
    name: 'the launcher writes the record before the claim',
    edits: [
      {
        file: 'simulation/launcher.ts',
        find: '  // 3. The claim.\n',
        put: '  const own = `${self.pid} ${self.startTicks}`;\n  const line = `${own} ${launchId} ${machine.bootId} ${machine.pidNamespace} ${own} end\\n`;\n  isDone(() => files.write(recordOf(launch), line));\n  yield;\n',
      },
    ],
  },
];
