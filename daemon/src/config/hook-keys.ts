/** Commands of a process's life beside its own (SPEC 5): hooks and checks, as they are written. */
import { isIPv6 } from 'node:net';
import * as z from 'zod';
import type { HealthCheck, Hook, HookName, Milliseconds, Probe, StartHealthCheck } from '../core/model.ts';
import { fillPlaceholders, holdsPlaceholder } from '../core/placeholders.ts';
import { allowing } from './key.ts';
import { innerDuration, integer, pathText, refuse, strictTable, templatableText } from './values.ts';

/** How long each hook may take unless it says otherwise. */
export const HOOK_TIMEOUTS: Readonly<Record<HookName, Milliseconds>> = {
  before: 10_000,
  init: 10_000,
  'after-start': 5000,
  stop: 5000,
  'after-stop': 5000,
};
export const HOOK_NAMES = Object.keys(HOOK_TIMEOUTS) as readonly HookName[];

/** A line for `/bin/sh -c`. */
const shellLine = allowing(
  templatableText().refine((line) => line.trim() !== '', 'the command is empty'),
  'a line for /bin/sh',
);

const timeout = innerDuration({ zero: false });

/** A text, or `{ command, timeout }`. */
export function hook(name: HookName): z.ZodType<Hook> {
  const standard = HOOK_TIMEOUTS[name];
  const table = strictTable({ command: shellLine, timeout: timeout.default(standard) });
  return z.union([shellLine.transform((command) => ({ command, timeout: standard })), table]);
}

/** What is allowed as a hook, for messages. */
export const HOOK_FORMS = 'a command for /bin/sh, or { command, timeout }';

/** How it is asked, as written: host and port may hold `{{ NAME }}`. */
export type WrittenProbe = Exclude<Probe, { kind: 'tcp' }> | { readonly kind: 'tcp'; readonly address: string };
type Written<C> = C extends { readonly probe: Probe } ? Omit<C, 'probe'> & { readonly probe: WrittenProbe } : C;
export type WrittenStartHealthCheck = Written<StartHealthCheck>;
export type WrittenHealthCheck = Written<HealthCheck>;

const probeKeys = {
  command: shellLine.optional(),
  http: allowing(templatableText(), 'a URL such as "http://localhost:8080/health"').optional(),
  tcp: allowing(z.union([templatableText(), z.number()]), '"host:port", or a port of this machine').optional(),
};

interface GivenProbe {
  readonly command?: string | undefined;
  readonly http?: string | undefined;
  readonly tcp?: string | number | undefined;
}

/** Exactly one of `command`, `http` and `tcp`; otherwise what is wrong. */
function probeOf(given: GivenProbe): WrittenProbe | string {
  const { command, http, tcp } = given;
  const names = (['command', 'http', 'tcp'] as const).filter((key) => given[key] !== undefined);
  if (names.length > 1) return `has ${names.join(' and ')}, which do not go together`;
  if (command !== undefined) return { kind: 'command', command };
  if (http !== undefined) return { kind: 'http', url: http };
  return tcp === undefined ? 'does not say what to check' : { kind: 'tcp', address: String(tcp) };
}

const START_CHECK = { timeout: 30_000, interval: 1000 };

/** [P] PROCRUST's `start_health_check`: a command, or a table. */
export const startHealthCheck = z.union([
  shellLine.transform((command): WrittenStartHealthCheck => ({ probe: { kind: 'command', command }, ...START_CHECK })),
  strictTable({
    ...probeKeys,
    timeout: timeout.default(START_CHECK.timeout),
    interval: timeout.default(START_CHECK.interval),
  }).transform((given, context): WrittenStartHealthCheck => {
    const probe = probeOf(given);
    if (typeof probe === 'string') return refuse(context, given, probe);
    return { probe, timeout: given.timeout, interval: given.interval };
  }),
]);

/** What is allowed as a start-health-check, for messages. */
export const START_CHECK_FORMS =
  'a command for /bin/sh, or a table with exactly one of command, http (a URL) and tcp ("host:port"), and timeout, interval';

