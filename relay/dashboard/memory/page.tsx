import '../board/board.css';
import './memory.css';
import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { Memory, Remembered } from '../../../schemas/index.ts';
import { useApp } from '../app/context.ts';
import { attempt } from '../app/notices.ts';
import { go, href } from '../app/router.ts';
import { useLive } from '../app/use-live.ts';
import { Text } from '../markdown/text.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { When } from '../parts/when.tsx';

const seen = ['memory.*', 'redact', 'revised'];

/** Writes a memory, a new one or another version; tells what says nearly the same. */
function Write({ memory, onClose }: { readonly memory?: Memory | undefined; readonly onClose: () => void }) {
  const { door } = useApp();
  const form = useRef<HTMLFormElement>(null);
  const similar = useSignal<Remembered['similar']>(undefined);
  async function save(): Promise<void> {
    const said = new FormData(form.current ?? undefined);
    const text = (name: string): string => String(said.get(name) ?? '').trim();
    const tags = text('tags') === '' ? [] : text('tags').split(/[\s,]+/);
    const input = { text: text('text'), tags, ...(text('title') === '' ? {} : { title: text('title') }) };
    const kept = await attempt(() =>
      memory
        ? door.memory.update(memory.id, { ...input, base: [...memory.base] })
        : door.memory.remember({ ...input, ...(text('key') === '' ? {} : { key: text('key') }) }),
    );
    if (!kept) return;
    if ((kept.similar ?? []).length > 0) similar.value = kept.similar;
    else onClose();
  }
  return (
    <Dialog label={memory ? 'Write another version' : 'Remember'} onClose={onClose}>
      {similar.value ? (
        <>
          <p>It is kept. Something nearly the same was known already:</p>
          <ul>
            {similar.value.map((one) => (
              <li key={one.id}>
                <a href={href(['memory', one.key ?? one.id])}>
                  {one.title ?? one.key ?? one.text.slice(0, 80)}
                </a>
              </li>
            ))}
          </ul>
        </>
      ) : (
        <form
          ref={form}
          class="fields"
          onSubmit={(event) => {
            event.preventDefault();
            void save();
          }}
        >
          {memory ? null : (
            <label>
              Key (a name to find it by) <input name="key" class="wide" />
            </label>
          )}
          <label>
            Title <input name="title" class="wide" defaultValue={memory?.title ?? ''} />
          </label>
          <label>
            Text <textarea name="text" class="wide" rows={8} required defaultValue={memory?.text ?? ''} />
          </label>
          <label>
            Tags <input name="tags" defaultValue={memory?.tags.join(' ') ?? ''} />
          </label>
          <button type="submit" class="main">
            Keep it
          </button>
        </form>
      )}
    </Dialog>
  );
}

/** Versions that were written apart, side by side: one of them is taken, or another is written. */
function Siblings({ memory, onDone }: { readonly memory: Memory; readonly onDone: () => void }) {
  const { door } = useApp();
  if (!memory.siblings || memory.siblings.length === 0) return null;
  const all = [memory, ...memory.siblings];
  return (
    <section class="conflict" aria-label="Written apart">
      <h2>Written apart</h2>
      <p>Neither saw what the other wrote. Take one, or write another version that says both.</p>
      <div class="columns">
        {all.map(({ version, by, at, text, tags }) => (
          <div key={version} class="column">
            <p>
              <b>{by.handle}</b> <When at={at} />
            </p>
            <Text text={text ?? '(removed)'} />
            <button
              type="button"
              onClick={() =>
                void attempt(() =>
                  door.memory.update(memory.id, {
                    text: text ?? '',
                    tags: [...tags],
                    base: [...memory.base],
                  }),
                ).then(onDone)
              }
            >
              Take this
            </button>
          </div>
        ))}
      </div>
    </section>
  );
}

