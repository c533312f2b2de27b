/** A service that writes numbered lines as fast as it can, and what has become of them. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { expect } from 'vitest';
import { processTable } from './config.ts';

const PER_ROUND = 10_000;

/**
 * Writes the numbers from 1 on, one per line, until the file `enough` is there; then waits for `end`.
 *
 * @param pause - in seconds, after every 10,000 lines
 */
export function numbers(id: string, gates: string, settings = '', pause = ''): string {
  const round = `seq $((i * ${PER_ROUND} + 1)) $(((i + 1) * ${PER_ROUND})); i=$((i + 1))${pause === '' ? '' : `; sleep ${pause}`}`;
  const line = `i=0; until [ -e ${gates}/enough ]; do ${round}; done; echo $i >${gates}/rounds.new; mv ${gates}/rounds.new ${gates}/rounds; until [ -e ${gates}/end ]; do sleep 0.05; done`;
  return processTable(id, line, settings);
}

/** How many numbers it has written; undefined while it writes. */
export function written(gates: string): number | undefined {
  return existsSync(`${gates}/rounds`) ? Number(readFileSync(`${gates}/rounds`, 'utf8')) * PER_ROUND : undefined;
}

/** Hidden files of a rotation under way. */
export function phases(log: string): string[] {
  const prefix = `.${basename(log)}.`;
  return readdirSync(dirname(log)).flatMap((name) =>
    name.startsWith(prefix) ? (/\.(part|done|punched|collapsed)-[\d-]+$/.exec(name)?.[1] ?? []) : [],
  );
}

/** The numbers of its backups, greatest first. */
export function backups(log: string): number[] {
  const prefix = `${basename(log)}.`;
  const names = readdirSync(dirname(log)).filter((name) => name.startsWith(prefix));
  return names.map((name) => Number(name.slice(prefix.length))).sort((one, other) => other - one);
}

/** That all files together are the numbers from 1 to the last, each once. */
export function expectNumbers(log: string, last: number): void {
  const files = [...backups(log).map((number) => `${log}.${number}`), log];
  expectLines(Buffer.concat(files.map((file) => readFileSync(file))), last);
}

export function expectLines(found: Buffer, last: number): void {
  const { stdout } = spawnSync('seq', [String(last)], { maxBuffer: 2 ** 30 });
  if (found.equals(stdout)) return;
  const lines = found.toString('latin1').split('\n');
  const wrong = lines.findIndex((line, index) => line !== String(index + 1));
  const around = lines.slice(Math.max(0, wrong - 1), wrong + 3).map((line) => line.slice(0, 40));
  expect.fail(`of ${last} lines ${lines.length - 1} are there; from line ${wrong} on: ${JSON.stringify(around)}`);
}
