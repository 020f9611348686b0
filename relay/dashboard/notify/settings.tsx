import { useSignal } from '@preact/signals';
import { useApp } from '../app/context.ts';
import { useLive } from '../app/use-live.ts';
import { When } from '../parts/when.tsx';
import { choices, choose, chooseLevel, levelOf, levels } from './choices.ts';

const words = { all: 'every message', needed: 'what needs me', none: 'nothing' } as const;
const hour = 3_600_000;

/** When this browser calls, and of what. */
export function Notifications() {
  const { door } = useApp();
  const refused = useSignal(false);
  const { value } = useLive(async () => (await door.channels.list({ limit: 200 })).items, ['channel.*']);
  const { on, quietUntil } = choices.value;
  const isQuiet = quietUntil > Date.now();
  async function turn(): Promise<void> {
    if (on) return choose({ on: false });
    const answer = typeof Notification === 'function' ? await Notification.requestPermission() : 'denied';
    refused.value = answer !== 'granted';
    choose({ on: answer === 'granted' });
  }
  return (
    <section>
      <h2>Notifications</h2>
      <p class="row filters">
        <label>
          <input type="checkbox" checked={on} onChange={() => void turn()} /> Call me in this browser while no
          tab is looked at
        </label>
      </p>
      {refused.value ? (
        <p class="trouble" role="alert">
          The browser does not let this page call. Its settings for this address can allow it.
        </p>
      ) : null}
      <p class="row filters">
        {isQuiet ? (
          <>
            <span>
              Not to be disturbed until <When at={new Date(quietUntil).toISOString()} />
            </span>
            <button type="button" onClick={() => choose({ quietUntil: 0 })}>
              Disturb me again
            </button>
          </>
        ) : (
          [1, 8].map((hours) => (
            <button
              type="button"
              key={hours}
              onClick={() => choose({ quietUntil: Date.now() + hours * hour })}
            >
              Do not disturb for {hours} h
            </button>
          ))
        )}
      </p>
      <details>
        <summary>By channel</summary>
        <ul class="memories">
          {(value.value ?? []).map(({ id, name }) => (
            <li key={id} class="row">
              <span>#{name}</span>
              <select
                aria-label={`Of ${name} tell me`}
                value={levelOf(id)}
                onChange={(event) => {
                  const chosen = levels.find((one) => one === event.currentTarget.value);
                  if (chosen) chooseLevel(id, chosen);
                }}
              >
                {levels.map((one) => (
                  <option key={one} value={one}>
                    {words[one]}
                  </option>
                ))}
              </select>
            </li>
          ))}
        </ul>
      </details>
    </section>
  );
}
