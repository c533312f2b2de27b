/** Reads supervisord's configuration: http://supervisord.org/configuration.html. */
import { dirname, resolve } from 'node:path';
import { type Reader, type Reading, type Source } from '../reading.ts';
import { type IniSection, PYTHON_INI, readIni } from '../ini-lines.ts';
import { readDaemonSection, remarkSection } from './daemon-keys.ts';
import { applyPriorities } from './priorities.ts';
import { addProgram, fieldsOf, type Program, programOf } from './programs.ts';

interface Found {
  readonly section: IniSection;
  readonly file: string;
}

export const supervisord: Reader = {
  read: (sources, reading) => {
    const found = sources.flatMap((source) => sectionsOf(source, reading));
    const programs = new Map<IniSection, Program>(
      found
        .filter(({ section }) => section.name.startsWith('program:'))
        .map(({ section, file }) => [section, programOf(section, file)]),
    );
    setDefaults(reading);
    for (const each of found) if (isGroup(each)) readMembers(each, [...programs.values()], reading);
    for (const each of found) {
      const { section, file } = each;
      const program = programs.get(section);
      if (program !== undefined) addProgram(program, reading);
      else if (section.name === 'supervisord') readDaemonSection(section, file, reading);
      else if (isGroup(each)) remarkGroup(each, reading);
      else if (section.name !== 'include') remarkSection(section, file, reading);
    }
    applyPriorities([...programs.values()], reading);
  },
};

const isGroup = ({ section }: Found): boolean => section.name.startsWith('group:');

/** What supervisord does where a program does not say otherwise. */
function setDefaults({ draft: { daemon, defaults } }: Reading): void {
  daemon.comment(
    '# on-exit = "stop"        # supervisord stops its programs when it is stopped itself; procman leaves them running',
  );
  defaults.set('autorestart', 'on-failure');
  defaults.set('start-retries', 3);
  defaults.set('max-runs', 0);
  defaults.set('kill-mode', 'mixed');
}

/** With those of the files that it includes. */
function sectionsOf({ path, text }: Source, reading: Reading): readonly Found[] {
  const { sections, problems } = readIni(text, PYTHON_INI);
  for (const { line, ...problem } of problems) {
    reading.error({ file: path, line }, problem.message, { found: problem.found, allowed: problem.allowed });
  }
  const included = sections
    .filter(({ name }) => name === 'include')
    .flatMap((section) => filesOf(section, path, reading));
  const others = included.flatMap((file) => {
    const read = reading.machine.read(file);
    if (read === undefined) reading.error({ file }, 'is included, and cannot be read');
    return read === undefined ? [] : sectionsOf({ path: file, text: read }, reading);
  });
  return [...sections.map((section) => ({ section, file: path })), ...others];
}

/** Patterns apart by blanks, relative to the file. */
function filesOf(section: IniSection, file: string, reading: Reading): readonly string[] {
  const field = fieldsOf(section, file).find(({ key }) => key === 'files');
  const patterns = (field?.text ?? '').replaceAll('%(here)s', dirname(file)).split(/\s+/).filter(Boolean);
  return patterns.flatMap((pattern) => reading.machine.glob(resolve(dirname(file), pattern)));
}

/** `programs=bar,baz` */
function readMembers({ section, file }: Found, programs: readonly Program[], reading: Reading): void {
  const field = fieldsOf(section, file).find(({ key }) => key === 'programs');
  for (const name of field?.text.split(',').map((each) => each.trim()) ?? []) {
    const program = programs.find((each) => each.name === name);
    if (program !== undefined) program.group = section.name.slice('group:'.length).trim();
    else if (field !== undefined) {
      const allowed = programs.map((each) => each.name).join(', ');
      reading.wrong({ ...field, text: name }, 'names a program that is not here', allowed);
    }
  }
}

function remarkGroup({ section, file }: Found, reading: Reading): void {
  for (const { key, place, text } of fieldsOf(section, file)) {
    if (key === 'programs') continue;
    const why = key === 'priority' ? 'of a group: only the order of starting, no dependency' : 'no counterpart';
    reading.draft.remark(place, `[${section.name}] ${key}=${text}`, why);
  }
}
