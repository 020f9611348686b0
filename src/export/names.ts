import type { Person } from '../../schemas/index.ts';
import type { ExportMember, ExportReader } from './reader.ts';

/** Ids of things that others refer to and that were seen not long ago. */
const remembered = 25_000;

/** Gives everything the id that it has outside of this workspace. */
export interface Names {
  /** Of a thing read just now. */
  id(id: string, source: string | undefined): string;
  /** Of a member; from now on it belongs to the export. */
  member(person: { readonly id: string }): string;
  memberOrNull(person: Person | null | undefined): string | null;
  handle(id: string): string;
  /** Of something referred to. */
  refer(id: string): Promise<string>;
  /** Those who brought something, or whom something names. */
  members(): Iterable<{ readonly id: string; readonly member: ExportMember }>;
}

export async function readNames(reader: ExportReader): Promise<Names> {
  const members = new Map<string, ExportMember>();
  const named = new Set<string>();
  // Two generations instead of one map that drops its oldest: that costs a walk over all that it dropped before.
  let recent = new Map<string, string>();
  let older = new Map<string, string>();
  for await (const member of reader.members()) members.set(member.id, member);

  const make = (id: string, source: string | undefined): string =>
    source ?? `coterie:${reader.workspace}:${id}`;
  const remember = (id: string, outside: string): string => {
    recent.set(id, outside);
    if (recent.size >= remembered) {
      older = recent;
      recent = new Map();
    }
    return outside;
  };
  const member = (id: string): string => {
    named.add(id);
    return make(id, members.get(id)?.source);
  };

  return {
    id: (id, source) => remember(id, make(id, source)),
    member: ({ id }) => member(id),
    memberOrNull: (person) => (person ? member(person.id) : null),
    handle: (id) => members.get(id)?.handle ?? id,
    async refer(id) {
      return recent.get(id) ?? older.get(id) ?? remember(id, make(id, await reader.source(id)));
    },
    *members() {
      for (const [id, found] of members)
        if (found.imported || named.has(id)) yield { id: make(id, found.source), member: found };
    },
  };
}
