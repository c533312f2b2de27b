/** From files of another system to the text of a configuration. */
import { readGuarded } from '@procman/daemon/config/guarded-file';
import { type Problem, sortProblems } from '@procman/daemon/config/problem';
import type { Remark } from './draft.ts';
import type { Machine } from './machine.ts';
import { pm2 } from './readers/pm2.ts';
import { procfile } from './readers/procfile.ts';
import { procrust } from './readers/procrust.ts';
import { taskmaster } from './readers/taskmaster.ts';
import { tmOrchestrator } from './readers/tm-orchestrator.ts';
import { type Reader, type ReaderOptions, Reading, type Source } from './reading.ts';
import type { SourceFormat } from './formats.ts';
import { supervisord } from './supervisord/supervisord.ts';
import { systemd } from './systemd/systemd.ts';
import { REMARK_MARK, writeDraft } from './toml-writer.ts';

const READERS: Readonly<Record<SourceFormat, Reader>> = {
  supervisord,
  taskmaster,
  'tm-orchestrator': tmOrchestrator,
  procrust,
  pm2,
  procfile,
  systemd,
};

export interface ImportRequest {
  readonly from: SourceFormat;
  /** Absolute. */
  readonly files: readonly string[];
  readonly options: ReaderOptions;
  readonly machine: Machine;
  /** Of the configuration, where the source has none. */
  readonly uid: string;
  readonly now: Date;
}

export type ImportResult =
  | { readonly ok: true; readonly text: string; readonly processes: number; readonly remarks: readonly Remark[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Reads the files first. Never throws on what they hold: all problems at once. */
export function importFiles(request: ImportRequest): ImportResult {
  const reading = new Reading(request.machine, request.options, request.uid);
  const sources = request.files.flatMap((path) => sourceOf(path, reading));
  return importSources(sources, request, reading);
}

/** The same for texts. */
export function importSources(
  sources: readonly Source[],
  { from, files, options, machine, uid, now }: ImportRequest,
  reading = new Reading(machine, options, uid),
): ImportResult {
  READERS[from].read(sources, reading);
  if (reading.problems.length > 0) return { ok: false, problems: sortProblems(reading.problems, files[0] ?? '') };
  const { draft } = reading;
  const day = [now.getFullYear(), now.getMonth() + 1, now.getDate()]
    .map((part) => String(part).padStart(2, '0'))
    .join('-');
  const lines = [
    `Made by "procmanctl import --from ${from}" from ${files.join(', ')}, ${day}.`,
    ...(draft.remarks.length === 0
      ? []
      : [`What has no counterpart, or another meaning here, is told at its place: "${REMARK_MARK} ...".`]),
  ];
  const text = writeDraft(draft, {
    lines: lines.map((line) => line.replaceAll(/[\u0000-\u001f\u007f]/g, ' ')),
    uid,
    day,
  });
  const processes = draft.tables.filter(({ header }) => header === '[[process]]').length;
  return { ok: true, text, processes, remarks: draft.remarks };
}

function sourceOf(path: string, reading: Reading): Source[] {
  const read = readGuarded(path);
  if (read.ok) return [{ path, text: read.text }];
  const { message, line } = read;
  reading.error({ file: path, ...(line === undefined ? {} : { line }) }, message);
  return [];
}
