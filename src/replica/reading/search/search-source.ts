import type { Hash } from '../../../../schemas/index.ts';
import type { AnyState } from '../../../fold/types.ts';
import type { SearchChange, SearchDocument, SearchSource } from '../../../search/index.ts';
import { stateOf, subjectOf } from '../../ledger/state.ts';
import { aliasKey } from '../../ledger/subjects/repeats.ts';
import { channelOfLog } from '../../views/conversation.ts';
import { operation, type Reading, textOf } from '../context.ts';
import { type Feed, feedRows } from '../feed/feed.ts';

/** Types of operation that change what can be found. */
const textual = /^(?:(?:message|comment|task|memory)\.(?:create|edit|update|forget)|redact|revised)$/;

/** What the search index reads: the feed, each step as the present text of what it changed. */
export function createSearchSource(reading: Reading, feed: Feed): SearchSource {
  return {
    epoch: feed.epoch,
    end: () => feed.end(),
    async read(from, limit) {
      const to = Math.min(feed.end(), from + limit);
      const changes: SearchChange[] = [];
      const seen = new Set<Hash>();
      for (const [, row] of await feedRows(reading, from, to)) {
        const id = 'revised' in row ? row.revised : changed(reading, row.hash);
        if (id === undefined || seen.has(id)) continue;
        seen.add(id);
        const document = documentOf(reading, id);
        changes.push(document ? { put: document } : { remove: id });
      }
      return { changes, next: to };
    },
  };
}

function changed(reading: Reading, hash: Hash): Hash | undefined {
  const header = operation(reading, hash)?.header;
  return header && textual.test(header.type) ? subjectOf(hash, header) : undefined;
}

/** The thing as it should be found now; undefined when it should not be: removed, forgotten, an alias. */
function documentOf(reading: Reading, id: Hash): SearchDocument | undefined {
  if (reading.database.get<Hash>(aliasKey(id)) !== undefined) return undefined;
  const state = stateOf(reading, reading.database, id);
  if (!state || state.redacted) return undefined;
  const base = { id, by: state.created.by, at: state.created.at };
  switch (state.kind) {
    case 'message':
      return { ...base, kind: 'message', text: text(reading, state, 'text'), ...inChannel(reading, id) };
    case 'comment':
      return { ...base, kind: 'comment', text: text(reading, state, 'text'), task: state.task };
    case 'task': {
      const parts = [
        textOf(reading, state.description[0]?.value, 'description'),
        textOf(reading, state.criteria[0]?.value, 'criteria'),
      ];
      return {
        ...base,
        kind: 'task',
        title: textOf(reading, state.title[0]?.value, 'title') ?? '',
        // Labels are text too: a task brought in is found by the id that it had there.
        text: [state.short, ...parts.filter((part) => part !== null), ...Object.keys(state.labels)].join(
          '\n',
        ),
        tags: Object.keys(state.labels),
      };
    }
    case 'memory': {
      const version = state.versions[0];
      if (state.forgotten || !version) return undefined;
      return {
        ...base,
        kind: 'memory',
        title: [state.key, textOf(reading, version.op, 'title')].filter((part) => part != null).join(' '),
        text: textOf(reading, version.op, 'text') ?? '',
        tags: [...version.tags],
      };
    }
    default:
      return undefined;
  }
}

const text = (
  reading: Reading,
  state: Extract<AnyState, { kind: 'message' | 'comment' }>,
  field: string,
): string => textOf(reading, state.text[0]?.value, field) ?? '';

function inChannel(reading: Reading, id: Hash): { channel?: string } {
  const log = operation(reading, id)?.header.log;
  const channel = log === undefined ? undefined : channelOfLog(log);
  return channel === undefined ? {} : { channel };
}
