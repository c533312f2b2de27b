import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ExitWatch } from './exit-watch.ts';
import { until } from './launch-ground.ts';

let runs: string;
let looks: (ReadonlySet<string> | 'all')[];
let watch: ExitWatch;

beforeEach(() => {
  runs = fs.mkdtempSync(`${tmpdir()}/procman-watch-`);
  for (const folder of ['exit', 'record']) fs.mkdirSync(`${runs}/${folder}`);
  looks = [];
  watch = new ExitWatch(runs, (names) => looks.push(names));
});
afterEach(() => {
  watch.stop();
  fs.rmSync(runs, { recursive: true });
});

const seen = (key: string): true | undefined => looks.some((look) => look !== 'all' && look.has(key)) || undefined;

describe('ExitWatch', () => {
  it('first says to look at everything, then names the instances', async () => {
    watch.start();
    await until('the first look', () => looks.length || undefined);
    expect(looks).toEqual(['all']);
    fs.writeFileSync(`${runs}/exit/a~0.L1`, 'x');
    fs.writeFileSync(`${runs}/draft`, 'x');
    fs.renameSync(`${runs}/draft`, `${runs}/record/b~1`);
    fs.writeFileSync(`${runs}/exit/c~2.health-check.L2`, 'x');
    fs.writeFileSync(`${runs}/record/d~3.before`, 'x');
    await until('all', () => (['a~0', 'b~1', 'c~2', 'd~3'].every(seen) ? true : undefined));
    expect(watch.mode).toBe('watch');
  });

  it('tells of many changes at once', async () => {
    watch.start();
    await until('the first look', () => looks.length || undefined);
    for (let number = 0; number < 300; number += 1) fs.writeFileSync(`${runs}/exit/a~${number}.L1`, 'x');
    await until('the last', () => seen('a~299'));
    expect(looks.length).toBeLessThan(30);
  });

  it('notices at the next check that its folder was made anew', async () => {
    watch.start();
    watch.check();
    await until('the first look', () => looks.length || undefined);
    fs.rmSync(`${runs}/exit`, { recursive: true });
    fs.mkdirSync(`${runs}/exit`);
    watch.check();
    await until('a look at all', () => looks.filter((look) => look === 'all').length >= 2 || undefined);
    fs.writeFileSync(`${runs}/exit/c~0.L2`, 'x');
    await until('the new file', () => seen('c~0'));
  });

  it('looks every 250 ms where it cannot watch, until it can', async () => {
    fs.rmdirSync(`${runs}/record`);
    watch.start();
    expect(watch.mode).toBe('poll');
    await until('three looks', () => looks.length >= 3 || undefined);
    expect(new Set(looks)).toEqual(new Set(['all']));
    fs.mkdirSync(`${runs}/record`);
    watch.check();
    expect(watch.mode).toBe('watch');
  });

  it('is silent after its stop', async () => {
    watch.start();
    watch.stop();
    fs.writeFileSync(`${runs}/exit/a~0.L1`, 'x');
    await new Promise((resolve) => setTimeout(resolve, 50));
    watch.check();
    expect(looks).toEqual([]);
  });
});
