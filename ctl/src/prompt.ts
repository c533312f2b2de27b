/** The shell's prompt: always ends in `procman> `; before it stands in brackets what is not as it should be. */
import type { StatusResult } from '@procman/protocol/views';

/** What the shell knows of its daemon. */
export type DaemonView =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'none' }
  /** Several run, and none was chosen. */
  | { readonly kind: 'several' }
  | { readonly kind: 'silent' }
  | {
      readonly kind: 'up';
      readonly uid: string;
      readonly pid: number;
      readonly problems: number;
      readonly marks: readonly string[];
    };

export interface PromptFacts {
  readonly daemon: DaemonView;
  /** More daemons than this one run here. */
  readonly hasOthers: boolean;
  /** Exit code of the last command. */
  readonly lastCode: number;
}

const PROMPT = 'procman> ';
const RED = '31';
const DIM = '2';

export function promptOf({ daemon, hasOthers, lastCode }: PromptFacts, color: boolean): string {
  const who = hasOthers && daemon.kind === 'up' ? [daemon.uid] : [];
  const wrong = [...troubles(daemon), ...(lastCode === 0 ? [] : [`exit ${lastCode}`])];
  const marks = [...who, ...wrong].join(', ');
  if (marks === '') return PROMPT;
  return `${painted(`[${marks}]`, wrong.length > 0 ? RED : DIM, color)} ${PROMPT}`;
}

function troubles(daemon: DaemonView): readonly string[] {
  switch (daemon.kind) {
    case 'unknown':
      return [];
    case 'none':
      return ['no daemon'];
    case 'several':
      return ['no daemon chosen'];
    case 'silent':
      return ['the daemon does not answer'];
    case 'up':
      return [...problemMark(daemon.problems), ...daemon.marks];
  }
}

function problemMark(count: number): readonly string[] {
  return count === 0 ? [] : [count === 1 ? '1 problem' : `${count} problems`];
}

function painted(text: string, code: string, color: boolean): string {
  return color ? `\u001b[${code}m${text}\u001b[0m` : text;
}

/** What a status says to the prompt. */
export function viewOf({ daemon, processes }: StatusResult): DaemonView {
  const marks = [...(daemon.configError ? ['config error'] : []), ...(daemon.heldReload ? ['reload held'] : [])];
  const problems = processes.filter(({ verdict }) => verdict === 'problem').length;
  return { kind: 'up', uid: daemon.uid, pid: daemon.pid ?? 0, problems, marks };
}
