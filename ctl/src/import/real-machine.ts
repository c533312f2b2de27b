/** The machine that importing runs on. */
import { existsSync, readdirSync } from 'node:fs';
import { availableParallelism, hostname } from 'node:os';
import { readGuarded } from '@procman/daemon/config/guarded-file';
import { expand } from '@procman/daemon/config/include';
import type { Machine } from './machine.ts';

export function realMachine(env: Machine['env']): Machine {
  return {
    read: (path) => {
      const read = readGuarded(path);
      return read.ok ? read.text : undefined;
    },
    exists: existsSync,
    glob: (pattern) => expand(pattern, { list: namesIn }),
    hostname: hostname(),
    cpus: availableParallelism(),
    env,
  };
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
