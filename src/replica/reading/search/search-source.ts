import type { Hash } from '../../../../schemas/index.ts';
import type { SearchChange, SearchDocument, SearchSource } from '../../../search/index.ts';
import { turn } from '../../../turn.ts';
import { stateOf, subjectOf } from '../../ledger/state.ts';
import { aliasKey } from '../../ledger/subjects/repeats.ts';
import { operation, type Reading, textOf } from '../context.ts';
import { type Feed, feedRows } from '../feed/feed.ts';
import { commentFacets, memoryFacets, messageFacets, taskFacets } from './facets.ts';
import { writtenAt } from './results.ts';
import { useOf } from './signals.ts';

/** Things that are read before others get a turn. */
const breath = 50;

/** Types of operation that change what can be found. */
const telling =
  /^(?:(?:message|comment|task|memory)\.(?:create|edit|update|move|forget|pin|unpin|react|unreact)|thread\.(?:resolve|reopen)|redact|revised)$/;

/** What the search index reads: the feed, each step as the present text of what it changed. */
export function createSearchSource(reading: Reading, feed: Feed): SearchSource {
  return {
    epoch: feed.epoch,
    end: () => feed.end(),
    document: (id) => documentOf(reading, id as Hash),
    async read(from, limit) {
      const to = Math.min(feed.end(), from + limit);
      const changes: SearchChange[] = [];
      const seen = new Set<Hash>();
      for (const [at, [, row]] of (await feedRows(reading, from, to)).entries()) {
        if (at % breath === breath - 1) await turn();
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
  return header && telling.test(header.type) ? subjectOf(hash, header) : undefined;
}

/** The thing as it should be found now; undefined when it should not be: removed, forgotten, an alias. */
export function documentOf(reading: Reading, id: Hash): SearchDocument | undefined {
  if (reading.database.get<Hash>(aliasKey(id)) !== undefined) return undefined;
  const state = stateOf(reading, reading.database, id);
  if (!state || state.redacted) return undefined;
  const use = useOf(state);
  const base = { id, at: state.created.at, ...(use > 0 ? { use } : {}) };
  switch (state.kind) {
    case 'message': {
      const text = textOf(reading, state.text[0]?.value, 'text') ?? '';
      return { ...base, kind: 'message', text, facets: messageFacets(reading, state, text) };
    }
    case 'comment': {
      const text = textOf(reading, state.text[0]?.value, 'text') ?? '';
      return { ...base, kind: 'comment', text, facets: commentFacets(state, text) };
    }
    case 'task': {
      const parts = [
        textOf(reading, state.description[0]?.value, 'description'),
        textOf(reading, state.criteria[0]?.value, 'criteria'),
      ];
      const labels = Object.keys(state.labels);
      // Labels are text too: a task brought in is found by the id that it had there.
      const text = [state.short, ...parts.filter((part) => part !== null), ...labels].join('\n');
      const title = textOf(reading, state.title[0]?.value, 'title') ?? '';
      return { ...base, kind: 'task', title, text, tags: labels, facets: taskFacets(state, text) };
    }
    case 'memory': {
      const version = state.versions[0];
      if (state.forgotten || !version) return undefined;
      const title = [state.key, textOf(reading, version.op, 'title')]
        .filter((part) => part != null)
        .join(' ');
      // Versions written apart are as true as the one that shows: they are found too.
      const texts = state.versions.filter(({ forgotten }) => forgotten === undefined);
      const text = texts.map(({ op }) => textOf(reading, op, 'text') ?? '').join('\n');
      const tags = [...version.tags];
      const facets = memoryFacets(state, tags, text);
      return { ...base, at: writtenAt(state), kind: 'memory', title, text, tags, facets };
    }
    default:
      return undefined;
  }
}
