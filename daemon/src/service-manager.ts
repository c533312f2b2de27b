/** Tells systemd how the daemon is (sd_notify(3)), where it asks for it. Node cannot write to such sockets: `systemd-notify` does. */
import { spawn } from 'node:child_process';
import type { LogLevel } from './supervision/supervisor.ts';

/** `systemd-notify` waits until systemd has read it. In milliseconds. */
const PATIENCE = 10_000;

export class ServiceManager {
  readonly #env: NodeJS.ProcessEnv | undefined;
  readonly #log: (level: LogLevel, text: string) => void;
  /** One after the other: they must not overtake one another. */
  #last: Promise<void> = Promise.resolve();

  /** Takes NOTIFY_SOCKET out of `env`: no child of the daemon may speak in its name. */
  constructor(env: NodeJS.ProcessEnv, log: (level: LogLevel, text: string) => void) {
    const { NOTIFY_SOCKET, PATH } = env;
    this.#log = log;
    delete env['NOTIFY_SOCKET'];
    this.#env =
      NOTIFY_SOCKET === undefined || NOTIFY_SOCKET === ''
        ? undefined
        : { NOTIFY_SOCKET, ...(PATH === undefined ? {} : { PATH }) };
  }

  ready(status: string): void {
    this.#tell(['READY=1', `STATUS=${status}`]);
  }

  stopping(status: string): void {
    this.#tell(['STOPPING=1', `STATUS=${status}`]);
  }

  #tell(variables: readonly string[]): void {
    const env = this.#env;
    if (env === undefined) return;
    this.#last = this.#last.then(async () => {
      const trouble = await notify(variables, env);
      if (trouble === undefined) return;
      this.#log('warning', `systemd (NOTIFY_SOCKET) was not told ${variables[0] ?? ''}: systemd-notify: ${trouble}`);
    });
  }
}

/** @returns why it did not work */
function notify(variables: readonly string[], env: NodeJS.ProcessEnv): Promise<string | undefined> {
  return new Promise((resolve) => {
    // A session of its own: it may have to outlive the daemon by a moment.
    const child = spawn('systemd-notify', variables, {
      env,
      cwd: '/',
      detached: true,
      stdio: 'ignore',
      timeout: PATIENCE,
      killSignal: 'SIGKILL',
    });
    child.on('error', (error) => resolve(error.message));
    child.on('exit', (code, signal) => {
      if (code === 0) resolve(undefined);
      else resolve(signal === null ? `exited with code ${code ?? '?'}` : `was killed by ${signal}`);
    });
    child.unref();
  });
}
