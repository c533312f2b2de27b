/** Entry of the bundle `completions.cjs`: what the shells of the system ask for at Tab. Loaded when first used. */
import { readGuarded } from '@procman/daemon/config/guarded-file';
import { resolve } from 'node:path';
import { proposeForBash } from './bash-completion.ts';
import { Client } from './client.ts';
import { type Command, GLOBAL_OPTIONS, type Option } from './command.ts';
import { type Choice, type CompletionSources, optionValue, proposeAll, selectorsOf } from './completion.ts';
import { COMPLETION_SCRIPTS, type ShellName } from './completion-scripts.ts';
import { findDaemon, listDaemons, plainUid, type Surroundings, type Wish } from './find-daemon.ts';
import { clientProgram, daemonProgram } from './programs.ts';
import { splitLine } from './text/words.ts';

/** Nobody waits longer at a Tab for a daemon that does not answer. */
const PATIENCE_MS = 1000;

export interface CompletionQuestion {
  /** `bash`: WORDBREAKS LINE; `words`: the words behind the program's name, the last one being typed. */
  readonly form: string;
  readonly program: string;
  readonly words: readonly string[];
  readonly commands: readonly Command[];
  readonly surroundings: Surroundings;
}

/** A line that says what follows (`words` or `files`), then one per proposal: for `words` with a tab and what it is. */
async function answer(question: CompletionQuestion): Promise<string> {
  const { form, words } = question;
  const lines = form === 'bash' ? await answerBash(question) : await answerWords(question, words);
  return lines.map((line) => `${line}\n`).join('');
}

async function answerBash(question: CompletionQuestion): Promise<string[]> {
  const [breaks = '', line = ''] = question.words;
  const typed = splitLine(line).words.map(({ text }) => text);
  const { replies, wantsFiles } = await proposeForBash(
    programOf(question),
    { line, breaks },
    sourcesFor(question, typed),
  );
  return [wantsFiles ? 'files' : 'words', ...replies];
}

async function answerWords(question: CompletionQuestion, words: readonly string[]): Promise<string[]> {
  const before = words.slice(0, -1);
  // fish gives the word as it is typed, with its quotes.
  const typed = splitLine(words.at(-1) ?? '').words[0]?.text ?? '';
  const { choices, filesBehind } = await proposeAll(programOf(question), before, typed, sourcesFor(question, before));
  return [filesBehind === undefined ? 'words' : 'files', ...choices.map(({ text, about = '' }) => `${text}\t${about}`)];
}

function programOf({ program, commands }: CompletionQuestion) {
  return program === 'procmand' ? daemonProgram : clientProgram(commands);
}

/** Silent where there is no daemon: a Tab is no place for complaints. */
function sourcesFor({ surroundings }: CompletionQuestion, words: readonly string[]): CompletionSources {
  return {
    names: () => withinPatience(askNames(words, surroundings)),
    uids: () => listDaemons(surroundings).map(({ owner }) => ({ text: owner.uid, about: owner.config })),
  };
}

async function askNames(words: readonly string[], surroundings: Surroundings): Promise<readonly Choice[]> {
  const client = await Client.connect(findDaemon(wishOf(words), surroundings).socket);
  try {
    return selectorsOf((await client.call('status', {})).processes);
  } finally {
    client.close();
  }
}

async function withinPatience(names: Promise<readonly Choice[]>): Promise<readonly Choice[]> {
  let timer: NodeJS.Timeout | undefined;
  const none = new Promise<readonly Choice[]>((resolve) => {
    timer = setTimeout(() => resolve([]), PATIENCE_MS);
  });
  try {
    return await Promise.race([names.catch(() => []), none]);
  } finally {
    clearTimeout(timer);
  }
}

/** Which daemon the half-typed line means. */
function wishOf(words: readonly string[]): Wish {
  const value = (long: string): string | undefined =>
    optionValue(words, GLOBAL_OPTIONS.find((option) => option.long === long) as Option);
  const file = value('config');
  const read = file === undefined ? undefined : readGuarded(resolve(file));
  const uid = read?.ok ? plainUid(read.text) : undefined;
  const configUid = file === undefined || uid === undefined ? undefined : { file, uid };
  return { socket: value('socket'), uid: value('uid'), configUid };
}

function script(shell: ShellName): string {
  return COMPLETION_SCRIPTS[shell];
}

export const completions = { answer, script };
export type Completions = typeof completions;
