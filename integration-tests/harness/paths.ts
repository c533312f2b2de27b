/** Where the built commands and the test programs are. */
import { fileURLToPath } from 'node:url';

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

export const procmand = at('daemon/bin/procmand');
export const procmanctl = at('ctl/bin/procmanctl');
export const programs = at('integration-tests/programs');