function One({ name }: { readonly name: string }) {
  const { door } = useApp();
  const writing = useSignal(false);
  const { value, error, reload } = useLive(() => door.memory.get(name), seen, [name]);
  const memory = value.value;
  if (!memory) return <p class="page">{error.value?.message ?? 'Loading …'}</p>;
  const links = (title: string, ids: readonly string[]) =>
    ids.length === 0 ? null : (
      <p>
        {title}:{' '}
        {ids.map((id) => (
          <a key={id} href={href(['memory', id])}>
            {id.slice(0, 8)}{' '}
          </a>
        ))}
      </p>
    );
  return (
    <article class="page task" aria-label={`Memory ${memory.key ?? memory.id}`}>
      <p class="soft">
        <a href={href(['memory'])}>Memory</a> › {memory.key ?? memory.id.slice(0, 8)} · {memory.author.handle}{' '}
        <When at={memory.created} />, this version by {memory.by.handle} <When at={memory.at} />
      </p>
      <h1>{memory.title ?? memory.key ?? 'Without a title'}</h1>
      {memory.forgotten ? <p class="trouble">Forgotten: recall does not find it.</p> : null}
      <Siblings memory={memory} onDone={reload} />
      <Text text={memory.text ?? '(the text was removed)'} />
      <p>
        {memory.tags.map((tag) => (
          <span key={tag} class="badge">
            {tag}
          </span>
        ))}
      </p>
      {links('Replaces', memory.supersedes)}
      {links('Replaced by', memory.supersededBy)}
      {memory.sources.length > 0 ? <Text text={`Sources: ${memory.sources.join(' ')}`} /> : null}
      <p class="row filters">
        <button
          type="button"
          onClick={() => {
            writing.value = true;
          }}
        >
          Write another version
        </button>
        {memory.forgotten ? null : (
          <button
            type="button"
            onClick={() => void attempt(() => door.memory.forget(memory.id)).then(reload)}
          >
            Forget
          </button>
        )}
      </p>
      {writing.value ? (
        <Write
          memory={memory}
          onClose={() => {
            writing.value = false;
            reload();
          }}
        />
      ) : null}
    </article>
  );
}

function All({ tag }: { readonly tag: string | undefined }) {
  const { door } = useApp();
  const writing = useSignal(false);
  const { value, error, reload } = useLive(
    async () => (await door.memory.list({ limit: 500, ...(tag === undefined ? {} : { tag }) })).items,
    seen,
    [tag],
  );
  return (
    <section class="page" aria-label="Memory">
      <header class="row filters">
        <h1>Memory{tag === undefined ? '' : ` · ${tag}`}</h1>
        <a href={href(['search'], { kind: 'memory' })}>Search it</a>
        <button
          type="button"
          class="main"
          onClick={() => {
            writing.value = true;
          }}
        >
          Remember
        </button>
      </header>
      {error.value ? <p class="trouble">{error.value.message}</p> : null}
      <ul class="memories">
        {(value.value ?? []).map((memory) => (
          <li key={memory.id}>
            <a class="card" href={href(['memory', memory.key ?? memory.id])}>
              <span class="card-head">
                <b>{memory.title ?? memory.key ?? memory.id.slice(0, 8)}</b>
                <span class="soft">
                  {memory.by.handle} <When at={memory.at} />
                </span>
                {memory.siblings ? <span class="badge bad">written apart</span> : null}
                {memory.supersededBy.length > 0 ? <span class="badge">replaced</span> : null}
              </span>
              <span class="card-title">{(memory.text ?? '').slice(0, 200)}</span>
            </a>
            <span class="card-foot">
              {memory.tags.map((one) => (
                <button
                  type="button"
                  key={one}
                  class="badge"
                  onClick={() => go(href(['memory'], { tag: one }))}
                >
                  {one}
                </button>
              ))}
            </span>
          </li>
        ))}
      </ul>
      {writing.value ? (
        <Write
          onClose={() => {
            writing.value = false;
            reload();
          }}
        />
      ) : null}
    </section>
  );
}

/** What the team knows. */
export function MemoryPage({
  path,
  query,
}: {
  readonly path: readonly string[];
  readonly query: URLSearchParams;
}) {
  const [name] = path;
  return name === undefined ? <All tag={query.get('tag') ?? undefined} /> : <One name={name} />;
}
