/** `After=`, `Requires=`, `Wants=`, `BindsTo=` (systemd.unit(5)), as far as the other unit is imported, too. */
import type { Value } from '../draft.ts';
import type { Field } from '../reading.ts';
import type { ServiceContext } from './service-commands.ts';

const NEEDS = ['Requires', 'BindsTo', 'Requisite'] as const;

/** @param ids - of the services that are imported, by the names of their units */
export function readDependencies(context: ServiceContext, ids: ReadonlyMap<string, string>): void {
  const { table, reading } = context;
  const after = namesIn('After', context);
  const entries: Value[] = [];
  const done = new Set<string>();
  for (const key of [...NEEDS, 'Wants'] as const) {
    for (const [name, field] of namesIn(key, context)) {
      const id = ids.get(name);
      if (id === undefined) {
        if (!after.has(name)) remarkOutside(field, name, context);
        continue;
      }
      if (done.has(name)) continue;
      done.add(name);
      const isOrdered = after.has(name);
      if (key !== 'Wants') entries.push(isOrdered ? id : { id, condition: 'started' });
      else if (isOrdered) entries.push({ id, condition: 'started', 'on-loss': 'keep' });
      else reading.leaveOut(table, { ...field, text: name }, 'no order and no need: both are started anyway');
    }
  }
  for (const [name, field] of after) {
    if (!ids.has(name)) remarkOutside(field, name, context);
    else if (!done.has(name)) {
      const why = `only the order of starting; if it needs it: depends-on = ["${ids.get(name) ?? ''}"]`;
      reading.leaveOut(table, { ...field, text: name }, why);
    }
  }
  if (entries.length > 0) table.set('depends-on', entries);
}

function namesIn(key: string, { unit }: ServiceContext): ReadonlyMap<string, Field> {
  const found = new Map<string, Field>();
  for (const field of unit.all('Unit', key)) {
    for (const name of field.text.split(/\s+/).filter(Boolean)) found.set(name, field);
  }
  return found;
}

/** Targets and the like are up before procman is, where systemd starts it. */
function remarkOutside(field: Field, name: string, { table, reading }: ServiceContext): void {
  const isService = name.endsWith('.service');
  const check = `depends-on = [{ command = "systemctl is-active --quiet ${name}" }]`;
  const why = isService
    ? `is not imported; to wait for it before a start: ${check}`
    : 'is not imported: order procmand.service itself after it';
  reading.leaveOut(table, { ...field, text: name }, why);
}