const CHECK = { timeout: 5000, interval: 10_000, retries: 3, startPeriod: 0 };
const INACTIVE_TIME = 300_000;
const PROBE_ONLY = ['command', 'http', 'tcp', 'timeout', 'interval', 'retries', 'start-period'] as const;

const healthTable = strictTable({
  ...probeKeys,
  timeout: timeout.optional(),
  interval: timeout.optional(),
  retries: allowing(integer(1, 1000), 'a whole number from 1 to 1000').optional(),
  'start-period': innerDuration({ zero: true }).optional(),
  folder: allowing(pathText(), 'a path').optional(),
  'inactive-time': timeout.optional(),
});

/** A command, a table with a probe, or `{ folder, inactive-time }`; folders are still as written. */
export const healthCheck = z.union([
  shellLine.transform((command): WrittenHealthCheck => ({
    kind: 'probe',
    probe: { kind: 'command', command },
    ...CHECK,
  })),
  healthTable.transform((given, context): WrittenHealthCheck => {
    const { folder } = given;
    if (folder !== undefined) {
      const extra = PROBE_ONLY.find((key) => given[key] !== undefined);
      if (extra !== undefined) return refuse(context, given, `${extra} does not go together with folder`);
      return { kind: 'folder', folder, inactiveTime: given['inactive-time'] ?? INACTIVE_TIME };
    }
    if (given['inactive-time'] !== undefined) return refuse(context, given, 'inactive-time goes only with folder');
    const probe = probeOf(given);
    if (typeof probe === 'string') return refuse(context, given, probe);
    return {
      kind: 'probe',
      probe,
      timeout: given.timeout ?? CHECK.timeout,
      interval: given.interval ?? CHECK.interval,
      retries: given.retries ?? CHECK.retries,
      startPeriod: given['start-period'] ?? CHECK.startPeriod,
    };
  }),
]);

/** What is allowed as a health-check, for messages. */
export const CHECK_FORMS =
  'a command for /bin/sh; a table with exactly one of command, http (a URL) and tcp ("host:port"), and timeout, interval, retries, start-period; or { folder, inactive-time }';

/** A probe whose texts are final, or what is wrong with it. */
export type ProbeResult = { readonly probe: Probe } | { readonly problem: string; readonly hint: string };

export function finishProbe(written: WrittenProbe): ProbeResult {
  if (written.kind === 'tcp') return tcpProbe(written.address);
  if (written.kind === 'http' && !isHttpUrl(written.url)) {
    return { problem: 'is not a URL of http', hint: 'write it like "http://localhost:8080/health"' };
  }
  return { probe: written };
}

/** Values that only a launch knows count as a digit: ports are made of them. */
function isHttpUrl(url: string): boolean {
  const shown = fillPlaceholders(url, { PROCMAN_INSTANCE: '0', PROCMAN_NUM: '0', PROCMAN_PID_FILE: '0' });
  return /^https?:\/\//i.test(shown) && URL.canParse(shown);
}

/** `host:port`, `[::1]:port`, or a port of this machine. */
function tcpProbe(address: string): ProbeResult {
  if (holdsPlaceholder(address)) {
    return {
      problem: 'holds a value that only a launch knows',
      hint: 'use http or command for instances that have a port each',
    };
  }
  const [, bracketed, name, digits = ''] = /^(?:(?:\[([^\]]+)\]|([^:\s/[\]]+)):)?(\d{1,5})$/.exec(address.trim()) ?? [];
  const port = Number(digits);
  const isHost = bracketed === undefined || isIPv6(bracketed);
  if (digits === '' || !isHost || port < 1 || port > 65_535) {
    return { problem: 'is not a host and a port', hint: 'write it like "localhost:8080" or "[::1]:8080"' };
  }
  return { probe: { kind: 'tcp', host: bracketed ?? name ?? 'localhost', port } };
}
