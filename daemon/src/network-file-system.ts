import { statfsSync } from 'node:fs';

/** Magic numbers of file systems whose locks other machines may not see (statfs(2)). */
const NETWORK: Readonly<Record<number, string>> = {
  0x6969: 'NFS',
  0x517b: 'SMB',
  0xff534d42: 'CIFS',
  0xfe534d42: 'SMB2',
  0x00c36400: 'Ceph',
  0x5346414f: 'AFS',
  0x013111a8: 'IBRIX',
  0x6b414653: 'kAFS',
};

/** The kind of network file system that a path is on; undefined for a local one. */
export function networkFileSystem(path: string): string | undefined {
  return NETWORK[statfsSync(path).type >>> 0];
}
