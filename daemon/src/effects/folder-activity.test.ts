import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { NodeSystem } from './node-system.ts';
import { SystemError } from './system.ts';

const system = new NodeSystem();
let folder: string;

beforeEach(() => {
  folder = fs.mkdtempSync(`${tmpdir()}/procman-activity-`);
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

/** Seconds after the epoch. */
const set = (path: string | Buffer, seconds: number): void => fs.lutimesSync(path, seconds, seconds);

it('is the newest time of the folder and its direct entries', () => {
  fs.mkdirSync(`${folder}/sub`);
  fs.writeFileSync(`${folder}/sub/new`, '');
  fs.writeFileSync(`${folder}/file`, '');
  set(`${folder}/file`, 200);
  set(`${folder}/sub`, 100);
  set(folder, 150);
  expect(system.newestChange(folder)).toBe(200_000);
  set(`${folder}/sub`, 300.5);
  expect(system.newestChange(folder)).toBe(300_500);
  set(folder, 400);
  expect(system.newestChange(folder)).toBe(400_000);
});

it('is that of the folder where it is empty', () => {
  set(folder, 7);
  expect(system.newestChange(folder)).toBe(7000);
});

it('follows a link to the folder, but none in it', () => {
  const link = `${folder}/link`;
  fs.mkdirSync(`${folder}/real`);
  fs.writeFileSync(`${folder}/target`, '');
  fs.symlinkSync(`${folder}/target`, `${folder}/real/a`);
  fs.symlinkSync('nowhere', `${folder}/real/b`);
  fs.symlinkSync('real', link);
  set(`${folder}/real/a`, 20);
  set(`${folder}/real/b`, 30);
  set(`${folder}/real`, 10);
  expect(system.newestChange(link)).toBe(30_000);
});

it('sees entries whose names are no text', () => {
  const name = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xff, 0x80])]);
  fs.writeFileSync(name, '');
  set(name, 500);
  set(folder, 1);
  expect(system.newestChange(folder)).toBe(500_000);
});

it('reads as many entries as there are', () => {
  for (let number = 0; number < 12_000; number += 1) fs.writeFileSync(`${folder}/${number}`, '');
  set(`${folder}/7777`, 4_000_000_000);
  expect(system.newestChange(folder)).toBe(4_000_000_000_000);
});

it('is unknown where there is no folder, and fails where it is none', () => {
  expect(system.newestChange(`${folder}/none`)).toBeUndefined();
  fs.writeFileSync(`${folder}/file`, '');
  expect(() => system.newestChange(`${folder}/file`)).toThrow(SystemError);
});
