import { useSignal } from '@preact/signals';
import { useApp } from '../app/context.ts';
import { attempt } from '../app/notices.ts';
import { useLive } from '../app/use-live.ts';
import { Text } from '../markdown/text.tsx';
import { When } from '../parts/when.tsx';

/** One channel: its messages, and a place to write one. */
export function ChannelPage({ path }: { readonly path: readonly string[] }) {
  const { door } = useApp();
  const name = path[0] ?? 'general';
  const draft = useSignal('');
  const { value } = useLive(
    async () => (await door.messages.list(name, { limit: 50 })).items,
    ['message.*'],
    [name],
  );
  async function post(): Promise<void> {
    const text = draft.value.trim();
    if (text !== '' && (await attempt(() => door.messages.post(name, { text })))) draft.value = '';
  }
  return (
    <section class="page" aria-label={`Channel ${name}`}>
      <h1># {name}</h1>
      <ol class="messages">
        {(value.value ?? []).map(({ id, author, text, at }) => (
          <li key={id}>
            <b>{author.handle}</b> <When at={at} />
            {text === null ? <em>redacted</em> : <Text text={text} />}
          </li>
        ))}
      </ol>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void post();
        }}
      >
        <textarea
          aria-label={`Message to ${name}`}
          value={draft.value}
          onInput={(event) => {
            draft.value = event.currentTarget.value;
          }}
        />
        <button type="submit" class="main">
          Send
        </button>
      </form>
    </section>
  );
}
