/** The configuration of a process as it is in effect: templates, defaults and variables worked in, a line for each setting. */
import { stateFile } from '@procman/protocol/state-files';
import { readFileSync } from 'node:fs';
import { currentContext, loadConfig, parseConfig, type LoadResult } from '@procman/daemon/config/load';
import { formatProblem } from '@procman/daemon/config/problem';

export interface ConfigWish {
  /** Process id in the configuration. */
  readonly id: string;
  /** Absolute. */
  readonly configPath: string;
  /** Where the daemon keeps what it has applied; undefined: not known. */
  readonly stateDir?: string | undefined;
  /** ISO time of when the configuration in effect was applied. */
  readonly loadedAt: string;
}

/** What was applied is shown where it may be read; else the file, which may have been edited since. */
export function effectiveConfig(wish: ConfigWish): readonly string[] {
  const { id, configPath, stateDir } = wish;
  const applied = stateDir === undefined ? undefined : appliedConfig(configPath, stateDir);
  const result = applied ?? loadConfig(configPath, currentContext());
  const source = applied
    ? `# ${configPath}, as it was applied last`
    : `# ${configPath} as it is now; what was applied last may not be read (it may differ if the file has been edited since ${wish.loadedAt})`;
  if (!result.ok) return [source, ...result.problems.flatMap((problem) => formatProblem(problem).split('\n'))];
  const process = result.config.core.processes.find((each) => each.id === id);
  if (process === undefined) return [source, `# it has no process "${id}" any more`];
  return [source, ...process.versions.flatMap((version) => ['', ...settingsOf(version)])];
}

function appliedConfig(configPath: string, stateDir: string): LoadResult | undefined {
  let text: string;
  try {
    text = readFileSync(stateFile(stateDir, 'lastConfig'), 'utf8');
  } catch {
    return undefined;
  }
  const result = parseConfig(text, configPath, { ...currentContext(), stateDir, wasApplied: true });
  return result.ok ? result : undefined;
}

type Value = unknown;

/** Made by the loader for its own use. */
const OMITTED = new Set(['fingerprint', 'digest']);
/** In milliseconds. */
const DURATIONS = /(?:Secs|Delay|Window|Timeout|Time|After|timeout|interval|startPeriod)$/;
/** `{ text, ... }`: what was written says it all. */
const WRITTEN = new Set(['applyOn', 'schedule']);

function settingsOf(version: object): string[] {
  return Object.entries(version).flatMap(([key, value]) => settingLines(key, value));
}

function settingLines(key: string, value: Value): string[] {
  if (OMITTED.has(key) || value === undefined) return [];
  if (key === 'env') return envLines(value as Readonly<Record<string, string>>);
  const path = key.split('.').map(kebab).join('.');
  if (WRITTEN.has(key)) return [`${path} = ${shown(key, (value as { text: string }).text)}`];
  if (typeof value !== 'object' || value === null) return [`${path} = ${shown(key, value)}`];
  if (Array.isArray(value)) return [`${path} = ${listText(value)}`];
  return Object.entries(value).flatMap(([inner, each]) => settingLines(`${key}.${inner}`, each));
}

/** Values may be secret, and a screen is seen by others. */
function envLines(env: Readonly<Record<string, string>>): string[] {
  return Object.keys(env).map((name) => `env.${name} = (set; its value is not shown)`);
}

const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

function listText(values: readonly Value[]): string {
  const texts = values.map((value) =>
    typeof value === 'object' && value !== null ? inlineText(value) : shown('', value),
  );
  return `[${texts.join(', ')}]`;
}

function inlineText(value: object): string {
  return `{ ${Object.entries(value)
    .map(([key, each]) => `${kebab(key)} = ${shown(key, each)}`)
    .join(', ')} }`;
}

function shown(key: string, value: Value): string {
  if (key === 'umask' && typeof value === 'number') return `"${value.toString(8).padStart(4, '0')}"`;
  if (typeof value === 'number' && DURATIONS.test(key)) return `"${durationText(value)}"`;
  return JSON.stringify(value);
}

function durationText(ms: number): string {
  const units = [
    [3_600_000, 'h'],
    [60_000, 'm'],
    [1000, 's'],
  ] as const;
  const [size, unit] = units.find(([each]) => ms >= each && ms % each === 0) ?? [1, 'ms'];
  return `${ms / size}${unit}`;
}
