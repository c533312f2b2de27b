/** What was done, and what came of it. */
export interface Tally {
  rounds: number;
  daemonsKilled: number;
  daemonsFrozen: number;
  secondDaemons: number;
  adoptions: number;
  launchersKilled: number;
  servicesKilled: number;
  endsByThemselves: number;
  commands: number;
  clientsHungUp: number;
  reloads: number;
  fullDisks: number;
  readOnlyDisks: number;
  clockJumps: number;
  launches: number;
  exitsReported: number;
  duplicates: number;
  lostExits: number;
  wrongExits: number;
  unexpectedStops: number;
}

export function newTally(): Tally {
  return {
    rounds: 0,
    daemonsKilled: 0,
    daemonsFrozen: 0,
    secondDaemons: 0,
    adoptions: 0,
    launchersKilled: 0,
    servicesKilled: 0,
    endsByThemselves: 0,
    commands: 0,
    clientsHungUp: 0,
    reloads: 0,
    fullDisks: 0,
    readOnlyDisks: 0,
    clockJumps: 0,
    launches: 0,
    exitsReported: 0,
    duplicates: 0,
    lostExits: 0,
    wrongExits: 0,
    unexpectedStops: 0,
  };
}

/** A line for each. */
export function tallyText(tally: Tally): string {
  return Object.entries(tally)
    .map(([what, count]) => `${words(what).padEnd(20)} ${String(count).padStart(7)}`)
    .join('\n');
}

function words(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
