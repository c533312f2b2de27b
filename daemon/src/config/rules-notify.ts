/** Rules about what `[[notify]]` names: processes, programs, and where secrets are. */
import { accessSync, constants, statSync } from 'node:fs';
import { isWide, matches } from '../core/selectors.ts';
import { instanceName } from '../core/targets.ts';
import type { Delivery, Secret } from '../core/notify/model.ts';
import type { LoadContext } from './context.ts';
import type { Draft } from './draft.ts';
import { createNearest } from './nearest.ts';
import type { NotifyDraft } from './notify-tables.ts';
import type { Path } from './positions.ts';
import { quote } from './problem.ts';
import type { Report } from './report.ts';

export function checkNotifies(
  notifies: readonly NotifyDraft[],
  { drafts, context }: { readonly drafts: readonly Draft[]; readonly context: LoadContext },
  report: Report,
): void {
  if (notifies.length === 0) return;
  const names = namesOf(drafts);
  const nearest = createNearest(new Set(names.flatMap(({ id, name }) => [id, name])));
  for (const { path, notify } of notifies) {
    for (const [index, selector] of notify.processes.entries()) {
      if (selector === 'all' || names.some((name) => matches(name, selector))) continue;
      const meant = isWide(selector) ? undefined : nearest(selector);
      const remark = {
        path: [...path, 'processes', index],
        key: 'processes',
        message: 'no process is called so',
        found: quote(selector),
        hint:
          meant === undefined ? 'name a process, an instance, "group:*", or "all"' : `did you mean ${quote(meant)}?`,
      };
      report.remark(isWide(selector) ? 'warning' : 'error', remark);
    }
    checkDelivery(notify.delivery, path, context, report);
  }
}

type Names = Parameters<typeof matches>[0];

function namesOf(drafts: readonly Draft[]): readonly Names[] {
  return drafts.flatMap(({ id, values }): Names[] => {
    if (id === undefined) return [];
    const numprocs = values.numprocs ?? 1;
    const group = values.group ?? (numprocs > 1 ? id : undefined);
    return Array.from({ length: numprocs }, (_, num) => {
      const instance = instanceName({ id, numprocs }, num);
      return { id, instanceName: instance, name: group === undefined ? instance : `${group}:${instance}` };
    });
  });
}

/** What is missing on the machine keeps no service from running: it is a warning, and the tries will fail. */
function checkDelivery(delivery: Delivery, path: Path, context: LoadContext, report: Report): void {
  if (delivery.kind === 'command') return;
  const at = [...path, delivery.kind];
  const warn = (key: string, message: string, hint: string): void =>
    report.warning({ path: at, key: `${delivery.kind}.${key}`, message, hint });
  if (delivery.kind === 'webhook') {
    const { url, token, caFile } = delivery;
    checkTrust(caFile, warn);
    if (url.kind !== 'text') checkSecret('url', url, context, warn);
    if (token !== undefined) checkSecret('token', token, context, warn);
    return;
  }
  const { through } = delivery;
  if ('sendmail' in through) {
    if (!isReadable(through.sendmail, constants.X_OK))
      warn(
        'sendmail',
        `${quote(through.sendmail)} is no program that can be run`,
        'install a mail server, or use smtp',
      );
    return;
  }
  const { password, caFile, port, tls } = through;
  if (password !== undefined) checkSecret('password', password, context, warn);
  checkTrust(caFile, warn);
  // RFC 8314, section 7.3: nothing is said in the clear there, so a client that waits for a greeting waits in vain.
  if (port === 465 && tls !== 'implicit')
    warn('tls', 'servers at port 465 encrypt from the first byte', 'add tls = "implicit"');
}

function checkTrust(path: string | undefined, warn: Warn): void {
  if (path !== undefined && !isReadable(path, constants.R_OK))
    warn('ca-file', `${quote(path)} cannot be read`, 'put the certificate of the authority there, in PEM');
}

type Warn = (key: string, message: string, hint: string) => void;

function checkSecret(key: string, secret: Secret, { env }: LoadContext, warn: Warn): void {
  if (secret.kind === 'env') {
    if ((env[secret.name] ?? '') === '')
      warn(`${key}-env`, `the variable ${secret.name} is not set here`, 'set it in the environment of the daemon');
    return;
  }
  const { path } = secret;
  if (!isReadable(path, constants.R_OK)) {
    warn(
      `${key}-file`,
      `${quote(path)} cannot be read`,
      `make it, with one line, for its owner only: chmod 600 ${path}`,
    );
  } else if ((statSync(path).mode & 0o007) !== 0)
    warn(`${key}-file`, `anybody may use ${quote(path)}`, `mend it with: chmod o= ${path}`);
}

function isReadable(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
