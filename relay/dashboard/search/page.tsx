import './search.css';
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { SearchAnswer, SearchResult } from '../../../schemas/index.ts';
import { useApp } from '../app/context.ts';
import { addKey } from '../app/keys.ts';
import { failed, said } from '../app/notices.ts';
import { go, href } from '../app/router.ts';
import { When } from '../parts/when.tsx';

const kinds = ['message', 'task', 'memory'] as const;
const modes = ['text', 'semantic', 'hybrid'] as const;
const sorts = ['relevance', 'time'] as const;

/** Where a result is. */
export function placeOfResult({ kind, id, place, task }: SearchResult): string {
  if (kind === 'message') return href(['m', id]);
  if (kind === 'memory') return href(['memory', place ?? id]);
  return href(['t', place ?? task ?? id]);
}

/** A snippet with its marks. */
export function Snippet({ snippet, marks }: Pick<SearchResult, 'snippet' | 'marks'>) {
  let from = 0;
  const parts = marks.map(([begin, end]) => {
    const before = snippet.slice(from, begin);
    from = end;
    return (
      <>
        {before}
        <mark>{snippet.slice(begin, end)}</mark>
      </>
    );
  });
  return (
    <>
      {parts}
      {snippet.slice(from)}
    </>
  );
}

const oneOf = <T extends string>(all: readonly T[], value: string | null): T | undefined =>
  all.find((one) => one === value);

/** Search in the one query language; everything that is asked stands in the address. */
export function SearchPage({ query }: { readonly query: URLSearchParams }) {
  const { door } = useApp();
  const box = useRef<HTMLInputElement>(null);
  const answer = useSignal<SearchAnswer | undefined>(undefined);
  const results = useSignal<readonly SearchResult[]>([]);
  const error = useSignal<Error | undefined>(undefined);
  const at = useSignal(-1);
  const q = query.get('q') ?? '';
  const kind = oneOf(kinds, query.get('kind'));
  const mode = oneOf(modes, query.get('mode'));
  const sort = oneOf(sorts, query.get('sort'));
  const explain = query.get('explain') === 'true';
  const asked = { q, kind, mode, sort, ...(explain ? { explain } : {}) };

  const with_ = (change: Record<string, string | undefined>): string =>
    href(['search'], { q, kind, mode, sort, explain: explain ? 'true' : undefined, ...change });

  useEffect(() => {
    box.current?.focus();
  }, []);
  useEffect(() => {
    let left = false;
    at.value = -1;
    if (q.trim() === '') {
      answer.value = undefined;
      results.value = [];
      return;
    }
    door.search({ ...asked, limit: 30 }).then(
      (found) => {
        if (left) return;
        answer.value = found;
        results.value = found.results;
        error.value = undefined;
      },
      (cause: unknown) => {
        if (!left) error.value = failed(cause);
      },
    );
    return () => {
      left = true;
    };
  }, [door, q, kind, mode, sort, explain]);
  useEffect(() => {
    const step = (by: number) => (): void => {
      at.value = Math.max(0, Math.min(results.value.length - 1, at.value + by));
      document.querySelectorAll('.results li')[at.value]?.scrollIntoView({ block: 'nearest' });
    };
    const added = [
      addKey({ key: 'j', what: 'Next result', run: step(1) }),
      addKey({ key: 'k', what: 'Result before', run: step(-1) }),
      addKey({
        key: 'Enter',
        what: 'Open the result',
        run() {
          const one = results.value[at.value];
          if (one) go(placeOfResult(one));
        },
      }),
    ];
    return () => {
      for (const end of added) end();
    };
  }, []);
  const found = answer.value;
  const more = async (): Promise<void> => {
    const next = await door.search({ ...asked, limit: 30, cursor: found?.next });
    answer.value = next;
    results.value = [...results.value, ...next.results];
  };
  /** Where in the query the parser stopped. */
  const column = /column (\d+)/.exec(error.value?.message ?? '')?.[1];

  return (
    <section class="page search" aria-label="Search">
      <h1>Search</h1>
      <search>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            go(with_({ q: box.current?.value ?? '' }));
          }}
        >
          <input
            ref={box}
            type="search"
            aria-label="Query"
            placeholder='words "a phrase" -not from:ann in:dev kind:task status:doing before:2026-01-01'
            defaultValue={q}
            key={q}
          />
          <button type="submit" class="main">
            Search
          </button>
        </form>
      </search>
      <p class="row filters">
        <label>
          Kind{' '}
          <select
            value={kind ?? ''}
            onChange={(event) => go(with_({ kind: event.currentTarget.value || undefined }))}
          >
            <option value="">everything</option>
            {kinds.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
        <label>
          By{' '}
          <select
            value={mode ?? ''}
            onChange={(event) => go(with_({ mode: event.currentTarget.value || undefined }))}
          >
            <option value="">words</option>
            <option value="hybrid">words and meaning</option>
            <option value="semantic">meaning</option>
          </select>
        </label>
        <label>
          Order{' '}
          <select
            value={sort ?? ''}
            onChange={(event) => go(with_({ sort: event.currentTarget.value || undefined }))}
          >
            <option value="">relevance</option>
            <option value="time">newest first</option>
          </select>
        </label>
        <label>
          <input
            type="checkbox"
            checked={explain}
            onChange={(event) => go(with_({ explain: event.currentTarget.checked ? 'true' : undefined }))}
          />{' '}
          Say why
        </label>
      </p>
      {error.value ? (
        <p class="trouble" role="alert">
          {said(error.value)}
          {column === undefined ? null : (
            <code class="column">
              {q}
              {'\n'}
              {' '.repeat(Math.max(0, Number(column) - 1))}^
            </code>
          )}
        </p>
      ) : null}
      {found && !error.value ? (
        <p role="status">
          {found.total}
          {found.atLeast ? ' or more' : ''} found by {found.modes.join(' and ')}
          {found.match === 'any' ? '; nothing has all words' : ''}
          {found.missing && found.missing.length > 0 ? `, and nothing has ${found.missing.join(', ')}` : ''}
          {found.behind > 0 ? `; ${found.behind} changes are not searched yet` : ''}.
          {found.fallback === undefined ? '' : ` By words alone: ${found.fallback}.`}
          {(found.notes ?? []).map((note) => ` ${note}`)}
        </p>
      ) : null}
      <ol class="results">
        {results.value.map((result, index) => (
          <li key={result.id} class={index === at.value ? 'focused' : undefined}>
            <a href={placeOfResult(result)}>
              {result.title ??
                (result.place === undefined ? result.kind : `${result.kind} in ${result.place}`)}
            </a>{' '}
            <span class="soft">
              {result.kind} · {result.by.handle} · <When at={result.at} />
            </span>
            <p>
              <Snippet {...result} />
            </p>
            {result.why ? <code class="why">{JSON.stringify(result.why)}</code> : null}
          </li>
        ))}
      </ol>
      {found?.next === undefined ? null : (
        <button type="button" onClick={() => void more()}>
          More
        </button>
      )}
    </section>
  );
}
