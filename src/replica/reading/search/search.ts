import type { z } from 'zod';
import {
  CoterieError,
  type Hash,
  type SearchAnswer,
  type SearchQuery,
  type SearchResult,
} from '../../../../schemas/index.ts';
import type { AnyState } from '../../../fold/types.ts';
import { type Search, snippet } from '../../../search/index.ts';
import { stateOf } from '../../ledger/state.ts';
import { channelOfLog, isOfOthers } from '../../views/conversation.ts';
import { operation, type Reading, stampIso, textOf, thing } from '../context.ts';
import { findChannel, nameOfChannel } from '../names.ts';

/** Results of one answer at most, and when nobody says. */
const most = 200;
const usual = 20;

/** Full-text search over messages, tasks with their comments, and memory. The cursor is how many came before. */
export async function find(
  reading: Reading,
  search: Search,
  member: Hash,
  query: z.infer<typeof SearchQuery>,
  tag?: string,
): Promise<SearchAnswer> {
  const offset = query.cursor === undefined ? 0 : Number(query.cursor);
  if (!Number.isSafeInteger(offset) || offset < 0)
    throw new CoterieError('invalid', 'cursor is not one of a search.');
  const channel =
    query.channel === undefined ? undefined : (await findChannel(reading, query.channel, member)).id;
  const kinds =
    query.kind === undefined
      ? undefined
      : query.kind === 'task'
        ? (['task', 'comment'] as const)
        : [query.kind];
  const found = await search.query({
    text: query.q,
    ...(kinds ? { kinds } : {}),
    ...(channel ? { channel } : {}),
    ...(tag === undefined ? {} : { tag }),
    limit: Math.min(query.limit ?? usual, most),
    offset,
  });
  const results = found.hits.flatMap(({ id, kind, score, terms }): SearchResult[] => {
    // Of conversations between others only the one that is asked for.
    const log = operation(reading, id)?.header.log ?? '';
    if (channel === undefined && isOfOthers(reading.database, member, log)) return [];
    const shown = shownOf(reading, thing(reading, id, kind));
    return shown ? [{ kind, id, score, ...shown.fields, snippet: snippet(shown.text, terms) }] : [];
  });
  const end = offset + found.hits.length;
  return {
    results,
    modes: ['text'],
    ...(end < found.total && found.hits.length > 0 ? { next: String(end) } : {}),
    behind: found.behind,
  };
}

/** What a hit shows; undefined when it is gone since it was indexed. */
function shownOf(reading: Reading, state: AnyState) {
  if (state.redacted) return undefined;
  const by = reading.membership.person(state.created.by);
  const at = new Date(state.created.at).toISOString();
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
    case 'memory': {
      const version = state.versions[0];
      if (state.forgotten || !version) return undefined;
      const title = textOf(reading, version.op, 'title') ?? state.key;
      return {
        text: textOf(reading, version.op, 'text') ?? '',
        fields: {
          by,
          at: state.imported ? at : stampIso(version.stamp),
          ...(title === undefined ? {} : { title }),
          ...(state.key === undefined ? {} : { place: state.key }),
        },
      };
    }
    default:
      return undefined;
  }
}
