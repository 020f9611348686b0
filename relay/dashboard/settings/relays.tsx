import { useApp } from '../app/context.ts';
import { attempt } from '../app/notices.ts';
import { useLive } from '../app/use-live.ts';
import { When } from '../parts/when.tsx';

/** Relays and nodes that the node dials, with how it goes. */
export function Relays() {
  const { door } = useApp();
  const { value, error, reload } = useLive(async () => (await door.remotes.list()).items, ['*']);
  return (
    <section>
      <h2>Relays</h2>
      <p class="soft">The node dials these, so that other machines hear of what happens here.</p>
      {error.value ? <p class="trouble">{error.value.message}</p> : null}
      <ul class="memories">
        {(value.value ?? []).map((one) => (
          <li key={one.url} class="row">
            <span>
              <b>{one.url}</b> {one.mode ?? ''} {one.state} since <When at={one.since} />
              {one.lag > 0 ? `, ${one.lag} not acknowledged yet` : ''}
              {one.trouble ? <span class="trouble"> {one.trouble.message}</span> : null}
              {one.alarms.map(({ kind, message, at }) => (
                <span key={`${kind} ${at}`} class="trouble">
                  {' '}
                  {kind}: {message}
                </span>
              ))}
            </span>
            {one.added === null ? null : (
              <button
                type="button"
                onClick={() => void attempt(() => door.remotes.remove(one.url)).then(reload)}
              >
                Dial it no more
              </button>
            )}
          </li>
        ))}
      </ul>
      <form
        class="row filters"
        onSubmit={(event) => {
          event.preventDefault();
          const form = event.currentTarget;
          const said = new FormData(form);
          const code = String(said.get('code') ?? '').trim();
          void attempt(() =>
            door.remotes.add({
              url: String(said.get('url')).trim(),
              ...(code === '' ? {} : { code }),
            }),
          ).then((added) => {
            if (added) form.reset();
            reload();
          });
        }}
      >
        <label>
          Address <input name="url" required placeholder="wss://…" />
        </label>
        <label>
          Code, if it wants one <input name="code" />
        </label>
        <button type="submit">Dial it</button>
      </form>
    </section>
  );
}
