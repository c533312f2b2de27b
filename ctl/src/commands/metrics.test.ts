import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { run } from '../cli.ts';
import { COMMANDS } from '../command-table.ts';
import { FakeDaemon } from '../testing/fake-daemon.ts';
import { fakeIo } from '../testing/fake-io.ts';

const surroundings = { euid: 0, env: {}, proc: '/nowhere', rootRuntime: '/nowhere' };
const TEXT = '# HELP a b\n# TYPE a gauge\na 1\n';

let daemon: FakeDaemon;
let folder: string;

beforeEach(async () => {
  daemon = await FakeDaemon.start({ metrics: () => ({ contentType: 'text/plain', text: TEXT }) });
  folder = mkdtempSync(join(tmpdir(), 'procman-textfile-'));
});

afterEach(async () => {
  await daemon.stop();
  rmSync(folder, { recursive: true });
});

async function ctl(...words: readonly string[]) {
  const io = fakeIo();
  const code = await run(['-s', daemon.socket, 'metrics', ...words], { io, surroundings, commands: COMMANDS });
  return { code, ...io.printed };
}

it('prints what the daemon answers, and nothing else', async () => {
  expect(await ctl()).toMatchObject({ code: 0, out: TEXT, err: '' });
  expect(JSON.parse((await ctl('--json')).out)).toEqual({ contentType: 'text/plain', text: TEXT });
});

it('writes a file that all may read, whatever the umask, and leaves nothing beside it', async () => {
  const file = join(folder, 'procman.prom');
  writeFileSync(file, 'old', { mode: 0o600 });
  const { ino } = statSync(file);
  const umask = process.umask(0o077);
  try {
    expect(await ctl('-o', file)).toMatchObject({ code: 0, out: '', err: '' });
  } finally {
    process.umask(umask);
  }
  expect(readFileSync(file, 'utf8')).toBe(TEXT);
  expect(statSync(file).mode & 0o777).toBe(0o644);
  // Another file in its place: who has the old one open reads that to its end.
  expect(statSync(file).ino).not.toBe(ino);
  expect(readdirSync(folder)).toEqual(['procman.prom']);
});

it('says what is wrong with the file', async () => {
  mkdirSync(join(folder, 'sub'));
  expect(await ctl('-o', join(folder, 'sub'))).toMatchObject({ code: 1, err: expect.stringContaining('it is a folder; name a file in it') as string }); // prettier-ignore
  expect(await ctl('-o', join(folder, 'none/x.prom'))).toMatchObject({ code: 1, err: expect.stringContaining('none/x.prom') as string }); // prettier-ignore
  expect(await ctl('-o', '')).toMatchObject({ code: 2 });
  expect(readdirSync(folder)).toEqual(['sub']);
});

it('leaves the file as it was where no daemon answers', async () => {
  const file = join(folder, 'procman.prom');
  writeFileSync(file, 'old');
  await daemon.stop();
  expect(await ctl('-o', file)).toMatchObject({ code: 5 });
  expect(readFileSync(file, 'utf8')).toBe('old');
});
