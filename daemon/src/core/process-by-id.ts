/** A process of the configuration by its id: asked for many times in a turn, so it is looked for once per configuration. */
import type { CoreConfig, ProcessConfig } from './model.ts';

const indexByConfig = new WeakMap<CoreConfig, ReadonlyMap<string, ProcessConfig>>();

export function processById(config: CoreConfig, id: string): ProcessConfig | undefined {
  let index = indexByConfig.get(config);
  if (index === undefined) {
    index = new Map(config.processes.map((process) => [process.id, process]));
    indexByConfig.set(config, index);
  }
  return index.get(id);
}
