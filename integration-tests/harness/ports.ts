/** Ports for the servers of tests. */
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { World } from './world.ts';

/** A port of this machine that nobody has; `programs/server.mjs NAME` will listen on it. */
export async function portFor(world: World, name: string): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  writeFileSync(join(world.playground, `port.${name}`), String(port));
  return port;
}
