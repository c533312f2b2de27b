/**
 * Values that only a launch knows (`{{ PROCMAN_INSTANCE }}`, `{{ PROCMAN_NUM }}`, `{{ PROCMAN_PID_FILE }}`): the configuration is
 * read once for all instances, so it leaves placeholders for them in its texts, which are filled at launch.
 */

export interface LaunchValues {
  readonly PROCMAN_INSTANCE: string;
  readonly PROCMAN_NUM: string;
  readonly PROCMAN_PID_FILE: string;
}

export type LaunchName = keyof LaunchValues;

/** Noncharacters of Unicode: no text of a configuration holds them (its reader refuses them). */
const OPEN = '\uFDD0';
const CLOSE = '\uFDD1';
const PLACEHOLDER = /\uFDD0(PROCMAN_[A-Z_]+)\uFDD1/g;

export function placeholder(name: LaunchName): string {
  return `${OPEN}${name}${CLOSE}`;
}

/** Whether the text holds a character that placeholders are made of. */
export function holdsPlaceholder(text: string): boolean {
  return text.includes(OPEN) || text.includes(CLOSE);
}

export function fillPlaceholders(text: string, values: LaunchValues): string {
  return text.replace(PLACEHOLDER, (whole, name: string) => (name in values ? values[name as LaunchName] : whole));
}

/** With placeholders as they were written, for people. */
export function showPlaceholders(text: string): string {
  return text.replace(PLACEHOLDER, (_whole, name: string) => `{{ ${name} }}`);
}
