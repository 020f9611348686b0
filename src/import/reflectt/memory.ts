import { limits } from '../../../schemas/index.ts';
import type { Draft } from '../draft.ts';
import type { Folder } from '../folder.ts';
import { boundedSource } from '../sources.ts';
import { split } from '../text.ts';
import { memberRef } from './names.ts';

/** A memory file of an agent: `workspace-<agent>/MEMORY.md`, or one of a day below `workspace-<agent>/memory/`. */
export interface MemoryFile {
  readonly path: string;
  readonly agent: string;
  readonly name: string;
}

const place = /(?:^|\/)workspace-([^/]+)\/(?:memory\/)?([^/]+\.md)$/;

export function memoryFiles(folder: Folder): MemoryFile[] {
  return [...folder.files.keys()].flatMap((path) => {
    const [, agent, name] = place.exec(path) ?? [];
    if (agent === undefined || name === undefined) return [];
    // Beside it lie files that say who the agent is.
    return path.endsWith(`/memory/${name}`) || name === 'MEMORY.md' ? [{ path, agent, name }] : [];
  });
}

/** The time that its name says, ms: a file of a day is of that day. */
const timeOf = (name: string): number => {
  const at = Date.parse(`${/^\d{4}-\d{2}-\d{2}/.exec(name)?.[0] ?? ''}T00:00:00Z`);
  return Number.isNaN(at) ? 0 : at;
};

/** A file as one memory, or as many as its text needs; the key is the agent's name and the file's. */
export function* memoryDrafts({ path, agent, name }: MemoryFile, text: string): Generator<Draft> {
  if (text.trim() === '') return;
  for (const [i, part] of split(text, limits.textBytes).entries()) {
    const own = boundedSource(`reflectt:memory:${agent}:${name}${i === 0 ? '' : `:part:${i + 1}`}`);
    const key = `${agent}/${name.slice(0, -'.md'.length)}${i === 0 ? '' : `/${i + 1}`}`;
    yield {
      ref: own,
      log: { kind: 'memory' },
      type: 'memory.create',
      data: { key: key.slice(0, 256), tags: ['reflectt'], sources: [path.slice(0, 2048)] },
      body: { title: `${agent}: ${name}`, text: part },
      imported: { at: timeOf(name), source: own, author: memberRef(agent) },
    };
  }
}
