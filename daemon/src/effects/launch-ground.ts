/** Tests only: a private state directory where the real launcher runs under a chosen shell, and steps can be held up. */

import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { LaunchFiles, type ExitFile, type PrepareOptions } from './launch-files.ts';
import { planText, terminalText, type LaunchPlan } from './launch-plan.ts';
import script from './launch.sh';
import { NodeSystem } from './node-system.ts';

export const SHELLS = ['dash', 'bash', 'busybox'] as const;
export type Shell = (typeof SHELLS)[number];

/** How long anything may take before a test gives up. */
const LIMIT_MS = 20_000;

export class LaunchGround {
  readonly system = new NodeSystem();
  readonly root: string;
  readonly runs: string;
  readonly script: string;
  readonly files: LaunchFiles;
  readonly #launchers: ChildProcess[] = [];
  #next = 1;

  /** @param root - an existing directory; a new one in the temporary folder unless given */
  constructor(shell: Shell, root = fs.mkdtempSync(`${tmpdir()}/procman-launch-`)) {
    this.root = root;
    this.runs = `${root}/runs`;
    this.script = `${root}/launch.sh`;
    fs.mkdirSync(`${root}/bin`);
    // bash is in POSIX mode, and busybox a shell, when called sh.
    const { stdout } = spawnSync('which', [shell], { encoding: 'utf8' });
    fs.symlinkSync(stdout.trim(), `${root}/bin/sh`);
    fs.writeFileSync(this.script, script);
    this.files = new LaunchFiles(this.system, this.runs);
    this.files.makeDirectories();
  }

  /** A plan that runs a line of sh, with its output in `out`. */
  plan(line: string, more: Partial<LaunchPlan> = {}): string {
    return planText(this.#planned({ argv: ['/bin/sh', '-c', line], ...more }));
  }

  #planned(plan: Partial<LaunchPlan>): LaunchPlan {
    return {
      argv: [],
      workDir: this.root,
      environment: { PATH: '/usr/bin:/bin' },
      stdout: { path: `${this.root}/out`, auto: false },
      stderr: 'stdout',
      ...plan,
    };
  }

  /** Launches a line of sh on a terminal of its own. */
  launchOnTerminal(key: string, line: string): { id: string; launcher: ChildProcess } {
    return this.launchPlan(key, { argv: ['/bin/sh', '-c', line], terminal: true });
  }

  launchPlan(key: string, more: Partial<LaunchPlan>): { id: string; launcher: ChildProcess } {
    const plan = this.#planned(more);
    return this.launch(key, planText(plan), { terminal: terminalText(plan) });
  }

  /** Prepares and starts a launch. */
  launch(key: string, plan: string, options?: PrepareOptions): { id: string; launcher: ChildProcess } {
    const id = `L${this.#next++}`;
    this.files.prepare(key, id, plan, options);
    return { id, launcher: this.start(key, id) };
  }

  start(key: string, id: string): ChildProcess {
    const launcher = spawn(`${this.root}/bin/sh`, [this.script, key, id], {
      cwd: this.runs,
      detached: true,
      stdio: 'ignore',
      env: {
        PATH: `${this.root}/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
        LC_ALL: 'C',
        PROCMAN_LAUNCHER: `ground/${key}/${id}`,
        PROCMAN_PID_NAMESPACE: this.system.pidNamespace(),
      },
    });
    this.#launchers.push(launcher);
    return launcher;
  }

  /** Launches and waits for the end. */
  async run(key: string, plan: string): Promise<ExitFile> {
    return this.ended(key, this.launch(key, plan).id);
  }

  /** Waits until the exit file is filled. */
  async ended(key: string, id: string): Promise<ExitFile> {
    return until(`the end of ${key}.${id}`, () => {
      const exit = this.files.readExit(key, id);
      return exit.kind === 'pending' ? undefined : exit;
    });
  }

  exitText(key: string, id: string): string {
    return fs.readFileSync(`${this.runs}/exit/${key}.${id}`, 'utf8').replace(/ +/g, ' ').trim();
  }

  /**
   * Makes the launcher's next call of a tool wait: puts a stand-in before it in PATH, that says it was reached and goes on when
   * released. `when` is an sh test on its arguments.
   */
  hold(tool: string, when = 'true'): { reached: () => Promise<unknown>; release: () => void } {
    const gate = `${this.root}/gate-${tool}-${this.#next++}`;
    const real = spawnSync('which', [tool], { encoding: 'utf8' }).stdout.trim();
    fs.writeFileSync(
      `${this.root}/bin/${tool}`,
      `#!/bin/dash\nif ${when}; then : >${gate}.here; while [ ! -e ${gate}.go ]; do sleep 0.01; done; fi\nexec ${real} "$@"\n`,
      { mode: 0o755 },
    );
    return {
      reached: async () => until(`${tool} to be reached`, () => fs.existsSync(`${gate}.here`) || undefined),
      release: () => fs.writeFileSync(`${gate}.go`, ''),
    };
  }

  /** Ends what still runs, and removes everything. */
  dispose(): void {
    for (const key of this.files.records()) {
      const record = this.files.readRecord(key);
      if (record === undefined) continue;
      const { pid, startTicks } = record.process;
      if (this.system.stat(pid)?.startTicks === startTicks) this.system.killGroup(pid, 'KILL');
    }
    for (const launcher of this.#launchers) launcher.kill('SIGKILL');
    fs.rmSync(this.root, { recursive: true, force: true });
  }
}

/** Looks until there is an answer. */
export async function until<T>(what: string, look: () => T | undefined): Promise<T> {
  const deadline = performance.now() + LIMIT_MS;
  for (;;) {
    const answer = look();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
