import type { FoundMemory, Hash, Person, SearchResult } from '../../../../schemas/index.ts';
import { stampTime } from '../../../fold/index.ts';
import type { AnyState, MemoryState } from '../../../fold/types.ts';
import { hashOf } from '../../../op/index.ts';
import { stateOf } from '../../ledger/state.ts';
import { channelOfLog } from '../../views/conversation.ts';
import { operation, type Reading, textOf, thing, time } from '../context.ts';
import { memoriesOfKey, nameOfChannel } from '../names.ts';
import type { Gathered } from './gathered.ts';
import { replacing } from './newest.ts';

/** What a hit shows. */
interface Shown {
  readonly text: string;
  readonly fields: Omit<SearchResult, 'kind' | 'id' | 'score' | 'snippet' | 'marks'>;
}

/** How a text becomes the snippet of a result. */
export type Snippets = Pick<typeof import('../../../search/snippet.ts'), 'marksOf' | 'snippet'>;

/** A result with the whole of its text, of which the snippet is a part. */
export interface Whole {
  readonly result: SearchResult;
  readonly text: string;
}

/** The result that a hit is; none when the thing is gone since it was indexed. */
export async function resultOf(
  reading: Reading,
  { hit: { kind, score, terms, why }, shown: id, folded }: Gathered,
  { marksOf, snippet }: Snippets,
): Promise<Whole[]> {
  const shown = await shownOf(reading, thing(reading, id, kind));
  if (!shown) return [];
  const text = snippet(shown.text, terms);
  const result = {
    kind,
    id,
    score,
    ...shown.fields,
    snippet: text,
    marks: marksOf(text, terms),
    ...(folded.length > 0 ? { folded } : {}),
    ...(why ? { why } : {}),
  };
  return [{ result, text: shown.text }];
}

async function shownOf(reading: Reading, state: AnyState): Promise<Shown | undefined> {
  if (state.redacted) return undefined;
  const by = reading.membership.person(state.created.by);
  const at = time(state.created.at);
  switch (state.kind) {
    case 'message': {
      const channel = channelOfLog(operation(reading, state.id)?.header.log ?? '') ?? '';
      const place = stateOf(reading, reading.database, channel);
      const name = place?.kind === 'channel' ? nameOfChannel(reading, place) : undefined;
      return {
        text: textOf(reading, state.text[0]?.value, 'text') ?? '',
        fields: { by, at, channel, place: name ?? channel },
      };
    }
    case 'comment': {
      const task = stateOf(reading, reading.database, state.task);
      const place = task?.kind === 'task' ? task.short : state.task;
      return {
        text: textOf(reading, state.text[0]?.value, 'text') ?? '',
        fields: { by, at, task: state.task, place },
      };
    }
    case 'task': {
      const title = textOf(reading, state.title[0]?.value, 'title') ?? '';
      return {
        text: textOf(reading, state.description[0]?.value, 'description') ?? title,
        fields: { by, at, title, place: state.short },
      };
    }
    case 'memory':
      return shownMemory(reading, state, by);
    default:
      return undefined;
  }
}

/** When the version of a memory that shows was written, ms. */
export const writtenAt = (state: MemoryState): number => {
  const [version] = state.versions;
  return !version || (state.imported && version.op === state.id)
    ? state.created.at
    : stampTime(version.stamp);
};

async function shownMemory(reading: Reading, state: MemoryState, author: Person): Promise<Shown | undefined> {
  const [version] = state.versions;
  if (state.forgotten || !version) return undefined;
  const title = textOf(reading, version.op, 'title') ?? state.key;
  return {
    text: textOf(reading, version.op, 'text') ?? '',
    fields: {
      by: reading.membership.person(version.by),
      at: time(writtenAt(state)),
      ...(title === undefined ? {} : { title }),
      ...(state.key === undefined ? {} : { place: state.key }),
      memory: await foundMemory(reading, state, author),
    },
  };
}

async function foundMemory(reading: Reading, state: MemoryState, author: Person): Promise<FoundMemory> {
  const [version] = state.versions;
  if (!version) throw new Error(`memory ${state.id} without a version`);
  const { crypto, database } = reading;
  const now = reading.now();
  const named = state.key === undefined ? [] : await memoriesOfKey(database, hashOf(crypto, state.key));
  const listed = (name: 'twins' | 'supersedes' | 'supersededBy', ids: readonly Hash[]) =>
    ids.length > 0 ? { [name]: [...ids] } : {};
  return {
    version: version.op,
    age: Math.max(0, Math.floor((now - writtenAt(state)) / 1000)),
    ...(version.by === state.created.by ? {} : { author }),
    ...(version.kind === undefined ? {} : { kind: version.kind }),
    tags: [...version.tags],
    sources: [...version.sources],
    ...(version.expires === undefined ? {} : { expires: time(version.expires) }),
    ...(version.expires !== undefined && version.expires <= now ? { expired: true } : {}),
    ...(state.versions.length > 1 ? { siblings: state.versions.length - 1 } : {}),
    ...listed(
      'twins',
      named.filter((id) => id !== state.id),
    ),
    ...listed('supersedes', version.supersedes),
    ...listed('supersededBy', await replacing(reading, state.id)),
  };
}
