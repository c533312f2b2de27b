/**
 * Runs the proofs, one after the other, and prints the table of each.
 *
 *   npm run prove                                  short, as the continuous integration does: what needs no real processes
 *   npm run prove -- --minutes N --seed S          long: all of them, the time is shared out among them
 *   npm run prove -- simulation --seed 7 --steps 200 --histories 1
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { proofs } from './proofs.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: Object.fromEntries(['minutes', 'seed', 'histories', 'steps'].map((name) => [name, { type: 'string' }])),
});

function whole(name) {
  const text = values[name];
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  console.error(`--${name}: a whole number above 0 is needed, not ${text}`);
  process.exit(2);
}

const [minutes, seed = 1, histories, steps] = ['minutes', 'seed', 'histories', 'steps'].map(whole);
const unknown = positionals.filter((given) => !proofs.some(({ name }) => name === given));
if (unknown.length > 0) {
  console.error(`no proof is called ${unknown.join(', ')}; there are: ${proofs.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}
const isAsked = ({ name, isShort = true }) =>
  positionals.length === 0 ? isShort || minutes !== undefined : positionals.includes(name);
const chosen = proofs.filter(isAsked);
const long = chosen.filter(({ isLong = true }) => isLong).length;

const folder = mkdtempSync(join(tmpdir(), 'procman-proof-'));
const lines = [];
let isGood = true;
try {
  for (const proof of chosen) {
    console.log(`\n== ${proof.name}: ${proof.about}\n`);
    const until = minutes === undefined ? undefined : Date.now() + (minutes * 60_000) / Math.max(long, 1);
    const began = performance.now();
    const say = (text) => console.log(`   ${proof.name}: ${text}`);
    const { ok, text, line } = await proof.prove({ folder, seed, until, histories, steps, say });
    console.log(text);
    lines.push(
      `${ok ? 'ok    ' : 'FAILED'}  ${proof.name}: ${line} (${((performance.now() - began) / 1000).toFixed(0)} s)`,
    );
    isGood &&= ok;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`\n${lines.join('\n')}`);
process.exitCode = isGood ? 0 : 1;
