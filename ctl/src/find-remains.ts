/** Where the last daemon left what it knew, for a client that finds none: owner files first, then state folders. */
import { stateFile } from '@procman/protocol/state-files';
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { stateDirectoryOfBroken } from '@procman/daemon/broken-config';
import { currentContext, loadConfig } from '@procman/daemon/config/load';
import { ownerOfState, type Place } from '@procman/daemon/unsupervised';
import { defaultStateDirectory, type OwnerFile } from '@procman/protocol/paths';
import { type FoundDaemon, listDaemons, type Surroundings, type Wish } from './find-daemon.ts';

/** Candidates, the best ones only: more than one where nobody said which. */
export interface Remains {
  readonly places: readonly Place[];
  /** Files and folders that were looked for. */
  readonly looked: readonly string[];
}

/** @throws CannotTell where a state folder may not be read */
export function findRemains(wish: Wish, around: Surroundings): Remains {
  const owners = listDaemons(around);
  if (wish.socket !== undefined) return ofSocket(resolve(wish.socket), owners, around);
  if (wish.configUid) return ofConfig(wish.configUid, owners, around);
  if (wish.uid !== undefined) return ofUid(wish.uid, owners, around);
  const fromEnvironment = around.env['PROCMAN_SOCKET'];
  if (fromEnvironment) return ofSocket(resolve(fromEnvironment), owners, around);
  return ofAnybody(owners, around);
}

/** A line for each, with the option that chooses it. */
export function listOf(places: readonly Place[]): string {
  return places.map(({ uid, stateDir }) => `  -u ${uid}   state ${stateDir}`).join('\n');
}

function ofSocket(socket: string, owners: readonly FoundDaemon[], around: Surroundings): Remains {
  const found = owners.find(({ owner }) => owner.socket === socket);
  if (found) return { places: [placeOf(found.owner)], looked: [] };
  // A socket of the default place is named by its uid, or lies in the state folder.
  const folders = [dirname(socket), defaultStateDirectory(basename(socket, '.sock'), around)];
  const places = folders.flatMap((folder) => {
    const owner = existsSync(`${folder}/daemon.json`) ? ownerOfState(folder) : undefined;
    return owner?.socket === socket ? [placeOf(owner)] : [];
  });
  return { places: places.slice(0, 1), looked: folders.map((folder) => `${folder}/daemon.json`) };
}

function ofConfig(
  { file, uid }: NonNullable<Wish['configUid']>,
  owners: readonly FoundDaemon[],
  around: Surroundings,
): Remains {
  const found = owners.find(({ owner }) => owner.uid === uid);
  if (found) return { places: [placeOf(found.owner)], looked: [] };
  const loaded = loadConfig(file, currentContext());
  const stateDir = loaded.ok ? loaded.config.daemon.stateDir : stateDirectoryOfBroken(file, currentContext());
  return ofState(uid, stateDir ?? defaultStateDirectory(uid, around), file);
}

function ofUid(uid: string, owners: readonly FoundDaemon[], around: Surroundings): Remains {
  const found = owners.find(({ owner }) => owner.uid === uid);
  if (found) return { places: [placeOf(found.owner)], looked: [] };
  return ofState(uid, defaultStateDirectory(uid, around));
}

/** @param config - taken where the state folder does not name one */
function ofState(uid: string, stateDir: string, config?: string): Remains {
  const owner = ownerOfState(stateDir);
  const isThere =
    owner !== undefined || (['lastConfig', 'instances'] as const).some((file) => existsSync(stateFile(stateDir, file)));
  const place = { uid, stateDir, config: owner?.config ?? (config === undefined ? undefined : resolve(config)), owner };
  return { places: isThere ? [place] : [], looked: [stateDir] };
}

/**
 * What ended with services alive has left an owner file, and is meant first; else what ended well is in its state folder. Those of
 * root that this user may not read are named only where he has none of his own.
 */
function ofAnybody(owners: readonly FoundDaemon[], around: Surroundings): Remains {
  const open = owners.filter(({ owner }) => mayRead(owner.stateDir));
  if (open.length > 0) return placesOf(open);
  const own = endedWell(around);
  return own.places.length === 0 && owners.length > 0 ? placesOf(owners) : own;
}

const placesOf = (found: readonly FoundDaemon[]): Remains => ({
  places: found.map(({ owner }) => placeOf(owner)),
  looked: [],
});

/** A folder that is gone can be told about. */
function mayRead(folder: string): boolean {
  try {
    accessSync(folder, constants.R_OK | constants.X_OK);
    return true;
  } catch (error) {
    return (error as { code?: string }).code === 'ENOENT';
  }
}

function endedWell(around: Surroundings): Remains {
  const base = dirname(defaultStateDirectory('any', around));
  const places = foldersIn(base).flatMap((folder) => {
    const owner = ownerOfState(folder);
    return owner === undefined ? [] : [placeOf(owner)];
  });
  return { places, looked: [base] };
}

function foldersIn(base: string): string[] {
  try {
    return readdirSync(base).map((name) => `${base}/${name}`);
  } catch {
    return [];
  }
}

const placeOf = (owner: OwnerFile): Place => ({
  uid: owner.uid,
  stateDir: owner.stateDir,
  config: owner.config,
  owner,
});
