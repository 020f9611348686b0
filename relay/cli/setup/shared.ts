import { bytesOf, digest, real } from './files.ts';
import type { Part } from './parts.ts';
import { type Kept, type Record, recordOf } from './record.ts';
import { type Place, type Planned, type ToolName, toolNames, tools } from './tools.ts';

/** Another program that is set up in the same place. */
export interface Other {
  readonly tool: ToolName;
  readonly record: Record;
  readonly kept: readonly Kept[];
  readonly planned: readonly Planned[];
}

/** The other programs that are set up in a place. */
export function othersIn(config: string, place: Place, name: ToolName): Other[] {
  return toolNames.flatMap((tool) => {
    if (tool === name) return [];
    const record = recordOf(config, tool, place.project ?? '');
    const kept = record.read();
    return kept === undefined ? [] : [{ tool, record, kept, planned: tools[tool].files(place) }];
  });
}

const isAt =
  (path: string) =>
  (one: { readonly path: string }): boolean =>
    real(one.path) === real(path);

const isWhat = (bytes: Buffer | undefined, wrote: string): boolean =>
  bytes !== undefined && digest(bytes) === wrote;

/**
 * The other program that reads a file of ours too, so that our part must stay in it; undefined where nobody else does, and
 * where taking ours back leaves the part as the other wrote it.
 */
export function sharerOf(one: Kept, record: Record, others: readonly Other[]): Other | undefined {
  const other = others.find(({ planned }) => planned.some(isAt(one.path)));
  const theirs = other?.kept.find(isAt(one.path));
  if (theirs === undefined || one.copy === null) return other;
  const untouched = isWhat(bytesOf(one.path), one.wrote);
  return untouched && isWhat(record.bytes(one.copy), theirs.wrote) ? undefined : other;
}

/** What there was before us is what comes back once the other is taken back as well. */
export function handOver(one: Kept, record: Record, { record: to, kept, planned }: Other): void {
  const before = one.copy === null ? undefined : record.bytes(one.copy);
  const theirs = kept.find(isAt(one.path));
  if (theirs !== undefined && theirs.copy === null) return;
  const found = theirs?.copy ? to.bytes(theirs.copy) : undefined;
  const direct = found === undefined || isWhat(found, one.wrote);
  const part = planned.find(isAt(one.path))?.part;
  // Changed by hand between the two: what comes back then is that, without our part.
  const bytes = direct ? before : without(found, part);
  const copy = bytes === undefined ? null : (theirs?.copy ?? `handed-${kept.length}`);
  if (bytes !== undefined && copy !== null) to.keep(copy, bytes);
  const { path, wrote } = theirs ?? one;
  const folders = [...(theirs?.folders ?? []), ...one.folders];
  to.write([...kept.filter((other) => other !== theirs), { path, copy, wrote, folders }]);
}

const without = (bytes: Buffer, part: Part | undefined): Buffer =>
  Buffer.from(part?.take(bytes.toString('utf8')) ?? bytes);
