/** The entries of `depends-on` (SPEC 4). */
import * as z from 'zod';
import type { Dependency, ExternalDependency } from '../core/model.ts';
import { allowing } from './key.ts';
import { quote } from './problem.ts';
import { choice, innerDuration, name, NAME_FORM, refuse, strictTable, templatableText } from './values.ts';

/** Another process, or a command outside of procman. */
export type DependencyEntry = Dependency | ExternalDependency;

const EXTERNAL = { interval: 5000, timeout: 5000 };
const conditions = ['running', 'started', 'healthy', 'finished'] as const;

const table = strictTable({
  id: allowing(name(), NAME_FORM).optional(),
  condition: allowing(choice(conditions), `"${conditions.join('", "')}"`).optional(),
  'on-loss': allowing(choice(['stop', 'keep']), '"stop", "keep"').optional(),
  command: allowing(
    templatableText().refine((line) => line.trim() !== '', 'the command is empty'),
    'a line for /bin/sh',
  ).optional(),
  interval: innerDuration({ zero: false }).optional(),
  timeout: innerDuration({ zero: false }).optional(),
}).transform((given, context): DependencyEntry => {
  const { id, command } = given;
  if (id === undefined && command === undefined) return refuse(context, given, 'has neither id nor command');
  if (id !== undefined && command !== undefined) {
    return refuse(context, given, 'id and command do not go together', 'make two entries of it');
  }
  const others = id === undefined ? (['condition', 'on-loss'] as const) : (['interval', 'timeout'] as const);
  const extra = others.find((key) => given[key] !== undefined);
  if (extra !== undefined) {
    return refuse(context, given, `${extra} goes only with ${id === undefined ? 'id' : 'command'}`);
  }
  if (id !== undefined) return { id, condition: given.condition ?? 'running', onLoss: given['on-loss'] ?? 'stop' };
  return {
    command: command ?? '',
    interval: given.interval ?? EXTERNAL.interval,
    timeout: given.timeout ?? EXTERNAL.timeout,
  };
});

/** An id; lists in one text and names of instances are slips with a mend of their own. */
const plainId = z.string().transform((written, context): DependencyEntry => {
  const parsed = name().safeParse(written);
  if (parsed.success) return { id: parsed.data, condition: 'running', onLoss: 'stop' };
  const ids = written.split(',').map((part) => part.trim());
  const list = `write a list: [${ids.map(quote).join(', ')}]`;
  const hint =
    ids.length > 1 ? list : written.includes(':') ? 'write the id alone, without group and colon' : undefined;
  return refuse(context, written, 'is not a valid name', hint);
});

const entry = z.union([plainId, table]);

export const dependencies = z
  .union([entry, z.array(entry)])
  .transform((written): readonly DependencyEntry[] => (Array.isArray(written) ? written : [written]));

/** What is allowed as dependencies, for messages. */
export const DEPENDENCY_FORMS =
  'an id, or a list of ids, { id, condition = "running", "started", "healthy" or "finished", on-loss = "stop" or "keep" } and { command, interval, timeout }';

export function isExternal(given: DependencyEntry): given is ExternalDependency {
  return 'command' in given;
}

/** The entries that name processes, each with its index in the list. */
export function processEntries(entries: readonly DependencyEntry[] = []): { index: number; dependency: Dependency }[] {
  return entries.flatMap((dependency, index) => (isExternal(dependency) ? [] : [{ index, dependency }]));
}
