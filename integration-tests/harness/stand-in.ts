/** Programs that stand in for one of the system, first in PATH. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { World } from './world.ts';

export interface StandIn {
  /** Where it is, and where it may leave files: `$HERE` in its script. */
  readonly folder: string;
  readonly env: { readonly PATH: string };
}

/** @param script - for sh; `$HERE` is its folder */
export function standIn(world: World, name: string, script: string): StandIn {
  const folder = join(world.root, 'bin');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), `#!/bin/sh\nHERE=\${0%/*}\n${script}\n`, { mode: 0o755 });
  return { folder, env: { PATH: `${folder}:${process.env['PATH'] ?? ''}` } };
}
